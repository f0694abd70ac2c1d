"""The plain exploration: one record at a time, in every order. Slow, and the yardstick.

A state is what each honest node has signed, the nodes taken as interchangeable. Nothing else
is left out: this is what `layers` must agree with where both can be run.
"""

from collections.abc import Iterator

from tools.explore.model import NONE, Lock, Model, Proofs

Signed = tuple[Lock | None, int | None, int | None]
"""What a node has signed in one round: its status, its vote, its lock."""
Log = tuple[Signed, ...]
"""What a node has signed, round by round."""
Pool = tuple[Log, ...]
"""The logs of the honest nodes, sorted."""


def proofs_of(model: Model, pool: Pool) -> Proofs:
    """The locks that q votes prove."""
    return frozenset(
        (number + 1, outcome)
        for number in range(model.rounds)
        for outcome in model.proven(
            [row[1] for row in log[0 if model.add_votes else number : number + 1]] for log in pool
        )
    )


def key(log: Log) -> tuple[tuple[int, ...], ...]:
    """An order of logs."""
    return tuple(
        (*(status or (0, -1)), -1 if vote is None else vote, -1 if lock is None else lock)
        for status, vote, lock in log
    )


def _floor(log: Log) -> Lock:
    held = [(i + 1, lock) for i, (_, _, lock) in enumerate(log) if lock is not None]
    return max(held, default=NONE)


def steps(model: Model, pool: Pool) -> Iterator[tuple[int, Log]]:
    """Every record that some node may sign next: the node, and its log with it."""
    proofs = proofs_of(model, pool)
    for node, log in enumerate(pool):
        last = max((i for i, row in enumerate(log) if row[0] is not None), default=0)
        for number in range(0 if model.late else last, model.rounds):
            status, vote, lock = log[number]
            rows: list[Signed] = []
            if number and status is None and vote is None and lock is None and model.statuses:
                choices = model.status_choices(_floor(log[:number]), proofs, number + 1)
                rows += [(choice, None, None) for choice in choices]
            if vote is None and lock is None:
                held = [s for other in pool if (s := other[number][0]) is not None]
                votes = model.vote_choices(status, held, proofs, number + 1)
                rows += [(status, outcome, None) for outcome, _ in votes]
            if lock is None:
                rows += [(status, vote, o) for r, o in proofs if r == number + 1]
            for row in rows:
                yield node, (*log[:number], row, *log[number + 1 :])


def start(model: Model) -> Pool:
    """Nobody has signed anything."""
    return tuple(((None, None, None),) * model.rounds for _ in range(model.honest))


def explore(model: Model) -> set[Pool]:
    """Every state that can be reached."""
    first = start(model)
    seen = {first}
    waiting = [first]
    while waiting:
        pool = waiting.pop()
        for node, log in steps(model, pool):
            after = tuple(sorted((*pool[:node], log, *pool[node + 1 :]), key=key))
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return seen
