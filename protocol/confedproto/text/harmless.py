"""Text for terminals and pipes that no terminal acts upon (specs/01, ENC-13).

Names and words of records come from strangers; a control or bidi character in them is shown
as U+XXXX, never passed on.
"""

import json
from collections.abc import Mapping
from typing import Any

from confedproto.clean import text_is_clean


def _is_harmless(character: str) -> bool:
    return character.isprintable() and text_is_clean(character)


def shown(value: object) -> str:
    """A value as one harmless line: control and bidi characters become U+XXXX."""
    return "".join(c if _is_harmless(c) else f"U+{ord(c):04X}" for c in str(value))


def as_json(fields: Mapping[str, Any]) -> str:
    """One JSON object on one line, with nothing in it that a terminal would act on."""
    line = json.dumps(fields, ensure_ascii=False)
    if line.isprintable() and text_is_clean(line):
        return line
    # What is not harmless stands inside a string, where its escape means the same.
    return "".join(c if _is_harmless(c) else json.dumps(c)[1:-1] for c in line)
