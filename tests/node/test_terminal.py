"""Nothing that came from the network, or was typed, does harm to a terminal."""

import json
import socket
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from confednode.commands.positions import VALUES
from confedproto.clean import text_is_clean
from tests.support.commands import ID, Confed


def harmless(text: str) -> bool:
    return all(line.isprintable() and text_is_clean(line) for line in text.split("\n"))


NASTY: Final = "\x1b]0;x\x07\x1b[2J\u202eevil\u2066\r\nok: \x9b31m\u200b\ud800"
ROW: Final = {
    "council": NASTY,
    "name": NASTY,
    "state": NASTY,
    "reason": NASTY,
    "fingerprint": NASTY,
    "listen": NASTY,
    "digest": NASTY,
    "disk": {"held": 0, "most": 1, "full": [{"name": NASTY, "council": NASTY}]},
    "size": NASTY,
    "logs": NASTY,
    "compact": NASTY,
    "title": NASTY,
    "motion": NASTY,
    "mandate": NASTY,
    "delegate": NASTY,
    "verdict": NASTY,
    "until": NASTY,
    "outcome": NASTY,
    "rule": NASTY,
    "freeze": NASTY,
    "locks": 1,
    "needed": 1,
    "councils": 1,
    "people_yes": NASTY,
    "people_no": NASTY,
    "units_yes": NASTY,
    "units_no": NASTY,
    "weight": NASTY,
    "counts": False,
    "overrode": None,
    "steps": [{"kind": NASTY, "number": 1, "unwitnessed": True}],
    "value": NASTY,
    "kind": NASTY,
    "time": NASTY,
    "record": NASTY,
    "rules": {NASTY: NASTY},
    "windows": {},
    "instructions": [{"motion": NASTY, "value": NASTY}],
    "life": NASTY,
    "signing": NASTY,
    "requests": NASTY,
    "version": NASTY,
    "adopted": True,
    "ratified": [],
    "class": NASTY,
    "step": NASTY,
    "dispute": NASTY,
    "remedy": NASTY,
    "effect": NASTY,
    "seconds": NASTY,
    "parties": [],
    "panel": [],
    "mediator": None,
    "unwitnessed": True,
    "number": NASTY,
    "received_by": NASTY,
    "threshold": NASTY,
    "keys": [NASTY],
    "certified": True,
    "round": NASTY,
    "agenda": NASTY,
    "above": NASTY,
    "petition": [NASTY, NASTY],
    "item_by": NASTY,
    "item": NASTY,
    "by": NASTY,
    "late": True,
}
DONE: Final = {
    **dict.fromkeys(("act", "number", "kind", "value", "verdict", "reason"), NASTY),
    **dict.fromkeys(("due", "rests_after"), NASTY),
    "made": None,
    "accepted": None,
    "final": False,
}
HOSTILE: Final = {
    "ok": True,
    **ROW,
    "links": [ROW],
    "members": [ROW],
    "versions": [ROW],
    "steps": [ROW],
    "disputes": [ROW],
    "positions": [ROW],
    "mover": ROW,
    "awaited": [ROW],
    "motions": [ROW],
    "mandates": [ROW],
    "records": [ROW],
    "acts_done": [DONE],
    "reports": [DONE],
    "items": [ROW],
}


def strings(value: Any) -> list[str]:
    """Every string anywhere in a JSON value."""
    match value:
        case str():
            return [value]
        case list():
            return [text for item in value for text in strings(item)]
        case dict():
            return [text for item in value.values() for text in strings(item)]
        case _:
            return []


@contextmanager
def hostile(home: Path, reply: dict[str, Any]) -> Generator[None, None, None]:
    """A control socket that answers everything with `reply`."""
    home.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home / "control.sock"))
        listener.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65_536)
                    connection.sendall(json.dumps(reply).encode() + b"\n")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("links",),
        ("log",),
        ("charter", "show"),
        ("compact", "show", ID),
        ("motion", "show", ID),
        ("motion", "list"),
        ("dispute", "show", ID),
        ("dispute", "list"),
        ("mandate", "show", ID),
        ("mandate", "list"),
        ("mandate", "agenda"),
    ],
    ids=" ".join,
)
def test_shown_names_from_the_network_are_harmless_on_a_terminal(
    call: Confed, tmp_path: Path, command: Sequence[str]
) -> None:
    home = tmp_path / "home"
    with hostile(home, HOSTILE):
        for more in ((), ("--json",), ("-q",)):
            said = call(*command, "--home", home, *more)
            assert said.code == 0
            assert harmless(said.out), said.out
            assert "evil" in said.out
            assert not said.out.startswith("ok: ")
            assert "\nok: " not in said.out, "no line of its own"
            if more == ("--json",):
                assert NASTY in strings(json.loads(said.out)), "a program gets what was said"


def test_shown_refusal_from_the_network_is_harmless_on_a_terminal(
    call: Confed, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    told = {"ok": False, "reason": "instruction", "message": NASTY, "hint": NASTY}
    with hostile(home, told):
        for more in ((), ("--json",)):
            said = call("status", "--home", home, *more)
            assert said.code == 5
            assert harmless(said.out)
            assert harmless(said.err)


def test_wrong_call_lists_the_choices_in_one_line(call: Confed) -> None:
    said = call("position", "cfr1x")
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines()[-1].endswith("Choose from: " + ", ".join(VALUES))


def test_shown_what_was_typed_is_harmless_too(call: Confed, tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[2Jb\u202e"
    for more in ((), ("--json",)):
        said = call("status", "--home", folder, *more)
        assert (said.code, harmless(said.out), harmless(said.err)) == (4, True, True)
        said = call("verify", folder / "x", *more)
        assert (said.code, harmless(said.out), harmless(said.err)) == (2, True, True)
        said = call("demo", "--data", folder, *more)
        assert (said.code, harmless(said.out), harmless(said.err)) == (2, True, True)
