"""The demo's story: real nodes found a confederation and decide a real vote.

The driver plays the people only. It holds their keys and speaks to each node through that
node's control socket; what a node holds it has from its links.
"""

import math
import signal
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import trio

from confednode import control
from confednode.demo import people as folk
from confednode.demo.delegate import certificate, mandate_story
from confednode.demo.graph import link_graph
from confednode.demo.nodes import packed
from confednode.demo.people import People
from confednode.demo.report import MandateStory, Report
from confednode.demo.stage import (
    PATIENCE_S,
    POLL_S,
    Phase,
    Plan,
    Say,
    Stage,
    connected,
    each,
    sleep_until,
    until,
    until_known,
    until_members,
)
from confednode.errors import DemoError, NodeReason
from confedproto.errors import Reason
from confedproto.ids import TAG_INVITE, tagged_hash
from confedproto.limits import NAME_MAX_CHARS
from confedproto.rules.tally import value_of

FACTOR_MAX = 8  # times the shortest windows: half a minute for a vote
FOUNDERS_MAX = 60  # so many founders' signatures fit one record; the rest accedes


async def run(plan: Plan, say: Say) -> Report:
    """Play the whole demo; `say` gets a line for each step. Raises DemoError, NodeError."""
    with tempfile.TemporaryDirectory(prefix="confed-demo-") as folder:
        this = Stage(plan=plan, say=say)
        began = time.monotonic()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_end_in_good_order)
            try:
                report = await _story(this, Path(folder), nursery)
            finally:
                with trio.CancelScope(shield=True):
                    async with trio.open_nursery() as stopping:
                        for host in this.hosts:
                            stopping.start_soon(host.stop)
            nursery.cancel_scope.cancel()
        this.seconds["total"] = time.monotonic() - began
        report.seconds = {name: round(value, 3) for name, value in this.seconds.items()}
        return report


async def _end_in_good_order() -> None:
    """Take SIGTERM and SIGHUP for Ctrl-C, so that no process and no folder stays behind."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP) as signals:
        async for _ in signals:
            raise KeyboardInterrupt


async def _story(this: Stage, folder: Path, nursery: trio.Nursery) -> Report:
    plan = this.plan
    with Phase(this, "start"):
        await _start(this, folder, nursery)
    edges = link_graph([row.unit for row in plan.vote.units], plan.seed)
    with Phase(this, "link"):
        await _link(this, edges)
    with Phase(this, "found"):
        compact = await _found(this)
    motion, freeze = await _propose(this, compact)
    with Phase(this, "vote"):
        await _vote(this, motion, freeze, nursery)
    with Phase(this, "certify"):
        shown = await _certify(this, motion, freeze["grace_ends"])
    with Phase(this, "agree"):
        digests = await _agree(this)
    file = await certificate(this, motion)
    mover = this.people[0]
    with Phase(this, "mandate"):
        story = await mandate_story(this, mover, motion, str(shown[mover.row.unit]["outcome"]))
    return _report(this, edges, shown, digests, file, story)


async def _start(this: Stage, folder: Path, nursery: trio.Nursery) -> None:
    plan = this.plan

    async def found(number: int) -> None:
        row = plan.vote.units[number]
        work = partial(folk.found, row, folder, number)
        founded[number] = await trio.to_thread.run_sync(work)

    founded: dict[int, People] = {}
    await each(range(len(plan.vote.units)), found)
    this.people = [founded[number] for number in sorted(founded)]
    alone = next((p.home.path for p in this.people if p.row.unit == plan.kill), None)
    homes = [person.home.path for person in this.people]
    this.hosts = packed(homes, alone, plan.per_process)
    async with trio.open_nursery() as starting:
        for host in this.hosts:
            starting.start_soon(host.start, nursery)
    processes = f"{len(this.hosts)} process" + ("es" if len(this.hosts) > 1 else "")
    this.say(f"{len(homes)} nodes run in {processes}, each with its own keys, database and port")


async def _link(this: Stage, edges: Sequence[tuple[str, str]]) -> None:
    by_unit = {person.row.unit: person for person in this.people}

    async def link(edge: tuple[str, str]) -> None:
        await by_unit[edge[0]].link(by_unit[edge[1]])

    await each(edges, link)
    nodes = len(this.people)
    await until(this, this.people, lambda s: s["logs"] == nodes, "know every council")
    this.say(f"{len(edges)} links stand, none in the middle: {_spelled(edges)}")


def _spelled(edges: Sequence[tuple[str, str]]) -> str:
    return " ".join(f"{a}-{b}" for a, b in edges)


def windows(nodes: int, took_s: float) -> dict[str, int]:
    """The compact's windows in seconds: longer for more nodes, and where they were long to link.

    `took_s` is what their start and links took; two idle cores need half of what stands here.
    """
    slow = math.ceil(took_s / (3 + nodes / 8))
    factor = min(max(1 + nodes // 40, slow), FACTOR_MAX)
    return {
        "discussion": 0,
        "notice": 3 * factor,
        "voting": 4 * factor,
        "grace": 2 * factor,
        "settle": factor,
        "step": 10 * factor,  # a busy machine still finishes the first round
        "witness": 1,
    }


async def _found(this: Stage) -> str:
    mover, founders = this.people[0], this.people[:FOUNDERS_MAX]
    weights = {person.council_text: person.row.weight_halves for person in founders}
    draft = await mover.ask(
        "draft-compact",
        name="Demo confederation",
        rule=str(this.plan.rule),
        windows=windows(len(this.people), this.seconds["start"] + this.seconds["link"]),
        weights=weights,
        sponsors=0,
        weight_max=max(person.row.weight_halves for person in this.people),
    )
    payload = bytes.fromhex(draft["payload"])
    others = [sig for person in founders[1:] for sig in person.signatures(payload)]
    compact = await mover.submit(draft, others)
    for person in this.people:
        await until_known(this, person, "compact", compact)
    late = this.people[FOUNDERS_MAX:]

    async def accede(person: People) -> None:
        weight = person.row.weight_halves
        await person.submit(await person.ask("draft-accession", id=compact, weight=weight))

    await each(late, accede)
    if late:
        await until_members(this, compact)
    this.say(f"the confederation is founded: {len(this.people)} councils, rule {this.plan.rule}")
    return compact


async def _propose(this: Stage, compact: str) -> tuple[str, dict[str, Any]]:
    plan, mover = this.plan, this.people[0]
    if plan.cut is not None:
        cut = next(person for person in this.people if person.row.unit == plan.cut)
        await cut.ask("network", online=False)
        this.say(f"{plan.cut} is cut off from the network")
    draft = await mover.ask(
        "draft-motion",
        id=compact,
        title=" ".join(plan.vote.heading.split())[:NAME_MAX_CHARS],
        text=plan.vote.heading,
        salt=tagged_hash(TAG_INVITE, plan.seed.to_bytes(16, "big", signed=True)).hex()[:32],
    )
    motion = await mover.submit(draft)
    await mover.submit(await mover.ask("draft-freeze", id=motion))
    frozen = await mover.ask("motion", id=motion)
    this.say(f"{mover.row.unit} moves and freezes: {plan.vote.heading}")
    this.say(
        f"a position counts with {frozen['receipts_needed']} receipts of others;"
        f" {frozen['needed']} of {frozen['councils']} locks make it final"
    )
    for person in connected(this):
        row = await until_known(this, person, "motion", motion)
        while row["freeze"] is None:
            await trio.sleep(POLL_S / 2)
            row = await person.ask("motion", id=motion)
    return motion, frozen


async def _vote(this: Stage, motion: str, frozen: dict[str, Any], nursery: trio.Nursery) -> None:
    """Each unit's people sign their position; one node may be killed meanwhile."""
    killed = next((p for p in this.people if p.row.unit == this.plan.kill), None)
    voters = [person for person in connected(this) if person is not killed]
    await sleep_until(frozen["opens"])
    half = len(voters) // 2

    async def vote(person: People) -> None:
        row = person.row
        draft = await person.ask(
            "draft-position",
            id=motion,
            value=value_of(row.yes, row.no).value,
            yes=row.yes,
            no=row.no,
            valid=row.valid,
        )
        try:
            await person.submit(draft)
        except control.RefusedError as error:
            late = error.reason is Reason.POSITION_LATE
            why = NodeReason.DEMO_TIMEOUT if late else NodeReason.DEMO_FAILED
            raise DemoError(why, f"{row.unit}'s position: {error.reason.value}") from error

    await each(voters[:half], vote)
    if killed is not None:
        host = this.hosts[-1]
        await host.kill()
        this.say(f"{killed.row.unit} is killed (SIGKILL) while positions arrive")
    await each(voters[half:], vote)
    if killed is not None:
        await this.hosts[-1].start(nursery)
        await vote(killed)
        this.say(f"{killed.row.unit} is back, catches up and takes its position")
    await _spread(this, motion, len(voters) + (killed is not None), frozen["closes"])


async def _spread(this: Stage, motion: str, positions: int, closes: int) -> None:
    """Say how the positions reach the nodes until each of them holds all."""
    asked, began = connected(this), time.monotonic()
    while True:
        held = [len((await person.ask("motion", id=motion))["positions"]) for person in asked]
        complete = sum(count == positions for count in held)
        took = time.monotonic() - began
        this.say(
            f"positions: {min(held)} to {max(held)} of {positions} a node;"
            f" {complete} of {len(asked)} nodes hold all ({took:.1f} s)"
        )
        if complete == len(asked) or time.time() > closes:
            return
        await trio.sleep(4 * POLL_S)


async def _certify(this: Stage, motion: str, grace_ends: int) -> dict[str, dict[str, Any]]:
    """Wait until every connected node has the certificate; then ask each for its outcome."""
    await sleep_until(grace_ends)
    deadline = time.monotonic() + PATIENCE_S
    for person in connected(this):
        while True:
            row = await person.ask("motion", id=motion)
            if row["certified"]:
                break
            if row["state"] == "void" or time.monotonic() > deadline:
                told = row["reason"] or row["state"]
                raise DemoError(
                    NodeReason.DEMO_TIMEOUT, f"no certificate on {person.row.unit}: {told}"
                )
            await trio.sleep(POLL_S)
    shown: dict[str, dict[str, Any]] = {}
    for person in this.people:
        try:
            shown[person.row.unit] = await person.ask("motion", id=motion)
        except control.RefusedError as error:
            shown[person.row.unit] = {"outcome": None, "reason": error.reason.value}
    first = shown[this.people[0].row.unit]
    this.say(f"certified: {first['locks']} locks, {first['needed']} needed")
    return shown


async def _agree(this: Stage) -> list[str]:
    """Wait until all connected nodes show one state digest; returns every node's."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        digests = [str((await person.ask("status"))["digest"]) for person in this.people]
        asked = [
            digest
            for person, digest in zip(this.people, digests, strict=True)
            if person.row.unit != this.plan.cut
        ]
        if len(set(asked)) == 1 or time.monotonic() > deadline:
            this.say(f"{len(set(asked))} state on {len(asked)} nodes")
            return digests
        await trio.sleep(POLL_S)


def _report(
    this: Stage,
    edges: Sequence[tuple[str, str]],
    shown: dict[str, dict[str, Any]],
    digests: Sequence[str],
    file: Path,
    story: MandateStory,
) -> Report:
    first = shown[this.people[0].row.unit]
    same = sum(row["outcome"] == first["outcome"] for row in shown.values())
    return Report(
        vote=this.plan.vote.vote_id,
        title=this.plan.vote.heading,
        rule=str(this.plan.rule),
        seed=this.plan.seed,
        nodes=len(this.people),
        links=len(edges),
        edges=[list(edge) for edge in edges],
        accepted=bool(first["accepted"]),
        people_yes=first["people_yes"],
        people_no=first["people_no"],
        people_accept=first["people_accept"],
        units_yes=first["units_yes"],
        units_no=first["units_no"],
        units_total=first["units_total"],
        units_accept=first["units_accept"],
        agree=same,
        disagree=[unit for unit, row in shown.items() if row["outcome"] != first["outcome"]],
        state_digests=len(set(digests)),
        state_digest=digests[0],
        certificate=str(file),
        mandate=story,
        killed=this.plan.kill,
        memory_bytes=sum(host.pss_bytes() for host in this.hosts),
    )
