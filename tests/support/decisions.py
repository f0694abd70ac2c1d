"""Random histories of deciding councils, some of them careless, some of them liars."""

import random
from typing import Any, Final

from confedproto.bodies.exit import Exit
from confedproto.bodies.withdraw import Withdraw
from confedproto.view import View
from tests.models.decisions import Model
from tests.support.assembly import FAR, WINDOWS, Assembly
from tests.support.councils import NETWORK, feed

RULES: Final = ("majority", "super(2,3)", "double", "consensus(1)")


class History:
    """One seed's history; `times` are the instants at which states are compared."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.made = made = Assembly(rng.randint(2, 5), rules={"coordination": rng.choice(RULES)})
        self.count = len(made.authors)
        self.times = {made.now}
        for _ in range(rng.randint(1, 3)):
            self._motion()
        self.times.add(FAR)

    def _motion(self) -> None:
        rng, made = self.rng, self.made
        mover = rng.randrange(self.count)
        motion = made.move(by=mover)
        if rng.random() < 0.1:
            made.put(mover, Withdraw(), motion)
        without = [rng.randrange(self.count)] if rng.random() < 0.1 else []
        freeze = made.freeze(
            motion,
            by=mover if rng.random() < 0.95 else rng.randrange(self.count),
            wait=rng.choice((10, 10, 10, 9)),
            councils=made.roll(without=without),
            witnessed=rng.random() < 0.9,
        )
        self.times.add(made.now)
        if rng.random() < 0.05:
            made.freeze(motion, by=mover)
        made.now += 1
        for by in range(self.count):
            self._speak(freeze, by)
        if rng.random() < 0.2:
            made.put(rng.randrange(self.count), Exit(), made.compact)
        made.now += 1
        made.witness(sorted(rng.sample(range(self.count), rng.randint(1, self.count))))
        body: Any = freeze.body
        made.now = body.closes + rng.choice((1, WINDOWS.grace + 1))
        self.times |= {body.closes, body.closes + 1, body.closes + WINDOWS.grace + 1}
        made.witness()
        if rng.random() < 0.6:
            self._certify(motion, freeze)

    def _speak(self, freeze: Any, by: int) -> None:
        rng, made = self.rng, self.made
        for number in (1, rng.choice((1, 2))):
            word = rng.choice("YYYYNNABRS-")
            if word == "-":
                continue
            ballots: dict[str, Any] = {"yes": rng.randint(0, 9), "no": rng.randint(0, 9)}
            if word == "B" and rng.random() < 0.5:
                ballots |= {"reason": "Harm.", "clause": "3", "contact": "us"}
            made.position(freeze, by, word, number=number, **ballots)
            if rng.random() < 0.6:
                return

    def _certify(self, motion: Any, freeze: Any) -> None:
        """Most councils vote what they counted; one may lie."""
        rng, made = self.rng, self.made
        model = self.model()
        rows = dict(model.logs)
        assert rows
        counted = model.counted(motion, freeze, WINDOWS)
        found = model.count(freeze, made.rules["coordination"], counted)
        outcome = found["outcome"]
        by = [i for i in range(self.count) if rng.random() < 0.9]
        made.certify(freeze, counted, outcome, by=by)
        if rng.random() < 0.3:
            made.certify(freeze, counted[:1], rng.choice(("adopted", "rejected")), by=[0])

    def model(self, *, planted: bool = False) -> Model:
        """The independent answer."""
        logs = [(author.council, author.leaves) for author in self.made.authors]
        roots = {author.council: author.log for author in self.made.authors}
        return Model(NETWORK, logs, roots, planted=planted)

    def digests(self, order: int) -> list[bytes]:
        """The library's answers after one random order of delivery, asked on the way too."""
        rng, view = random.Random(order), View(NETWORK)
        half = {a.council: rng.randint(0, len(a.leaves)) for a in self.made.authors}
        feed(view, self.made.authors, rng=rng, upto=half)
        view.state_digest(rng.choice(sorted(self.times)))
        feed(view, self.made.authors, rng=rng)
        return [bytes(view.state_digest(now)) for now in sorted(self.times)]

    def differences(self, orders: int) -> str | None:
        """Where some order of delivery differs from the model, or None."""
        model = self.model()
        wanted = [model.digest(now) for now in sorted(self.times)]
        for order in range(orders):
            if self.digests(order) != wanted:
                return f"order {order}"
        return None
