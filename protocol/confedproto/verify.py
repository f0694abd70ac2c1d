"""What `.confed` files prove, with this library alone: no node, no network, nothing to trust.

    python -m confedproto.verify FILE|-... [--trust COUNCIL]... [--at TIME] [--json]

The arguments, the output and the exit codes are those of `confed verify`: 0 for VALID alone,
3 for any other verdict or unreadable bytes, 2 for a wrong call or no such file.
"""

import argparse
import io
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

from confedproto import text
from confedproto.bundle import render
from confedproto.bundle.render import EXIT_USAGE
from confedproto.errors import DecodeError
from confedproto.ids import CouncilId
from confedproto.limits import BUNDLE_MAX_BYTES, TIME_MAX_S
from confedproto.text.harmless import as_json, shown

_MISSING: Final = ("file-missing", "Check the path.")
_UNREADABLE: Final = ("file-unreadable", "Check the file's owner and mode.")


class _Parser(argparse.ArgumentParser):
    """A wrong call in the form that was asked for."""

    json_mode = False

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the call and end with 2."""
        _fail("usage", message, "See --help.", json_mode=self.json_mode)


def _fail(reason: str, message: str, hint: str, *, json_mode: bool) -> NoReturn:
    told: Mapping[str, object] = {"ok": False, "reason": reason, "message": message, "hint": hint}
    if json_mode:
        print(as_json(told))
    else:
        print(shown(f"confed: {message} ({reason})"), file=sys.stderr)
        print(shown(f"  {hint}"), file=sys.stderr)
    sys.exit(EXIT_USAGE)


def _council(given: str) -> CouncilId:
    try:
        return text.decode_council(given)
    except DecodeError as error:
        raise argparse.ArgumentTypeError(
            f"{shown(given[:80])} is no council ({error.reason})"
        ) from None


def _time(given: str) -> int:
    if given.isascii() and given.isdigit() and len(given) <= 16 and int(given) <= TIME_MAX_S:
        return int(given)
    raise argparse.ArgumentTypeError(f"{shown(given[:80])} is no time in whole seconds UTC")


def _read(name: str, *, json_mode: bool) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(BUNDLE_MAX_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(BUNDLE_MAX_BYTES + 1)
    except FileNotFoundError:
        (reason, hint), message = _MISSING, f"{name} is not there"
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        problem = error.strerror if isinstance(error, OSError) else "unusable path"
        (reason, hint), message = _UNREADABLE, f"{name}: {problem}"
    _fail(reason, message, hint, json_mode=json_mode)


def main(arguments: Sequence[str] | None = None) -> int:
    """The program; see the top of this file."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # JSON is UTF-8, whatever the locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    parser = _Parser(
        prog="python -m confedproto.verify",
        description="What .confed files prove together, offline. Exit code 0 for VALID alone.",
        allow_abbrev=False,
    )
    parser.json_mode = "--json" in given
    parser.add_argument("files", metavar="FILE|-", nargs="+", help="read together, in any order")
    parser.add_argument(
        "--trust",
        metavar="COUNCIL",
        type=_council,
        action="append",
        default=[],
        help="a council you know (cfr1...)",
    )
    parser.add_argument(
        "--at",
        metavar="TIME",
        type=_time,
        help="the time asked about, whole seconds UTC; now without it",
    )
    parser.add_argument(
        "--json", dest="json_mode", action="store_true", help="one JSON object on stdout"
    )
    options = parser.parse_intermixed_args(given)
    read = [(name, _read(name, json_mode=options.json_mode)) for name in options.files]
    at = int(time.time()) if options.at is None else options.at
    answer = render.answer(read, trust=options.trust, at=at)
    if options.json_mode:
        print(as_json(answer.fields))
    else:
        for line in answer.lines:
            print(shown(line))
    return answer.exit_code


if __name__ == "__main__":
    sys.exit(main())
