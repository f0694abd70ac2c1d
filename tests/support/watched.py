"""A simulator that remembers what was said, and runs that a test hands over by itself."""

from confedproto import effects as fx
from confedproto import inputs, runs, wire
from confedproto.ids import LogId
from confedproto.testing import SimNode, Simulator


class Watched(Simulator):
    """A simulator that remembers what was said, in order: (who, over which link, message)."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.said: list[tuple[str, int, wire.Message]] = []
        self.mute = False
        """Whether all that is said from now on is lost on the way."""

    def _transmit(self, node: SimNode, link: int, message: wire.Message) -> None:
        self.said.append((node.name, link, message))
        if not self.mute:
            super()._transmit(node, link, message)

    def count(self, kind: type[wire.Message]) -> int:
        return sum(isinstance(message, kind) for _, _, message in self.said)


def held(node: SimNode, log: LogId) -> int:
    """How many leaves of a log a node holds."""
    entry = node.engine.view.logs.get(log)
    return entry.tree.size if entry is not None else 0


def tail(author: SimNode, start: int) -> wire.Run:
    """The end of the author's log as a run."""
    entry = author.engine.view.logs[author.engine.own]
    served = runs.served(entry, 0, wire.Pull(log=entry.id, start=start))
    assert served is not None
    rows = [(envelope, part) for envelope, part, *_ in author.disk[entry.id][start:]]
    return author.engine.run_message(served, rows)


def give(sim: Simulator, target: SimNode, run: wire.Run) -> list[fx.Effect]:
    """What `target` makes of a run that its first peer sends."""
    link = next(iter(target.engine.sessions))
    leaves = [runs.open_leaf(sim.network, leaf) for leaf in run.leaves]
    return target.engine.handle(inputs.RunOpened(link=link, run=run, leaves=leaves), sim.now)
