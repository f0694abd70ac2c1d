"""confedproto is pure: no clock, no randomness, no files, no sockets, no foreign library.

Read from the source, so that an import inside a function or a branch counts too.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "protocol" / "confedproto"

PROGRAMS = ("testee.py", "verify.py")
"""Run as `python -m`; these alone may read stdin, argv, files and the clock."""

STANDARD = {
    "__future__",
    "abc",
    "array",
    "base64",
    "binascii",
    "bisect",
    "collections",
    "contextlib",
    "dataclasses",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "heapq",
    "hmac",
    "ipaddress",
    "itertools",
    "json",
    "math",
    "operator",
    "re",
    "string",
    "struct",
    "textwrap",
    "types",
    "typing",
    "unicodedata",
    "zlib",
}
ONLY_IN = {"msgpack": {"codec.py"}, "nacl": {"keys.py"}, "random": {"testing.py"}}
"""`random` for the simulator alone, and there only generators of a given seed."""
FOREIGN = {"cryptography", "msgpack", "msgspec", "nacl"}
BUILTINS = {"__import__", "breakpoint", "compile", "eval", "exec", "input", "open", "print"}


def modules() -> list[Path]:
    return sorted(LIBRARY.rglob("*.py"))


def pure_modules() -> list[Path]:
    return [path for path in modules() if path.name not in PROGRAMS]


def name_of(path: Path) -> str:
    return path.relative_to(LIBRARY).as_posix()


def imports(tree: ast.AST) -> Iterator[str]:
    """The dotted names that `tree` imports; `from a import b` gives both a and a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "confedproto" if node.level else ""
            base = ".".join(part for part in (base, node.module) if part)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def impurities(tree: ast.AST, module: str) -> list[str]:
    """What in `tree` a pure module called `module` must not have; empty when it is pure."""
    found: list[str] = []
    for name in {imported.partition(".")[0] for imported in imports(tree)}:
        if name not in STANDARD | FOREIGN | set(ONLY_IN) | {"confedproto"}:
            found.append(f"imports {name}")
        elif module not in ONLY_IN.get(name, {module}):
            found.append(f"imports {name}, which is for {', '.join(ONLY_IN[name])}")
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="random"), attr=attr) if attr != "Random":
                found.append(f"uses random.{attr}")
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="random"), attr="Random"), args=[], keywords=[]
            ):
                found.append("uses a generator without a seed")
            case ast.Attribute(value=ast.Name(id="zlib"), attr=attr) if attr != "crc32":
                found.append(f"uses zlib.{attr}")
            case ast.Attribute(value=ast.Name(id="math"), attr=attr) if attr != "isqrt":
                found.append(f"uses math.{attr}")  # exact on integers; the rest is of floats
            case ast.ImportFrom(module="math", names=names):
                found += [f"uses math.{n.name}" for n in names if n.name != "isqrt"]
            case ast.ImportFrom(module="random" | "zlib" as name):
                found.append(f"imports from {name}")
            case _:
                pass
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    found += [f"uses {name}" for name in (used & BUILTINS) - own]
    return sorted(found)


def inexact(tree: ast.AST) -> list[str]:
    """Where `tree` could compute with floats."""
    found: list[str] = []
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float()):
                found.append(f"line {node.lineno}: a float")
            case ast.Name(id="float"):
                found.append(f"line {node.lineno}: float")
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                found.append(f"line {node.lineno}: / instead of // or Fraction")
            case _:
                pass
    return found


def test_library_has_modules() -> None:
    assert {"codec.py", "errors.py", "ids.py", "limits.py"} <= {name_of(path) for path in modules()}


@pytest.mark.parametrize("path", pure_modules(), ids=name_of)
def test_module_of_confedproto_is_pure(path: Path) -> None:
    assert impurities(ast.parse(path.read_text("utf-8")), name_of(path)) == []


@pytest.mark.parametrize(
    "path",
    [path for path in pure_modules() if name_of(path).startswith("rules/")],
    ids=name_of,
)
def test_module_of_rules_has_no_float(path: Path) -> None:
    assert inexact(ast.parse(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_is_imported_by_nothing(program: str) -> None:
    dotted = f"confedproto.{program.removesuffix('.py')}"
    sources = [*modules(), *(ROOT / "confednode").rglob("*.py")]
    importers = [
        path.relative_to(ROOT).as_posix()
        for path in sources
        if dotted in set(imports(ast.parse(path.read_text("utf-8"))))
    ]
    assert importers == []


@pytest.mark.parametrize(
    ("source", "module", "expected"),
    [
        ("import time", "log.py", ["imports time"]),
        ("def f():\n    from os import urandom", "log.py", ["imports os"]),
        ("import msgpack", "record.py", ["imports msgpack, which is for codec.py"]),
        ("import msgpack", "codec.py", []),
        ("from nacl.bindings import x", "record.py", ["imports nacl, which is for keys.py"]),
        ("from nacl.bindings import x", "keys.py", []),
        ("import trio", "engine.py", ["imports trio"]),
        ("import random", "gossip.py", ["imports random, which is for testing.py"]),
        ("import random\nr = random.Random(1)", "testing.py", []),
        ("import random\nr = random.random()", "testing.py", ["uses random.random"]),
        ("import random\nrandom.Random()", "testing.py", ["uses a generator without a seed"]),
        ("import zlib\nzlib.crc32(b'')", "log.py", []),
        ("import zlib\nzlib.decompress(b'')", "log.py", ["uses zlib.decompress"]),
        ("from math import isqrt", "rules/rounds.py", []),
        ("from math import isqrt, sqrt", "rules/rounds.py", ["uses math.sqrt"]),
        ("import math\nmath.floor(1.5)", "log.py", ["uses math.floor"]),
        ("import msgspec\nfrom confedproto.ids import LogId", "log.py", []),
        ("from . import ids", "log.py", []),
        ("print(open('x'))", "log.py", ["uses open", "uses print"]),
        ("def open(x): ...\nopen(1)", "record.py", []),
    ],
)
def test_impurities_finds_what_is_planted(source: str, module: str, expected: list[str]) -> None:
    assert impurities(ast.parse(source), module) == expected


@pytest.mark.parametrize("source", ["x = 0.5", "x = a / b", "x /= b", "x = float(a)"])
def test_inexact_finds_what_is_planted(source: str) -> None:
    assert inexact(ast.parse(source)) != []
    assert inexact(ast.parse("x = a // b")) == []
