"""Make the verify page: one HTML file with every module of the verifier in it.

    python tools/js/make_page.py [FILE]     default build/verify.html

The page works offline, saved to disk. Its policy lets no script and no style run but its own, by
their hashes, and nothing be fetched.
"""

import base64
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from confedproto.bundle import render

FOLDER: Final = Path(__file__).resolve().parent
MODULES: Final = FOLDER / "confed"
PAGE: Final = FOLDER.parent.parent / "build" / "verify.html"
FIRST: Final = "page.js"
_IMPORT: Final = re.compile(r'^import (.+?) from "\./([a-z0-9]+\.js)";\n', re.MULTILINE | re.DOTALL)
_EXPORT: Final = re.compile(
    r"^export ((?:async )?function|class|const|let) ([A-Za-z_$][\w$]*)", re.MULTILINE
)


def _variable(module: str) -> str:
    return "$" + module.removesuffix(".js")


def _imported(what: str, module: str) -> str:
    if what.startswith("* as "):
        return f"const {what.removeprefix('* as ')} = {_variable(module)};\n"
    return f"const {what.replace(' as ', ': ')} = {_variable(module)};\n"


def inlined(first: str = FIRST) -> str:
    """One script: each module as a function's result, after those that it imports."""
    done: dict[str, str] = {}

    def visit(name: str, above: Sequence[str]) -> None:
        if name in above:
            raise ValueError(f"modules in a circle: {[*above, name]}")
        if name in done:
            return
        source = (MODULES / name).read_text("utf-8")
        for _, other in _IMPORT.findall(source):
            visit(other, [*above, name])
        names = [found[1] for found in _EXPORT.findall(source)]
        body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(lambda m: _imported(m[1], m[2]), source))
        if re.search(r"^(import|export)\b", body, re.MULTILINE):
            raise ValueError(f"{name} has an import or export of another form")
        out = f"return {{ {', '.join(names)} }};"
        done[name] = f"const {_variable(name)} = (() => {{\n{body}\n{out}\n}})();\n"

    visit(first, [])
    words = json.dumps({reason.value: text for reason, text in render.WORDS.items()})
    return f"globalThis.confedWords = {words};\n{''.join(done.values())}$page.start();\n"


def page() -> str:
    """The whole file."""
    script, style = inlined(), (FOLDER / "verify_page.css").read_text("utf-8")
    if "</script" in script or "</style" in style:
        raise ValueError("a script or style that would end early")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    out = (FOLDER / "verify_page.html").read_text("utf-8")
    for name, text in (("CSP", policy), ("STYLE", style), ("SCRIPT", script)):
        out = out.replace(f"@{name}@", text)
    return out


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def main(arguments: Sequence[str]) -> int:
    """The command line; see the top of this file."""
    made = page()
    path = Path(arguments[0]) if arguments else PAGE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made, "utf-8")
    print(f"{path}: {len(made.encode()):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
