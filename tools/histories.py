"""Councils that lose, rotate, fork, restore and clone: long runs of what `make test` samples.

    python tools/histories.py histories --count 2000     against the model, one order each
    python tools/histories.py orders --count 10000       20 orders of delivery, one digest
    python tools/histories.py twins --count 1000         the same with rival first node records
    python tools/histories.py retired --count 1000       and with keyholders who were replaced
                                                         and go on signing
    python tools/histories.py restores --count 1000      backups a minute to 30 days old,
                                                         database alone or whole folder
    python tools/histories.py clones --count 1000        two machines with one node key

`--seed N` says where the seeds begin; `--report FILE` adds a line to a table when all held.
Exit 0 if all held; else the first seed that did not, and exit 1.
"""

import argparse
import datetime
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from confedproto.errors import LocalProtocolError, Reason
from confedproto.guard import Memory, Reached, Signing
from confedproto.ids import CouncilId
from confedproto.testing import SimNode, Simulator, seeded_key
from confedproto.testing_servers import Backup, backup, clone, reached, restore
from tests.support.histories import History, Regretted, Straying, Twinned, differences

ORDERS: Final = 20
ROUND_S: Final = 30
"""A sync round: how often each link compares digests."""
DAY: Final = 86_400
_END: Final = "<!-- end of council runs -->"


def history(seed: int) -> str | None:
    """A history, and one with node records out of place, in one order against the model."""
    told: list[str] = []
    for made in (History(seed), Straying(seed)):
        told += differences(made.deliver(random.Random(seed)), made)
    return "; ".join(told) or None


def orders(seed: int) -> str | None:
    """One history in 20 orders: one state digest, and the model's verdict in each."""
    return in_orders(History(seed))


def twins(seed: int) -> str | None:
    """The same, of a council in which a second server begins beside the first one."""
    return in_orders(Twinned(seed))


def retired(seed: int) -> str | None:
    """The same, of a council whose old keyholders sign at the places that were theirs."""
    return in_orders(Regretted(seed))


def in_orders(made: History) -> str | None:
    """A history in 20 orders: one state digest, and the model's verdict in each."""
    digests: set[bytes] = set()
    for order in range(ORDERS):
        view = made.deliver(random.Random(order))
        told = differences(view, made)
        if told:
            return f"order {order}: {'; '.join(told)}"
        digests.add(view.state_digest(made.time))
    return None if len(digests) == 1 else f"{len(digests)} state digests"


def ring(seed: int) -> tuple[Simulator, list[SimNode]]:
    """Three to five councils in a ring, all known to each other."""
    sim = Simulator(seed)
    count = sim.rng.randint(3, 5)
    return sim, linked(sim, [sim.add_council(f"C{n}") for n in range(count)])


def linked(sim: Simulator, nodes: list[SimNode]) -> list[SimNode]:
    """Each council linked with the next, and all of them known to all."""
    count = len(nodes)
    for n in range(count):
        sim.link(nodes[n], nodes[(n + 1) % count])
    sim.run_until(lambda: all(len(n.engine.view.logs) == count for n in nodes), within_s=60)
    return nodes


def say(sim: Simulator, node: SimNode) -> None:
    """The council's log grows by one."""
    draft = sim.desk(node).invite(seeded_key(sim.rng).public, sim.now_s + 60)
    sim.submit(node, draft)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backups:
    """What may come back: the disk as it was, and what else of the folder."""

    before: Backup
    """Older than the first link."""
    later: Backup
    marks: tuple[Reached, Reached]
    """What the counter file said then."""
    peers: frozenset[CouncilId]
    """Whom the later disk dials."""


def lived(seed: int) -> tuple[Simulator, list[SimNode], Backups]:
    """A ring whose first council was backed up twice, and went on."""
    sim = Simulator(seed)
    rng = sim.rng
    nodes = [sim.add_council(f"C{n}") for n in range(rng.randint(3, 5))]
    victim = nodes[0]
    for _ in range(rng.randint(0, 2)):
        say(sim, victim)
    before, early = backup(victim), reached(victim)
    linked(sim, nodes)
    for _ in range(rng.randint(0, 3)):
        say(sim, victim)
    sim.run(1)
    later, mark = backup(victim), reached(victim)
    for _ in range(rng.randint(0, 6)):
        say(sim, victim)
    sim.run(2)
    for cable in list(sim.wires.values()):
        sim.cut(*cable.ends)
    peers = frozenset(c.ends[1].council for c in sim.cables(victim) if c.ends[0] is victim)
    return sim, nodes, Backups(before=before, later=later, marks=(early, mark), peers=peers)


def restored(seed: int) -> str | None:
    """A node comes back from an old backup: it never signs what a peer holds otherwise.

    The database alone (the counter file knows better), or the whole folder (it is as old);
    from before the first link, with or without addresses to dial, or from later.
    """
    sim, nodes, backups = lived(seed)
    victim, rng = nodes[0], sim.rng
    early, alone = rng.random() < 0.4, rng.random() < 0.5
    unsent = alone and rng.random() < 0.2
    if unsent:
        say(sim, victim)  # nobody ever got it: only the counter file knows
    now = reached(victim)
    mark = now if alone else backups.marks[0 if early else 1]
    dials = not early or rng.random() < 0.5
    sim.run(rng.choice((60, 3_600, DAY, 30 * DAY, rng.randint(60, 30 * DAY))))
    known = Memory(reached=mark, peers=backups.peers)
    memory = known if dials else Memory(reached=mark)
    restore(sim, victim, backups.before if early else backups.later, memory=memory)
    told = _speaks(sim, victim) if dials else _keeps_silent(sim, victim)
    if told is not None:
        return told
    if not dials:  # the database is moved away, and filled by `confed recover` from its peers
        restore(sim, victim, Backup(disk={}, heads={}), memory=known)
    for _ in range(3):
        for cable in sim.wires.values():  # who was a stranger to an older disk dials again
            sim.heal(*cable.ends)
        sim.run(ROUND_S)
    if unsent:
        held = victim.engine.keeper.guard.state is Signing.HELD
        return None if held else "it signs a second time what its counter has"
    if victim.engine.keeper.guard.state is not Signing.OPEN:
        return f"still {victim.engine.keeper.guard.state} with all links up"
    say(sim, victim)
    sim.run(2 * ROUND_S)
    if any(node.engine.view.chains.forked for node in nodes):
        return "a fork"
    digests = {node.engine.view.state_digest(sim.now_s) for node in nodes}
    return None if len(digests) == 1 else f"{len(digests)} state digests"


def _speaks(sim: Simulator, victim: SimNode) -> str | None:
    """With some of its links up it tries to sign; a fork would show later."""
    for cable in sim.wires.values():
        sim.cut(*cable.ends)
        if sim.rng.random() < 0.5:
            sim.heal(*cable.ends)
    for _ in range(3):
        sim.run(sim.rng.choice((0, 1, 10)))
        try:
            say(sim, victim)
        except LocalProtocolError as error:
            if error.reason is not Reason.RESTORE_HELD:
                return f"refused with {error.reason}"
    return None


def _keeps_silent(sim: Simulator, victim: SimNode) -> str | None:
    """It knows nobody to dial: it must not sign, however long nobody answers."""
    for cable in sim.cables(victim):
        sim.cut(*cable.ends)
    sim.run(sim.rng.choice((0, 60, 3_600)))
    try:
        say(sim, victim)
    except LocalProtocolError as error:
        return None if error.reason is Reason.RESTORE_HELD else f"refused with {error.reason}"
    return "it signed, with nobody to ask"


def cloned(seed: int) -> str | None:
    """Two machines sign one log: both stop, and everybody holds the proof, in two rounds."""
    sim, nodes = ring(seed)
    first, rng = nodes[0], sim.rng
    for _ in range(rng.randint(0, 2)):
        say(sim, first)
    sim.run(1)
    sim.cut(first, nodes[1])
    second = clone(sim, first, "C0 again", nodes[1])
    sim.run(rng.choice((0, 1, 5)))
    machines = [first, second]
    rng.shuffle(machines)
    said = 0
    for machine in machines:
        for _ in range(rng.randint(1, 3)):
            try:
                say(sim, machine)
                said += 1
            except LocalProtocolError as error:
                if error.reason is not Reason.LOG_FORK:
                    return f"refused with {error.reason}"
        sim.run(rng.choice((0, 0, 1)) / 1000)
    if said < 2:
        return None  # the second was stopped before it signed anything: no fork at all
    sim.run(2 * ROUND_S)
    log = first.engine.own
    lacking = [node.name for node in nodes if log not in node.engine.view.chains.forked]
    if lacking:
        return f"no proof at {', '.join(lacking)}"
    for machine in (first, second):
        try:
            say(sim, machine)
        except LocalProtocolError as error:
            if error.reason is Reason.LOG_FORK:
                continue
        return f"{machine.name} signs on"
    return None


RUNS: Final[dict[str, Callable[[int], str | None]]] = {
    "histories": history,
    "orders": orders,
    "twins": twins,
    "retired": retired,
    "restores": restored,
    "clones": cloned,
}


def report(path: Path, what: str, count: int, seed: int, seconds: int) -> None:
    """Add a line to the table of council runs."""
    content = path.read_text("utf-8")
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    again = f"`python tools/histories.py {what} --count {count} --seed {seed}`"
    line = f"| {today} | {what} | {count:,} | 0 | {seconds} | {again} |\n"
    path.write_text(content.replace(_END, line + _END), "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Long runs of councils' histories.")
    parser.add_argument("what", choices=list(RUNS))
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args(arguments)
    started = time.monotonic()
    for seed in range(options.seed, options.seed + options.count):
        told = RUNS[options.what](seed)
        if told is not None:
            print(f"{options.what}: seed {seed}: {told}")
            return 1
    seconds = round(time.monotonic() - started)
    print(f"{options.what}: {options.count} held, {seconds} s")
    if options.report is not None:
        report(options.report, options.what, options.count, options.seed, seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
