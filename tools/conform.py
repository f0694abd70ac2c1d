"""Drive an implementation through the test vectors of the specification.

    python tools/conform.py --cmd "python -m confedproto.testee"
    python tools/conform.py --cmd "node tools/js/testee.js" --xfail known.toml --junit out.xml

The program reads one JSON object a line and answers with one, in order; what it may be
asked stands in specs/vectors/README.md. Every vector is asked. A vector whose operation the
program does not name in `ops` fails, unless the xfail file names the operation or the vector
with a reason; a vector in that file that passes fails the run. Standard library only.

Exit 0 if nothing failed, 1 if something did, 2 if the run was not possible.
"""

import argparse
import contextlib
import json
import shlex
import subprocess
import sys
import threading
import tomllib
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Any, Final, Self

FORMAT: Final = "confed-vectors-1"
VECTORS: Final = Path(__file__).resolve().parent.parent / "specs" / "vectors"
ANSWER_MAX_S: Final = 30.0
"""Seconds to wait for one answer; a program that takes longer hangs."""
SHOWN: Final = 200
"""Characters of a wrong answer that are printed."""


class CannotRunError(Exception):
    """There is nothing to run, or nothing to run it with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One vector's end: `verdict` is passed, failed, xfailed or unsupported."""

    vector: Mapping[str, Any]
    verdict: str
    detail: str = ""


def load(folder: Path) -> list[dict[str, Any]]:
    """All vectors of the folder's files, in the order of their names."""
    vectors: list[dict[str, Any]] = []
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        if isinstance(content, dict) and content.get("format") == FORMAT:
            vectors += content["vectors"]
    if not vectors:
        raise CannotRunError(f"no vectors in {folder}")
    names = Counter(vector["id"] for vector in vectors)
    twice = [name for name, times in names.items() if times > 1]
    if twice:
        raise CannotRunError(f"vectors with one id: {', '.join(twice)}")
    return vectors


def load_xfail(path: Path | None) -> dict[str, str]:
    """Vector id or operation -> reason, from the tables [ops] and [vectors] of a TOML file."""
    if path is None:
        return {}
    content = tomllib.loads(path.read_text("utf-8"))
    reasons: dict[str, Any] = {**content.get("ops", {}), **content.get("vectors", {})}
    for name, reason in reasons.items():
        if not isinstance(reason, str) or not reason.strip():
            raise CannotRunError(f"{path}: {name} has no reason")
    return reasons


class Testee:
    """The program under test, spoken to line by line."""

    def __init__(self, command: str) -> None:
        try:
            self._process = subprocess.Popen(
                shlex.split(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            )
        except (OSError, ValueError) as error:
            raise CannotRunError(f"cannot start {command!r}: {error}") from error
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), daemon=True
        )
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._reader.join()  # it reads to the end, which the kill has made
        with contextlib.suppress(OSError):  # what it did not read is lost with it
            self._process.__exit__(None, None, None)

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            self._lines.put(line)
        self._lines.put("")  # the end

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any] | str:
        """The answer, or in words why there is none."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError:
            return "the program ended"
        try:
            line = self._lines.get(timeout=ANSWER_MAX_S)
        except Empty:
            self._process.kill()
            return f"no answer within {ANSWER_MAX_S:g} s"
        if not line:
            self._lines.put("")  # for whoever asks next
            return "the program ended"
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            return f"not JSON: {line[:SHOWN]!r}"
        return answer if isinstance(answer, dict) else f"not an object: {line[:SHOWN]!r}"

    def close(self) -> str:
        """End the input; in words what was wrong with the program's end, or nothing."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it ended before; its exit code says how
            self._process.stdin.close()
        try:
            code = self._process.wait(timeout=ANSWER_MAX_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return "it did not end with its input"
        return "" if code == 0 else f"it ended with exit code {code}"


def judge(vector: Mapping[str, Any], answer: dict[str, Any] | str) -> str:
    """In words how `answer` differs from what the vector expects, or nothing."""
    if isinstance(answer, str):
        return answer
    if answer.get("id") != vector["id"]:
        return f"answers another request: {answer.get('id')!r}"
    if type(answer.get("ok")) is not bool:
        return f"ok is {answer.get('ok')!r}"
    for name, expected in vector["expect"].items():
        if not _same(answer.get(name), expected):
            got, wanted = (json.dumps(v)[:SHOWN] for v in (answer.get(name), expected))
            why = f" (why: {answer['why']})" if name == "ok" and "why" in answer else ""
            return f"{name} is {got}{why}, not {wanted}"
    return ""


def _same(one: object, other: object) -> bool:
    """Equal JSON values; true is not 1, and an object may not have fields besides."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def run(
    testee: Testee, vectors: Sequence[dict[str, Any]], xfail: Mapping[str, str]
) -> list[Result]:
    """Ask every vector and judge each answer; protocol faults are results too."""
    hello = testee.ask({"op": "hello"})
    if isinstance(hello, str) or hello.get("ok") is not True or "ops" not in hello:
        raise CannotRunError(f"no hello: {hello}")
    ops = hello["ops"]
    print(f"{hello.get('name')} {hello.get('version')}: {', '.join(ops)}", file=sys.stderr)
    results = [_one(testee, vector, ops, xfail) for vector in vectors]
    return [*results, *_manners(testee)]


def _one(
    testee: Testee, vector: dict[str, Any], ops: Sequence[str], xfail: Mapping[str, str]
) -> Result:
    name, op = vector["id"], vector["op"]
    reason = xfail.get(name) or xfail.get(op)
    if op not in ops:
        if reason:
            return Result(vector=vector, verdict="xfailed", detail=reason)
        return Result(vector=vector, verdict="unsupported", detail=f"{op} is not in its ops")
    fault = judge(vector, testee.ask({"id": name, "op": op, **vector["in"]}))
    if reason is None:
        return Result(vector=vector, verdict="failed" if fault else "passed", detail=fault)
    if fault:
        return Result(vector=vector, verdict="xfailed", detail=f"{reason}: {fault}")
    return Result(vector=vector, verdict="failed", detail=f"passes, but is in the xfail: {reason}")


_MANNERS: Final = (
    ("manners-unknown-op", {"id": "m1", "op": "no-such-op"}, "m1", "unsupported-op"),
    ("manners-missing-field", {"id": "m2", "op": "decode"}, "m2", "bad-request"),
    ("manners-missing-op", {"id": "m3"}, "m3", "bad-request"),
    ("manners-not-hex", {"id": "m4", "op": "decode", "in": "0G"}, "m4", "bad-request"),
    ("manners-upper-hex", {"id": "m5", "op": "decode", "in": "C3"}, "m5", "bad-request"),
)


def _manners(testee: Testee) -> list[Result]:
    """What the line protocol itself asks, beside the vectors."""
    results: list[Result] = []
    for name, request, echoed, why in _MANNERS:
        vector = {"id": name, "op": "protocol", "rule": "-", "expect": {"ok": False, "why": why}}
        fault = judge({**vector, "id": echoed}, testee.ask(request))
        verdict = "failed" if fault else "passed"
        results.append(Result(vector=vector, verdict=verdict, detail=fault))
    return results


def report(results: Sequence[Result]) -> None:
    """Each failure on a line, then the summary."""
    for result in results:
        if result.verdict in ("failed", "unsupported"):
            name, rule = result.vector["id"], result.vector["rule"]
            print(f"{result.verdict.upper()} {name} ({rule}): {result.detail}")
    counts = Counter(result.verdict for result in results)
    words = ("passed", "failed", "xfailed", "unsupported")
    print(", ".join(f"{counts[word]} {word}" for word in words))


def write_junit(path: Path, results: Sequence[Result]) -> None:
    """The results as a JUnit file."""
    counts = Counter(result.verdict for result in results)
    suite = ET.Element(
        "testsuite",
        name="conform",
        tests=str(len(results)),
        failures=str(counts["failed"] + counts["unsupported"]),
        skipped=str(counts["xfailed"]),
    )
    for result in results:
        vector = result.vector
        case = ET.SubElement(suite, "testcase", classname=vector["op"], name=vector["id"])
        if result.verdict in ("failed", "unsupported"):
            ET.SubElement(case, "failure", message=_printable(result.detail))
        elif result.verdict == "xfailed":
            ET.SubElement(case, "skipped", message=_printable(result.detail))
    ET.ElementTree(suite).write(path, "utf-8", xml_declaration=True)


def _printable(text: str) -> str:
    """`text` without what XML cannot hold."""
    return (
        text.encode("ascii", "backslashreplace").decode().translate(dict.fromkeys(range(32), "?"))
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Drive an implementation through the vectors.")
    parser.add_argument("--cmd", required=True, help="the program, as a shell would split it")
    parser.add_argument("--vectors", type=Path, default=VECTORS, metavar="DIR")
    parser.add_argument("--xfail", type=Path, metavar="FILE", help="TOML: [ops] and [vectors]")
    parser.add_argument("--junit", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        vectors, xfail = load(options.vectors), load_xfail(options.xfail)
        with Testee(options.cmd) as testee:
            results = run(testee, vectors, xfail)
            fault = testee.close()
    except (CannotRunError, OSError, ValueError, KeyError) as error:
        print(f"conform: {error}", file=sys.stderr)
        return 2
    end = {"id": "manners-end", "op": "protocol", "rule": "-"}
    results.append(Result(vector=end, verdict="failed" if fault else "passed", detail=fault))
    unused = set(xfail) - {v["id"] for v in vectors} - {v["op"] for v in vectors}
    for name in sorted(unused):
        stale = {"id": name, "op": "protocol", "rule": "-"}
        why = "in the xfail file, but no vector or operation is called so"
        results.append(Result(vector=stale, verdict="failed", detail=why))
    report(results)
    if options.junit is not None:
        write_junit(options.junit, results)
    return 1 if any(r.verdict in ("failed", "unsupported") for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
