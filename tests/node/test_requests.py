"""What the control socket answers: every request of any content is answered or refused."""

import contextlib
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from confednode.control import RefusedError
from confednode.errors import ControlError, NodeReason
from confednode.requests import OPS
from confedproto import text
from confedproto.errors import Reason
from confedproto.keys import SigningKey
from tests.support.nodes import WINDOWS, Node, nodes_in

ROUNDS: Final = 60
QUIET: Final = frozenset({"stop", "network", "watch", "peer"})  # these change the node or wait
KEY: Final = text.encode_key(SigningKey(bytes(32)).public)
STRANGE: Final[tuple[Any, ...]] = (
    None,
    True,
    -1,
    0,
    2**53,
    10**40,
    1.5,
    "",
    "x",
    "é\n\u202e\x00",
    "ab" * 40,
    "yes",
    [],
    ["vote"],
    {},
    {"a": 1},
)


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with nodes_in(tmp_path) as nodes:
        yield await nodes.start("north")


async def moved(node: Node) -> tuple[str, str]:
    """A compact of this council alone, and a motion in it."""
    compact = await node.found_compact()
    draft = await node.ask("draft-motion", id=compact, title="T", text="t", salt="00" * 16)
    return compact, await node.submit(draft)


@pytest.mark.parametrize("seed", [1, 2])
async def test_answer_any_arguments_are_answered_or_refused(node: Node, seed: int) -> None:
    rng = random.Random(seed)
    compact, motion = await moved(node)
    freeze = await node.submit(await node.ask("draft-freeze", id=motion))
    good = [node.id, compact, motion, freeze, KEY, text.encode_transport(bytes(32)), "aa" * 16]
    before = await node.ask("status")
    for op, (request, _) in OPS.items():
        names = [field.name for field in msgspec.structs.fields(request)]
        for _ in range(ROUNDS if names and op not in QUIET else 3):
            args = {name: rng.choice((*STRANGE, *good)) for name in names if rng.random() < 0.95}
            if rng.random() < 0.1:
                args["more"] = 1
            if op in QUIET:
                args["more"] = 1  # so that it is refused
            with contextlib.suppress(ControlError, RefusedError):
                await node.ask(op, **args)
    after = await node.ask("status")
    assert after["size"] == before["size"], "a question changed the log"
    await node.found_compact("still here")


async def test_answer_unknown_request_is_refused_in_short(node: Node) -> None:
    with pytest.raises(ControlError) as caught:
        await node.ask("x" * 10_000)
    assert (caught.value.reason, caught.value.exit_code) == (NodeReason.CONTROL_REQUEST, 2)
    assert len(caught.value.message) < 100


async def test_submit_record_of_another_council_or_signed_by_another_is_refused(
    node: Node, tmp_path: Path
) -> None:
    async with nodes_in(tmp_path / "more") as nodes:
        south = await nodes.start("south")
        mandate = {"delegate": KEY, "kinds": ["vote"], "instructions": {}, "until": 2**40}
        drafts = [await drafter.ask("draft-mandate", **mandate) for drafter in (south, node)]
        node.keyholders = south.keyholders
        for draft, reason in zip(
            drafts, (Reason.COUNCIL_FOREIGN, Reason.THRESHOLD_MISSING), strict=True
        ):
            with pytest.raises(RefusedError) as caught:
                await node.submit(draft)
            assert caught.value.reason is reason
    assert (await node.ask("status"))["size"] == 2


async def test_submit_same_record_twice_is_one_record(node: Node) -> None:
    draft = await node.ask(
        "draft-compact", name="Once", rule="majority", windows=WINDOWS, weights={node.id: 2}
    )
    first = await node.submit(draft)
    size = (await node.ask("status"))["size"]
    assert await node.submit(draft) == first
    assert (await node.ask("status"))["size"] == size


async def test_status_says_who_where_and_how_far(node: Node) -> None:
    status = await node.ask("status")
    assert status["council"] == node.id
    assert status["name"] == "north"
    assert (status["size"], status["logs"], status["links"]) == (2, 1, [])
    assert status["single_keyholder"] is True
    assert status["node_expires"] > time.time()
    assert status["listen"] == f"127.0.0.1:{node.port}"
    assert len(bytes.fromhex(status["digest"])) == 32


async def test_log_kind_and_limit_choose(node: Node) -> None:
    for number in range(4):
        await node.found_compact(str(number))
    rows = (await node.ask("log"))["records"]
    assert [row["kind"] for row in rows] == ["charter", "node", *["compact"] * 4]
    rows = (await node.ask("log", kind="compact", limit=2))["records"]
    assert [row["index"] for row in rows] == [4, 5]
    for limit in (0, 10_001, -1):
        with pytest.raises(ControlError):
            await node.ask("log", limit=limit)


async def test_draft_act_without_a_mandate_is_refused(node: Node) -> None:
    _, motion = await moved(node)
    with pytest.raises(RefusedError) as caught:
        await node.ask("draft-act", motion=motion, value="yes")
    assert caught.value.reason is Reason.MANDATE_UNKNOWN
