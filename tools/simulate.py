"""Confederations in virtual time, with faults at random: what must hold is looked at.

    python tools/simulate.py --seeds 50      seeds 1 to 50
    python tools/simulate.py --seed 17       one seed again, told in full
    python tools/simulate.py --topology small-world --nodes 50 --silent 0.3 --plot spread.svg
                                             how records spread (tools/topology.py)

A seed gives eight councils with their rule, weights and keyholders, a sparse random graph of
links with their own latencies, and a motion that they vote on while wires are cut and healed
and nodes are killed and restarted. Afterwards all is healed. Invariants:

- never do two nodes hold two final outcomes, or a certificate with fewer than q locks;
- all nodes reach one state digest, and so does each node started again from its disk;
- the result is that of an independent recount from the raw records (tools/recount.py);
- what a node acknowledged, and every leaf of every log, is on every disk;
- a record's body reaches a node 1.1 times at most.

Exit 0 if all held; at the first breach its seed, what broke, and exit 1.
"""

import argparse
import random
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

from confednode.demo.graph import link_graph
from confedproto.bodies.compact import Windows
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import RecordId
from confedproto.rules.motion import MotionStatus, State
from confedproto.testing import SimNode, Simulator
from tools import topology
from tools.recount import Recount, read, recount

COUNCILS: Final = 8
QUORUM: Final = 6
"""q of eight councils, written out: the simulation does not ask the code it examines."""
COPIES_MAX: Final = 1.1
"""Bodies received for each one kept, over all nodes of a seed."""
RULES: Final = ("simple", "majority", "super(2,3)", "double", "double_valid", "double-super(2,3)")
SETTLE_S: Final = 65
"""Seconds after healing: two rounds of digests on every link."""

Value = Literal["yes", "no", "abstain"]
Say = Callable[[str], None]


class Breach(Exception):
    """An invariant does not hold."""


class History:
    """One seed, from founding to the last check."""

    def __init__(self, seed: int, say: Say) -> None:
        self.rng = random.Random(f"history {seed}")
        self.sim = Simulator(seed)
        self.say = say
        self.rule = self.rng.choice(RULES)
        self.windows = Windows(
            discussion=self.rng.randint(0, 2),
            notice=4,
            voting=self.rng.randint(6, 10),
            grace=self.rng.randint(2, 4),
            settle=self.rng.randint(1, 3),
            step=2,
            witness=self.rng.randint(1, 2),
        )
        self.nodes: list[SimNode] = []
        self.acknowledged: list[RecordId] = []
        self.motion = RecordId(bytes(32))
        self.finals: dict[str, str] = {}  # outcome -> who held it first

    # --- people -----------------------------------------------------------------------------

    def begin(self) -> None:
        """Councils, links, compact, motion, freeze: in quiet weather."""
        names = [f"C{number}" for number in range(COUNCILS)]
        for name in names:
            keyholders, threshold = self.rng.choice(((1, 1), (3, 2)))
            self.nodes.append(self.sim.add_council(name, keyholders, threshold))
        by_name = dict(zip(names, self.nodes, strict=True))
        for one, other in link_graph(names, self.rng.randrange(2**32), self.rng.randint(2, 4)):
            latency = self.rng.choice((1, 5, 20, 80, 300))
            self.sim.link(by_name[one], by_name[other], latency_ms=latency)
        self.wait(self.all_known, "councils are not known to all")
        weights = [self.rng.randint(0, 4) for _ in self.nodes]
        weights[self.rng.randrange(COUNCILS)] += 1
        seconds = self.rng.randint(0, 2)
        mover = self.nodes[0]
        compact = self.sim.found_compact(
            self.nodes, rule=self.rule, windows=self.windows, weights=weights, seconds=seconds
        )
        draft = self.sim.desk(mover).motion(compact, title="T", text="t", salt=bytes(16))
        self.motion = self.sim.submit(mover, draft)
        self.acknowledged += [compact, self.motion]
        self.wait(self.motion_known, "the motion is not known to all")
        for node in self.rng.sample(self.nodes[1:], seconds):
            self.acknowledged.append(self.sim.submit(node, self.sim.desk(node).second(self.motion)))
        self.sim.run(self.windows.discussion + 2)
        freeze = self.sim.submit(mover, self.sim.desk(mover).freeze(self.motion))
        self.acknowledged.append(freeze)
        self.say(f"rule {self.rule}, weights {weights}, links {len(self.sim.wires)}")

    def wait(self, condition: Callable[[], bool], breach: str) -> None:
        if not self.sim.run_until(condition, within_s=30):
            raise Breach(breach)

    def all_known(self) -> bool:
        return all(len(node.engine.view.authorities) == COUNCILS for node in self.nodes)

    def motion_known(self) -> bool:
        return all(self.motion in node.engine.view.records for node in self.nodes)

    def position(self, node: SimNode) -> None:
        """A council takes a position, or changes it, if its node is there and lets it."""
        value: Value = self.rng.choice(("yes", "yes", "no", "abstain"))
        yes, no = self.rng.randint(0, 1_000), self.rng.randint(0, 1_000)
        valid = self.rng.choice((None, yes + no, yes + no + self.rng.randint(0, 50)))
        if not node.up:
            return
        try:
            draft = self.sim.desk(node).position(self.motion, value, yes=yes, no=no, valid=valid)
            self.acknowledged.append(self.sim.submit(node, draft))
        except LocalProtocolError as refusal:
            if refusal.reason not in (Reason.POSITION_LATE, Reason.FREEZE_UNKNOWN):
                raise

    # --- weather ----------------------------------------------------------------------------

    def storm(self) -> None:
        """Positions, cuts, heals, kills and restarts until the first round is over."""
        w = self.windows
        ends = self.sim.now + (w.notice + w.voting + w.grace + w.settle + w.step) * 1000
        opens = self.sim.now + w.notice * 1000
        span = w.voting * 900
        times = [opens + self.rng.randrange(span) for _ in range(COUNCILS + self.rng.randint(0, 3))]
        speakers = self.rng.sample(self.nodes, COUNCILS)
        plans = [
            (at, speakers[number % COUNCILS])
            for number, at in enumerate(sorted(times))
            if self.rng.random() < 0.9
        ]
        rough = self.rng.choice((0.0, 0.02, 0.1))  # how often something happens in 100 ms
        for cable in self.sim.wires.values():
            cable.loss = self.rng.choice((0.0, 0.0, 0.02)) if rough else 0.0
        self.say(f"faults {rough}, {len(plans)} positions")
        while self.sim.now < ends:
            while plans and plans[0][0] <= self.sim.now:
                self.position(plans.pop(0)[1])
            if self.rng.random() < rough:
                self.fault()
            self.sim.run(0.1)
            self.watch()

    def fault(self) -> None:
        cable = self.rng.choice(list(self.sim.wires.values()))
        node = self.rng.choice(self.nodes)
        what = self.rng.choice(("cut", "cut", "heal", "kill", "restart", "restart"))
        self.say(f"{self.sim.now / 1000:.1f} {what} {node.name} {[e.name for e in cable.ends]}")
        match what:
            case "cut":
                self.sim.cut(*cable.ends)
            case "heal":
                self.sim.heal(*cable.ends)
            case "kill" if node.up:
                self.sim.kill(node)
            case "restart" if not node.up:
                self.sim.restart(node)
            case _:
                pass

    def calm(self) -> None:
        """All wires up, all nodes up, and time to settle."""
        for node in self.nodes:
            if not node.up:
                self.sim.restart(node)
        for cable in self.sim.wires.values():
            cable.loss = 0.0
            self.sim.heal(*cable.ends)
        for _ in range(SETTLE_S):
            self.sim.run(1)
            self.watch()

    # --- what must hold -----------------------------------------------------------------------

    def status(self, node: SimNode) -> MotionStatus:
        status = node.engine.view.motion_status(self.motion, self.sim.now_s)
        if isinstance(status, Reason):
            raise Breach(f"{node.name} cannot judge the motion: {status}")
        return status

    def watch(self) -> None:
        """At any time: no two final outcomes, and a quorum of locks under each."""
        for node in self.nodes:
            status = self.status(node)
            if status.state is not State.FINAL or status.outcome is None:
                continue
            locks = (
                {lock.council for lock in status.certificate.locks} if status.certificate else {}
            )
            if len(locks) < QUORUM:
                raise Breach(f"{node.name} is final with {len(locks)} locks of {QUORUM}")
            self.finals.setdefault(status.outcome, node.name)
            if len(self.finals) > 1:
                raise Breach(f"two final outcomes: {self.finals}")

    def check(self) -> None:
        """At the end, when all is healed."""
        now = self.sim.now_s
        digests = {node.name: node.engine.view.state_digest(now).hex()[:8] for node in self.nodes}
        if len(set(digests.values())) != 1:
            raise Breach(f"different states: {digests}")
        for node in self.nodes:
            self.check_disk(node)
        self.check_result()
        self.check_copies()
        self.check_restart(now, next(iter(digests.values())))

    def check_disk(self, node: SimNode) -> None:
        missing = [one for one in self.acknowledged if one not in node.engine.view.records]
        if missing:
            raise Breach(f"{node.name} lacks {len(missing)} acknowledged records")
        for author in self.nodes:
            own = author.engine.own
            wanted = [row[0] for row in author.disk[own]]
            if [row[0] for row in node.disk.get(own, ())] != wanted:
                raise Breach(f"{node.name} holds another log of {author.name} than {author.name}")

    def check_result(self) -> None:
        node = self.rng.choice(self.nodes)
        status = self.status(node)
        rows = {log: [row[:2] for row in rows] for log, rows in node.disk.items()}
        count = recount(read(self.sim.network, rows), self.motion)
        self.say(f"{status.state} {status.outcome}; recounted: by receipts {count.provisional}")
        self.say(f"people {count.people}; by locks {count.certified}, {dict(count.locks)}")
        if status.state is State.FINAL:
            self.check_certificate(status, count)
        elif count.certified is not None:
            raise Breach(f"{status.state}, but the recount finds it certified: {count.certified}")
        else:
            said = status.outcome if status.state is State.PROVISIONAL else status.state
            if said != count.provisional:
                raise Breach(f"{said} {status.fault}, recounted {count.provisional}")

    def check_certificate(self, status: MotionStatus, count: Recount) -> None:
        if status.outcome != count.certified:
            raise Breach(f"final {status.outcome}, recounted {count.certified}")
        if count.quorum != QUORUM or count.locks[str(status.outcome)] < QUORUM:
            raise Breach(f"{count.locks} locks, {QUORUM} needed")
        certificate = status.certificate
        counted = getattr(certificate.vote.body, "counted", ()) if certificate is not None else ()
        people = count.lists.get(frozenset(counted))
        if people is None:
            raise Breach("the list of the certificate does not give its outcome")
        if status.tally is None or (status.tally.people_yes, status.tally.people_no) != people:
            raise Breach(f"{status.tally}, but the list gives {people}")

    def check_copies(self) -> None:
        received = sum(node.leaves_received for node in self.nodes)
        kept = sum(
            len(rows)
            for node in self.nodes
            for log, rows in node.disk.items()
            if log != node.engine.own
        )
        if received > COPIES_MAX * kept:
            raise Breach(f"{received} bodies received for {kept} kept")

    def check_restart(self, now: int, digest: str) -> None:
        node = self.rng.choice(self.nodes)
        self.sim.kill(node)
        self.sim.restart(node)
        again = node.engine.view.state_digest(now).hex()[:8]
        if again != digest:
            raise Breach(f"{node.name} restarts with state {again}, not {digest}")


def run_seed(seed: int, say: Say) -> str:
    """Run one seed; returns how its motion ended. Raises Breach, or whatever escaped."""
    history = History(seed, say)
    history.begin()
    history.storm()
    history.calm()
    history.check()
    status = history.status(history.nodes[0])
    return f"{status.state} {status.outcome or status.fault}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The program; see the top of this file."""
    parser = argparse.ArgumentParser(description="Simulated confederations with faults.")
    parser.add_argument("--seeds", type=int, default=50, help="how many, from 1 on")
    parser.add_argument("--seed", type=int, help="this one alone, told in full")
    parser.add_argument("--topology", choices=topology.TOPOLOGIES, help="how records spread")
    parser.add_argument("--nodes", type=int, default=50, help="of the topology")
    parser.add_argument("--records", type=int, default=20, help="stated in the topology")
    parser.add_argument("--latency", type=int, default=50, metavar="MS", help="of each link")
    parser.add_argument("--loss", type=float, default=0.0, help="share of messages that cut a link")
    parser.add_argument("--silent", type=float, default=0.0, help="share of nodes switched off")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="deliveries over time")
    options = parser.parse_args(arguments)
    if options.topology is not None:
        found = topology.spread(
            options.topology,
            options.nodes,
            records=options.records,
            seed=options.seed or 1,
            latency_ms=options.latency,
            loss=options.loss,
            silent=options.silent,
            say=print,
        )
        print("\n".join(found.lines()))
        if options.plot is not None:
            topology.plot(options.plot, [(options.topology, found)])
        return 0
    seeds = [options.seed] if options.seed is not None else list(range(1, options.seeds + 1))
    say: Say = print if options.seed is not None else _silent
    started = time.process_time()
    ends: dict[str, int] = {}
    for number, seed in enumerate(seeds, 1):
        try:
            end = run_seed(seed, say)
        except Exception as breach:  # noqa: BLE001 (whatever escapes an engine is a finding)
            if not isinstance(breach, Breach):
                traceback.print_exc()
            print(f"seed {seed} FAILED: {type(breach).__name__}: {breach}")
            print(f"again: python tools/simulate.py --seed {seed}")
            return 1
        ends[end] = ends.get(end, 0) + 1
        if number % 10 == 0:
            print(f"{number} seeds, {time.process_time() - started:.1f} s", flush=True)
    told = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    print(f"all held: {len(seeds)} seeds, {COUNCILS} councils each: {told}")
    return 0


def _silent(_: str) -> None:
    pass


if __name__ == "__main__":
    sys.exit(main())
