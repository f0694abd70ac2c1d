"""What every part of the demo shares: the plan, the people, patience, and a clock."""

import math
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio

from confednode import control
from confednode.demo.nodes import HostProcess
from confednode.demo.people import People
from confednode.demo.votes import Vote
from confednode.errors import DemoError, NodeReason
from confedproto.rules.tally import Rule

PATIENCE_S = 90.0  # how long the demo waits for what should take seconds
POLL_S = 0.1
AT_ONCE = 8  # requests of the driver under way

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked of the demo."""

    vote: Vote
    rule: Rule
    seed: int
    per_process: int
    out: Path
    kill: str | None = None
    cut: str | None = None


@dataclass(slots=True, kw_only=True)
class Stage:
    """One run of the demo: its plan, its people, its processes, its phases in seconds."""

    plan: Plan
    say: Say
    people: list[People] = field(default_factory=list)
    hosts: list[HostProcess] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class Phase:
    """Measure a phase into the run's seconds."""

    def __init__(self, this: Stage, name: str) -> None:
        self._this, self._name = this, name
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._this.seconds[self._name] = time.monotonic() - self._began


def connected(this: Stage) -> list[People]:
    """The people whose node is not cut off."""
    return [person for person in this.people if person.row.unit != this.plan.cut]


async def sleep_until(instant: int) -> None:
    """Until `instant`, seconds UTC."""
    await trio.sleep(max(0.0, instant - time.time()))


async def until_known(this: Stage, person: People, op: str, subject: str) -> dict[str, Any]:
    """Ask a node about a subject until it knows it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            return await person.ask(op, id=subject)
        except control.RefusedError:
            await trio.sleep(POLL_S / 2)
    raise DemoError(NodeReason.DEMO_TIMEOUT, f"{person.row.unit} never knew the {op}")


async def until_members(this: Stage, compact: str) -> None:
    """Wait until each node counts every council among the compact's members."""
    deadline = time.monotonic() + PATIENCE_S
    for person in this.people:
        while True:
            members = (await person.ask("compact", id=compact))["members"]
            if len(members) == len(this.people):
                break
            if time.monotonic() > deadline:
                raise DemoError(NodeReason.DEMO_TIMEOUT, f"{person.row.unit} misses a member")
            await trio.sleep(POLL_S)


async def until(
    this: Stage, people: Sequence[People], ready: Callable[[control.Reply], bool], what: str
) -> None:
    """Wait until each node's status says so."""
    deadline = time.monotonic() + PATIENCE_S
    for person in people:
        while not ready(await person.ask("status")):
            if time.monotonic() > deadline:
                raise DemoError(NodeReason.DEMO_TIMEOUT, f"{person.row.unit} does not {what}")
            await trio.sleep(POLL_S)


async def each(things: Iterable[Any], action: Callable[[Any], Awaitable[None]]) -> None:
    """Do something for each thing, a few at a time."""
    limit = trio.CapacityLimiter(AT_ONCE)

    async def one(thing: Any) -> None:
        async with limit:
            await action(thing)

    async with trio.open_nursery() as nursery:
        for thing in things:
            nursery.start_soon(one, thing)


def per_process_default(nodes: int) -> int:
    """Two processes for two cores."""
    return max(1, math.ceil(nodes / 2))
