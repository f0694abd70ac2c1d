"""The exploration round by round, which reaches all that the plain one does, sooner.

Two reductions, both exact:

Order. A record depends on records of its own round or of lower ones alone (a status on votes of
lower rounds, a vote on statuses of its round, a lock on votes of its round) and on what its own
node has signed below. The pool only grows and nothing asks that something be absent, but for
one rule: after a status, a node signs nothing for rounds below. So in any run each record
of a lower round can be moved before those of higher rounds, and within a round statuses before
votes before locks, and every step is still allowed and the same is signed in the end. It is
enough to let all nodes sign or skip their statuses, then votes, then locks, round by round.
If the rule is off (`late`), a status may leave out locks that the node signs afterwards: the
same, without the floor that a node's own locks are.

Memory. What a later round can use of a finished one is which locks are proven, which are
certified, and per node the locks that it signed; votes and statuses count no more.

States are taken up to the names of the honest nodes, which are interchangeable.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from tools.explore.model import NONE, OUTCOMES, Lock, Model, Proofs
from tools.explore.plain import Pool, proofs_of


@dataclass(frozen=True, slots=True)
class Node:
    """An honest node: the highest lock that it cannot deny, and its status of this round.

    `voted` and `locked` are the outcomes that it voted and locked in any round; they are kept
    where the model adds them up.
    """

    floor: Lock = NONE
    voted: frozenset[int] = frozenset()
    locked: frozenset[int] = frozenset()
    status: Lock | None = None

    def key(self) -> tuple[object, ...]:
        """An order of nodes."""
        return (self.floor, sorted(self.voted), sorted(self.locked), self.status or (-1, -1))


@dataclass(frozen=True, slots=True)
class State:
    """A moment between two layers: the nodes, and what the finished rounds have proven."""

    nodes: tuple[Node, ...]
    proofs: Proofs = frozenset()
    certified: frozenset[Lock] = frozenset()

    @property
    def outcomes(self) -> set[int]:
        """The outcomes for which there is a certificate."""
        return {outcome for _, outcome in self.certified}


@dataclass(frozen=True, slots=True)
class Step:
    """How a state was reached: from which, what each node did, and where each node went.

    `acts[i]` is what node i of `before` signed (None: nothing); its place is now `places[i]`.
    """

    before: State
    layer: str
    round: int
    acts: tuple[object, ...]
    places: tuple[int, ...]


LAYERS = ("status", "vote", "lock")
Choice = tuple[object, Node]
"""What a node signs, and the node afterwards."""


def _statuses(model: Model, state: State, round_: int) -> list[list[Choice]]:
    out: list[list[Choice]] = []
    for node in state.nodes:
        choices = model.status_choices(node.floor, state.proofs, round_)
        out.append([(None, node), *((lock, replace(node, status=lock)) for lock in choices)])
    return out


def _votes(model: Model, state: State, round_: int) -> list[list[Choice]]:
    held = [node.status for node in state.nodes if node.status is not None]
    out: list[list[Choice]] = []
    for node in state.nodes:
        rows: list[Choice] = [(None, replace(node, status=None))]
        for vote, by in model.vote_choices(node.status, held, state.proofs, round_):
            floor = node.floor if model.forgetful else max(node.floor, by)
            voted = node.voted | {vote} if model.add_votes else node.voted
            rows.append((vote, Node(floor, voted, node.locked)))
        out.append(rows)
    return out


def _locks(model: Model, state: State, round_: int) -> list[list[Choice]]:
    proven = [outcome for number, outcome in state.proofs if number == round_]
    out: list[list[Choice]] = []
    for node in state.nodes:
        rows: list[Choice] = [(None, node)]
        for outcome in proven:
            floor = node.floor if model.late else (round_, outcome)
            locked = node.locked | {outcome} if model.add_locks else node.locked
            rows.append((outcome, Node(floor, node.voted, locked)))
        out.append(rows)
    return out


_MOVES = {"status": _statuses, "vote": _votes, "lock": _locks}


def certificates(
    model: Model, nodes: Iterable[Node], acts: Sequence[object], round_: int
) -> Iterator[Lock]:
    """The certificates that the locks of a round make (with `add_locks`, of all rounds)."""
    last = list(nodes)
    for outcome in OUTCOMES:
        if model.add_locks:
            count = sum(outcome in node.locked for node in last)
        else:
            count = sum(act == outcome for act in acts)
        if model.valid(outcome) and model.enough(count):
            yield (round_, outcome)


def _cast(
    model: Model, nodes: Sequence[Node], acts: Sequence[object]
) -> Iterator[Iterable[int | None]]:
    for node, act in zip(nodes, acts, strict=True):
        yield node.voted if model.add_votes else [act if isinstance(act, int) else None]


def after(model: Model, state: State, layer: str, round_: int) -> Iterator[tuple[State, Step]]:
    """Every state that one layer leads to: each node signs or skips."""
    for chosen in product(*_MOVES[layer](model, state, round_)):
        acts = tuple(act for act, _ in chosen)
        nodes = [node for _, node in chosen]
        proofs, certified = state.proofs, state.certified
        if layer == "vote":
            proofs |= {(round_, outcome) for outcome in model.proven(_cast(model, nodes, acts))}
        if layer == "lock":
            certified |= set(certificates(model, nodes, acts, round_))
        order = sorted(range(len(nodes)), key=lambda i: nodes[i].key())
        places = tuple(order.index(i) for i in range(len(nodes)))
        new = State(tuple(nodes[i] for i in order), proofs, certified)
        yield new, Step(state, layer, round_, acts, places)


def is_bad(model: Model, state: State) -> bool:
    """Whether two outcomes are certified, or one that no signed positions give."""
    return len(state.outcomes) > 1 or not state.outcomes <= set(model.possible)


@dataclass(slots=True)
class Found:
    """What an exploration came to: the states after each layer, and how each was reached."""

    model: Model
    states: int
    starts: dict[int, list[State]]  # round -> states in which it can begin
    reached: dict[State, Step]
    ends: list[State]
    bad: State | None


def explore(model: Model, *, stop: bool = False) -> Found:
    """Explore all rounds; with `stop`, until a state is bad."""
    layer_states = [State((Node(),) * model.honest)]
    found = Found(model, 1, {}, {}, layer_states, None)
    for round_ in range(1, model.rounds + 1):
        found.starts[round_] = layer_states
        for layer in LAYERS:
            if layer == "status" and (round_ == 1 or not model.statuses):
                continue
            fresh: dict[State, Step] = {}
            for state in layer_states:
                for new, step in after(model, state, layer, round_):
                    if new not in fresh:
                        fresh[new] = step
            layer_states = list(fresh)
            found.states += len(fresh)
            # A state may come again in a later layer, where nobody signed: its way stays short.
            for new, step in fresh.items():
                found.reached.setdefault(new, step)
            if found.bad is None:
                found.bad = next((each for each in fresh if is_bad(model, each)), None)
            if found.bad is not None and stop:
                found.ends = layer_states
                return found
    found.ends = layer_states
    return found


def path(found: Found, state: State) -> list[tuple[Step, tuple[int, ...]]]:
    """The steps from the start to `state`, each with the names of the nodes at its places."""
    steps: list[Step] = []
    first = State((Node(),) * found.model.honest)
    while state != first:
        steps.append(found.reached[state])
        state = steps[-1].before
    names = tuple(range(found.model.honest))
    out: list[tuple[Step, tuple[int, ...]]] = []
    for step in reversed(steps):
        out.append((step, names))
        moved = list(names)
        for node, place in enumerate(step.places):
            moved[place] = names[node]
        names = tuple(moved)
    return out


def seen_in(model: Model, pool: Pool) -> State:
    """The end state of a pool of the plain exploration: the two must reach the same ones."""
    nodes: list[Node] = []
    for log in pool:
        held = [(number + 1, row[2]) for number, row in enumerate(log) if row[2] is not None]
        voted = {row[1] for row in log if row[1] is not None} if model.add_votes else set[int]()
        locked = {outcome for _, outcome in held} if model.add_locks else set[int]()
        floor = NONE if model.late else max(held, default=NONE)
        nodes.append(Node(floor, frozenset(voted), frozenset(locked)))
    certified: set[Lock] = set()
    for number in range(model.rounds):
        so_far = [log[: number + 1] for log in pool]
        for outcome in OUTCOMES:
            rows = [[row[2] for row in (log if model.add_locks else log[-1:])] for log in so_far]
            if model.valid(outcome) and model.enough(sum(outcome in row for row in rows)):
                certified.add((number + 1, outcome))
    return State(tuple(sorted(nodes, key=Node.key)), proofs_of(model, pool), frozenset(certified))
