"""The pages that verify files and sign acts, each one HTML file with all that it needs in it.

verify.html checks files, pasted text and QR codes; act.html signs acts by link with a key that
lies in the browser. They work offline, saved to disk. Their policy lets no script and no style
run but their own, by their hashes, and nothing be fetched. One version makes the same bytes
everywhere, so two people can compare what they were given by its hash.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from confedproto.bundle.wording import WORDS

PAGES: Final[Mapping[str, tuple[str, str]]] = {
    "verify.html": ("page.js", "verify_page.html"),
    "act.html": ("actpage.js", "act_page.html"),
}
"""Name of a page -> the module that starts it, and its frame."""
_INSTALLED: Final = Path(__file__).resolve().parent / "js"
_CHECKOUT: Final = Path(__file__).resolve().parent.parent / "tools" / "js"
_IMPORT: Final = re.compile(r'^import (.+?) from "\./([a-z0-9]+\.js)";\n', re.MULTILINE | re.DOTALL)
_EXPORT: Final = re.compile(
    r"^export ((?:async )?function|class|const|let) ([A-Za-z_$][\w$]*)", re.MULTILINE
)


def _folder() -> Path:
    """Where the modules and frames lie: a wheel brings them along, a checkout has them."""
    return _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT


def _variable(module: str) -> str:
    return "$" + module.removesuffix(".js")


def _imported(what: str, module: str) -> str:
    if what.startswith("* as "):
        return f"const {what.removeprefix('* as ')} = {_variable(module)};\n"
    return f"const {what.replace(' as ', ': ')} = {_variable(module)};\n"


def inlined(first: str) -> str:
    """One script: each module as a function's result, after those that it imports."""
    done: dict[str, str] = {}

    def visit(name: str, above: Sequence[str]) -> None:
        if name in above:
            raise ValueError(f"modules in a circle: {[*above, name]}")
        if name in done:
            return
        source = (_folder() / "confed" / name).read_text("utf-8")
        for _, other in _IMPORT.findall(source):
            visit(other, [*above, name])
        names = [found[1] for found in _EXPORT.findall(source)]
        body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(lambda m: _imported(m[1], m[2]), source))
        if re.search(r"^(import|export)\b", body, re.MULTILINE):
            raise ValueError(f"{name} has an import or export of another form")
        out = f"return {{ {', '.join(names)} }};"
        done[name] = f"const {_variable(name)} = (() => {{\n{body}\n{out}\n}})();\n"

    visit(first, [])
    words = json.dumps({reason.value: text for reason, text in WORDS.items()})
    return (
        f"globalThis.confedWords = {words};\n{''.join(done.values())}{_variable(first)}.start();\n"
    )


def page(name: str) -> str:
    """The whole file with this name of PAGES."""
    first, frame = PAGES[name]
    script, style = inlined(first), (_folder() / "page.css").read_text("utf-8")
    if "</script" in script or "</style" in style:
        raise ValueError("a script or style that would end early")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{script_hash(script)}'",
            f"style-src '{script_hash(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    out = (_folder() / frame).read_text("utf-8")
    for part, text in (("CSP", policy), ("STYLE", style), ("SCRIPT", script)):
        out = out.replace(f"@{part}@", text)
    return out


def script_hash(text: str) -> str:
    """How a policy names a script or style: its hash."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
