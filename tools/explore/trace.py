"""A run in words: who signs what, holding what, and which certificates that makes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tools.explore.layers import Found, State, path
from tools.explore.liveness import Case, Tease
from tools.explore.model import NAMES, NONE, OUTCOMES, Lock, Model


def lock_name(lock: Lock) -> str:
    """What a status says."""
    return "no lock" if lock == NONE else f"lock of round {lock[0]}, {NAMES[lock[1]]}"


def names_of(nodes: Sequence[int], liars: int = 0) -> str:
    """Councils by name: c1, c2 are honest, x1 lies."""
    honest = [f"c{node + 1}" for node in sorted(nodes)]
    return ", ".join(honest + [f"x{number + 1}" for number in range(liars)])


@dataclass(slots=True)
class _Run:
    """What honest nodes have signed so far, by round."""

    model: Model
    statuses: dict[int, dict[int, Lock]] = field(default_factory=dict)
    votes: dict[int, dict[int, int]] = field(default_factory=dict)
    locks: dict[int, dict[int, int]] = field(default_factory=dict)

    def sign(self, layer: str, round_: int, node: int, act: object) -> None:
        """Take up what a node signed."""
        match layer, act:
            case "status", (int(number), int(outcome)):
                self.statuses.setdefault(round_, {})[node] = (number, outcome)
            case "vote", int(vote):
                self.votes.setdefault(round_, {})[node] = vote
            case "lock", int(lock):
                self.locks.setdefault(round_, {})[node] = lock
            case _:
                raise AssertionError(layer)

    def voted_by(self, round_: int, node: int, vote: int) -> str:
        """Why a node votes so."""
        held = self.statuses.get(round_, {})
        if round_ == 1 or not self.model.statuses:
            return "its own result"
        proven = {lock for lock in self.proofs() if lock[0] < round_}
        choices = self.model.vote_choices(
            held[node], list(held.values()), frozenset(proven), round_
        )
        by = next(lock for outcome, lock in choices if outcome == vote)
        holds = [other for other, lock in held.items() if lock[0] <= by[0]]
        liars = self.model.liars if len(holds) < self.model.q or by not in held.values() else 0
        why = f"by the {lock_name(by)}" if by != NONE else "its own result, as there is no lock"
        return f"holding the statuses of {names_of(holds, liars)}: {why}"

    def proofs(self) -> set[Lock]:
        """The locks that votes prove by now."""
        return {
            (r, outcome) for r in self.votes for outcome in OUTCOMES if self.holders(r, outcome)
        }

    def holders(self, round_: int, outcome: int) -> list[int]:
        """The honest nodes whose votes prove a lock, if they do with the liars."""
        rounds = [r for r in self.votes if r <= round_] if self.model.add_votes else [round_]
        cast = {n for r in rounds for n, vote in self.votes.get(r, {}).items() if vote == outcome}
        return sorted(cast) if self.model.enough(len(cast)) else []

    def lockers(self, round_: int | None, outcome: int) -> list[int]:
        """The honest nodes that locked an outcome in a round (None: in any)."""
        rounds = list(self.locks) if round_ is None else [round_]
        return sorted({n for r in rounds for n, o in self.locks.get(r, {}).items() if o == outcome})


def lines(found: Found, state: State) -> Iterator[str]:
    """The run that leads to `state`, record by record, in an order in which it can happen."""
    run = _Run(found.model)
    after: list[str] = []  # signed for a round after a status of a later one
    current = 0
    steps = path(found, state)
    # Records by which a node breaks its own later status must come last: nobody waits for them.
    spoken = {
        (names[i], step.round): act
        for step, names in steps
        if step.layer == "status"
        for i, act in enumerate(step.acts)
        if isinstance(act, tuple)
    }
    for step, names in steps:
        acts = sorted((names[i], act) for i, act in enumerate(step.acts) if act is not None)
        if acts and step.round != current:
            current = step.round
            yield f"round {current}"
        for node, act in acts:
            run.sign(step.layer, step.round, node, act)
        for node, act in acts:
            late = any(n == node and r > step.round > lock[0] for (n, r), lock in spoken.items())
            text = f"  c{node + 1} {_said(run, step.layer, step.round, node, act)}"
            if step.layer == "lock" and late:
                after.append(text)
            else:
                yield text
    if after:
        yield "then, for a round below that of its status"
        yield from after
    yield from _certificates(run, state)


def _said(run: _Run, layer: str, round_: int, node: int, act: object) -> str:
    match layer, act:
        case "status", (int(number), int(outcome)):
            return f"status: {lock_name((number, outcome))}"
        case "vote", int(vote):
            return f"votes {NAMES[vote]}, {run.voted_by(round_, node, vote)}"
        case "lock", int(lock):
            holds = names_of(run.holders(round_, lock), run.model.liars)
            return f"locks {NAMES[lock]} for round {round_}, holding the votes of {holds}"
        case _:
            raise AssertionError(layer)


def _certificates(run: _Run, state: State) -> Iterator[str]:
    rounds = [None] if run.model.add_locks else sorted({round_ for round_, _ in state.certified})
    for round_ in rounds:
        for outcome in OUTCOMES:
            lockers = run.lockers(round_, outcome)
            if run.model.valid(outcome) and run.model.enough(len(lockers)):
                of = "all rounds together" if round_ is None else f"round {round_}"
                who = names_of(lockers, run.model.liars)
                yield f"certificate of {of}: {NAMES[outcome].upper()}, locks of {who}"


def stuck_lines(model: Model, case: Case) -> Iterator[str]:
    """A round that does not finish, and what comes of it."""
    yield f"round {case.round}: {names_of(case.members)} are honest and hold the same"
    for node, status in zip(case.members, case.statuses, strict=True):
        yield f"  c{node + 1} status: {lock_name(status)}"
    for node, vote in zip(case.members, case.votes, strict=True):
        yield f"  c{node + 1} votes {NAMES[vote]}, the result of its own journal"
    yield f"  no outcome has {model.q} votes, so nobody locks"
    yield "  nobody knows which positions differ: every later round is the same, for ever"


def tease_lines(model: Model, run: Sequence[Tease]) -> Iterator[str]:
    """Rounds that a liar keeps from finishing by the time at which it shows what it holds."""
    for each in run:
        votes = ", ".join(f"c{i + 1} {NAMES[vote]}" for i, vote in enumerate(each.votes))
        if each.shown == NONE:
            yield f"round {each.round}: votes {votes}; x1 keeps its vote back"
        else:
            who = names_of(range(each.to))
            yield (
                f"round {each.round}: x1 shows {who} its {lock_name(each.shown)} just before the"
                f" vote; votes {votes}; x1 keeps its vote back"
            )
