"""A chain of mandates between real processes: one file holds it, for both verifiers."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from confedproto import bundle, codec, text
from tests.support.js import asked
from tools.bench import nodes

WITHIN_S = 60.0


@pytest.fixture
def councils(tmp_path: Path) -> Iterator[tuple[nodes.Council, nodes.Council]]:
    """A base council, and the meeting in which its delegate sits."""
    base, meeting = (nodes.found(tmp_path, name) for name in ("base", "meeting"))
    try:
        for one in (base, meeting):
            one.environment = {"CONFED_WORKERS": "0"}
            one.start()
        base.link(meeting)
        yield base, meeting
    finally:
        for one in (base, meeting):
            one.kill()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def grant(who: nodes.Council, delegate: bytes, kinds: list[str], days: int, **terms: Any) -> str:
    draft = who.ask(
        "draft-mandate",
        delegate=text.encode_key(delegate),
        kinds=kinds,
        instructions={},
        until=int(time.time()) + days * 86_400,
        terms=codec.encode(terms).hex() if terms else "",
    )
    return who.submit(bytes.fromhex(draft["payload"]))


def export(who: nodes.Council, mandate: str, target: Path) -> bytes:
    """As a secretary does it."""
    words = ["mandate", "export", mandate, "--to", target, "--home", who.home.path]
    line = [sys.executable, "-m", "confednode", *map(str, words)]
    subprocess.run(line, check=True, capture_output=True, timeout=WITHIN_S)
    return target.read_bytes()


def verified(file: Path) -> dict[str, Any]:
    """As anyone does it who has the library alone."""
    line = [sys.executable, "-m", "confedproto.verify", str(file), "--json"]
    done = subprocess.run(line, capture_output=True, check=False, timeout=WITHIN_S)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_chain_is_one_file_and_falls_with_the_mandate_above(
    councils: tuple[nodes.Council, nodes.Council], tmp_path: Path
) -> None:
    base, meeting = councils
    above = grant(base, meeting.keyholder.public, ["mandate", "statement"], 30)
    until(lambda: any(row["mandate"] == above for row in meeting.ask("mandates")["mandates"]))
    passed = {"above": text.decode_record(above)}
    link = grant(meeting, base.keyholder.public, ["statement"], 20, **passed)
    meeting.kill()
    meeting.start()
    data = export(meeting, link, tmp_path / "link.confed")
    assert [one.kind for one in bundle.decode(data).files] == ["mandate"]
    told = verified(tmp_path / "link.confed")
    assert (told["verdict"], told["id"], told["above"]["id"]) == ("VALID", link, above)
    assert told["above"]["council"] == base.id
    assert asked_of_js(data) == ("VALID", None)
    draft = base.ask("draft-recall", id=above, reason=None)
    base.submit(bytes.fromhex(draft["payload"]))
    until(lambda: meeting.ask("mandate", id=link)["verdict"] == "VOID")
    data = export(meeting, link, tmp_path / "recalled.confed")
    told = verified(tmp_path / "recalled.confed")
    assert (told["verdict"], told["reason"], told["above"]["state"]) == (
        "VOID",
        "recalled",
        "recalled",
    )
    assert asked_of_js(data) == ("VOID", "recalled")


def asked_of_js(data: bytes) -> tuple[str, str | None]:
    """What the second implementation says of the file now."""
    request = {"op": "bundle", "files": [data.hex()], "trust": [], "at": int(time.time())}
    (answer,) = asked([request])
    return answer["verdict"], answer["reason"]
