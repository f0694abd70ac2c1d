"""Random histories of deciding councils, some of them careless, some of them liars.

Councils come, leave, return, are let in, excluded and found dormant; compacts have units and get
new versions that each ratifies for itself; motions are amended, withdrawn, taken over, read twice,
put again, frozen too early or without somebody, certified in later rounds or by lists that differ;
decisions are disputed, held, claimed back, found void, replaced, carried out, and end.
"""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, cast

from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.dispute import Dispute
from confedproto.bodies.finding import Finding
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.hold import Hold
from confedproto.bodies.lock import Lock
from confedproto.bodies.motion import Money, Motion
from confedproto.bodies.naming import Naming
from confedproto.bodies.objection import Objection
from confedproto.bodies.second import Second
from confedproto.bodies.status import Status
from confedproto.bodies.takeover import Takeover
from confedproto.bodies.task import Task
from confedproto.bodies.vote import Vote
from confedproto.bodies.withdraw import Withdraw
from confedproto.record import VerifiedRecord
from confedproto.view import View
from tests.support.assembly import FAR, TERMS, WINDOWS
from tests.support.councils import NETWORK, feed
from tests.support.decision_councils import Councils
from tests.support.decision_coverage import covered

WAITS: Final = (10, 10, 10, 10, 9, 14)
PLAIN: Final = ("coordination",) * 4 + ("admin",) * 3 + ("budget", "recall-request")
STEPS: Final[tuple[str, ...]] = (
    *("exclusion", "dormancy", "accession", "reading", "emergency", "versions"),
)
WITHIN: Final = ("charter", "accession", "exclusion", "dissolution", "dormancy")
"""Classes about the compact itself: no units, and decided with more care."""


class History(Councils):
    """One seed's history; `times` are the instants at which states are compared."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.motions: list[VerifiedRecord] = []
        self.adopted: list[VerifiedRecord] = []
        self.again: list[VerifiedRecord] = []  # what a new vote is asked on
        self.freezes: list[VerifiedRecord] = []
        self.disputes: list[VerifiedRecord] = []
        if "units" in self.themes:
            self.found_units()
        if "newcomer" in self.themes:
            self.newcomer()
        steps = [getattr(self, f"_{one}") for one in self._planned()]
        for step in steps:
            if self.chance(0.2):
                self.come_or_go()
            step()
        if self.again:
            self._plain()
        if self.chance(0.05):
            self._unheard()
        if self.adopted and self.chance(0.05):
            self._carried_out(self.adopted[-1], policy=1)
        self.times.add(FAR)

    def _planned(self) -> list[str]:
        """The steps of this history, in a random order; what ends it comes last."""
        own = [one for one in STEPS if one in self.themes]
        own += ["plain"] * self.rng.choice((1, 2, 2, 3, 3))
        self.rng.shuffle(own)
        return [*own, *(["dissolution"] if "dissolution" in self.themes else [])]

    # --- themes -------------------------------------------------------------------------------

    def _plain(self) -> None:
        name = self.rng.choice(
            ("coordination",) * 4 + ("admin",) * 3 + ("budget", "recall-request")
        )
        self.decided(name, by=self.rng.randrange(self.count))
        if self.chance(0.06):
            self.made.now += TERMS.pause or 0

    def _careful(self, name: str, by: int, word: str = "Y", **fields: Any) -> VerifiedRecord:
        """A motion of the compact about itself, in which few err."""
        self.care = 0.1
        motion = self.decided(name, by=by, word=word, **fields)
        self.care = self.usual
        return motion

    def _exclusion(self) -> None:
        target, by = self.rng.sample(range(self.founders), 2)
        about = self.made.authors[target].council
        first = self._careful("exclusion", by, target=about)
        self.made.now += self.rng.choice((90, 100, 100, 60))
        named = None if self.slip(0.05) else first.id
        second = self._careful("exclusion", by, target=about, first=named)
        self.out[target] = second

    def _dormancy(self) -> None:
        target, by = self.rng.sample(range(self.founders), 2)
        about = self.made.authors[target].council
        self.out[target] = self._careful("dormancy", by, target=about)

    def _accession(self) -> None:
        one, by = self.newcomer(), self.rng.randrange(self.founders)
        asked = [self._asked(one, by, word) for word in self.rng.choice(("Y", "Y", "NY"))]
        if self.chance(0.5):
            self.accede(one, asked[-1])

    def _asked(self, one: int, by: int, word: str) -> VerifiedRecord:
        """A motion to let a council in, before or after its accession that names it."""
        about = self.made.authors[one].council
        early = self.chance(0.5)
        self.care = 0.1
        motion = self.moved("accession", by, target=about)
        if early:
            self.accede(one, motion)
        self.voted(motion, by, word=word)
        self.care = self.usual
        if not early:
            self.accede(one, motion)
        return motion

    def _reading(self) -> None:
        """A motion that too few speak to, and its second reading."""
        by, name = self.rng.randrange(self.founders), self.rng.choice(("admin", "recall-request"))
        target = bytes(32) if name == "recall-request" else None
        first = self._careful(name, by, word="-", target=target, reversible=True)
        self.made.now += self.rng.choice((30, 60, 60, 60, 250))
        same = target if not self.slip(0.05) else bytes(31) + b"1"
        self._careful(name, by, target=same, reversible=True, first=first.id)

    def _emergency(self) -> None:
        self.decided("emergency", by=self.member(), word="Y")

    def _unheard(self) -> None:
        """A freeze that nobody had when it opened, or two that all had."""
        made, by = self.made, self.rng.randrange(self.founders)
        self.care, two = 0.1, self.chance(0.5)
        motion = self.moved("coordination", by)
        seconds = [made.put(one, Second(), motion) for one in range(self.count)]
        made.now += 14
        begun, roll = made.now, self.frozen_roll(motion, by, set())
        for notice in (12, 13) if two else (12,):
            made.now = begun
            made.freeze(
                motion, by=by, wait=0, notice=notice, witnessed=False, seconds=seconds, **roll
            )
        made.now = begun + (1 if two else 14)
        made.witness()
        made.now = begun + 15
        self.times.add(made.now)
        self.care = self.usual

    def _versions(self) -> None:
        version = self.proposed()
        motion = self._careful("charter", self.rng.randrange(self.founders), target=version.id)
        if motion.council:
            self.amended_compact(motion, version)

    def _dissolution(self) -> None:
        for _ in range(self.rng.choice((1, 2))):
            self._careful("dissolution", self.rng.randrange(self.founders))
        self._plain()

    # --- motions ------------------------------------------------------------------------------

    def decided(self, name: str, *, by: int, word: str = "", **fields: Any) -> VerifiedRecord:
        """A motion of a class through its life; `word` is what most say."""
        motion = self.moved(name, by, **fields)
        self.voted(motion, by, word=word)
        return motion

    def moved(self, name: str, by: int, **fields: Any) -> VerifiedRecord:
        """A motion, received by all for the most part."""
        made, start = self.made, self.made.now
        if self.slip(0.08):
            made.now -= 12  # it says that it was written long ago
        given = {**self._fields(name, by), **fields}
        motion = made.move(name, by=by, witnessed=False, **given)
        made.now = max(start + 1, made.now)
        if not self.slip(0.07):
            made.witness()
        self.motions.append(motion)
        return motion

    def voted(self, motion: VerifiedRecord, mover: int, *, word: str = "") -> None:
        """From the discussion to the decision, and what is said of it afterwards."""
        rng, made = self.rng, self.made
        about = self._discussion(motion, mover)
        freeze = self._freeze(motion, mover, about)
        self.freezes.append(freeze)
        self.times.add(made.now)
        if self.slip(0.1):
            self._frozen(motion, by=mover)
        made.now += 1
        most = word or rng.choice("YYYYYYYNR-")
        torn = not word and self.chance(0.3)
        for by in range(self.count):
            if most == "-" and not self.chance(0.2):
                continue
            self._speak(motion, freeze, by, rng.choice("YYNNA") if torn else most)
        if self.slip(0.1):
            self.come_or_go()
        if self.chance(0.6):
            self.claims_back(motion)
        made.now += 1
        made.witness(self.some() if self.slip(0.5) else None)
        body = self.frozen(freeze)
        made.now = body.closes + rng.choice((1, WINDOWS.grace + 1))
        self.times |= {body.closes + 1, body.closes + WINDOWS.grace + 1}
        made.witness()
        careful = self.care < self.usual
        if careful or self.chance(0.8):
            self._certify(motion, freeze)
        adopted = motion in self.adopted[-1:]
        if self.chance(0.2 if adopted else 0.05):
            self._carried_out(motion)
        if self.chance((0.1 if careful else 0.5) if adopted else 0.15):
            self._dispute(motion)
        if self.chance(0.15):
            for one in self.some():
                named = self.disputes[-1].id if self.disputes and self.chance(0.5) else None
                made.put(one, Hold(reason="Wait.", dispute=named), motion)
            self.times |= {made.now, made.now + 60}
        if self.chance(0.3):
            self._demand(motion, freeze)
        self.seen(0.3)

    def _fields(self, name: str, mover: int) -> dict[str, Any]:
        """What a motion says of other records."""
        rng, out = self.rng, dict[str, Any]()
        if self.version is not None and mover in self.took and not self.slip(0.1):
            out["version"] = self.version.id
        if self.units and (name not in WITHIN) != self.slip(0.05):
            some = rng.sample(sorted(self.units), min(len(self.units), rng.choice((2, 2, 2, 3))))
            out["units"] = tuple(sorted(some[:1] if self.slip(0.05) else some))
        if self.units and self.chance(0.2):
            out["affected"] = self.ids(sorted(set[int]().union(*self.units.values())))
        elif self.chance(0.06):
            out["affected"] = self.ids(self.some())
        if self.chance(0.6) or name == "admin":
            out["reversible"] = True if not self.slip(0.1) else None
        if name == "budget" and not self.slip(0.1):
            cap = 10 if not self.slip(0.1) else 3
            out["money"] = Money(cost=5, cap=cap, currency="EUR", source="Dues.")
        if name == "recall-request" and not self.slip(0.1):
            out["target"] = bytes(32)
        if self.chance(0.1):
            out["ends"] = self.made.now + rng.choice((60, 150))
        if self.chance(0.1):
            out["begins"] = self.made.now + rng.choice((30, 90))
        if self.chance(0.1):
            out["carrier"] = rng.choice(self.made.authors).council
        if self.slip(0.03):
            out["rule"] = "majority"
        which = rng.choice(("supersedes", "repeals", "supersedes", "contradicts", "depends"))
        if self.adopted and self.chance(0.5):
            out[which] = (rng.choice(self.adopted[-2:]).id,)
        elif self.motions and self.slip(0.4):
            out[which] = (rng.choice(self.motions).id,)
        if self.motions and self.chance(0.15):
            out["parent"] = rng.choice(self.motions).id
        if self.motions and self.slip(0.04):
            out["first"] = rng.choice(self.motions).id
        if self.disputes and self.chance(0.25):
            about = rng.choice(self.disputes)
            said = about.id if self.chance(0.6) else about.subject
            out[rng.choice(("repeals", "repeals", "depends"))] = (said,)
        return out

    def _discussion(self, motion: VerifiedRecord, mover: int) -> dict[str, Any]:
        """Seconds, versions, claims and withdrawal; gives what the freeze names of them."""
        made, out, body = self.made, dict[str, Any](), motion.body
        assert isinstance(body, Motion)
        share = 0.9 if self.frozen_seconds or (body.parent and self.chance(0.4)) else 0.2
        seconds = [made.put(by, Second(), motion) for by in self.some() if self.chance(share)]
        out["seconds"] = seconds or None
        if self.chance(0.25):
            amends = [made.amend(motion, by=by) for by in self.some()[:2]]
            out["versions"] = amends if not self.slip(0.1) else amends[:1]
        if self.chance(0.15):
            by = mover if not self.slip(0.25) else self.rng.randrange(self.count)
            made.now += 4 if self.chance(0.3) else 0
            fix = made.amend(motion, by=by, editorial=True)
            if self.chance(0.3):
                made.put(self.rng.randrange(self.count), Objection(reason="No."), fix)
            out["versions"] = [*out.get("versions", ()), fix]
        if body.affected is not None:
            claims = [
                made.put(by, AffectedClaim(reason="Us too."), motion)
                for by, author in enumerate(made.authors)
                if author.council not in body.affected and self.chance(0.4)
            ]
            out["claims"] = claims or None
        if self.chance(0.06):
            made.put(mover, Withdraw(), motion)
            if self.chance(0.6):
                by = self.rng.randrange(self.count)
                made.now += self.rng.choice((0, 21))
                out["takeover"] = made.put(by, Takeover(), motion).id
                out["by"] = by
        return out

    @property
    def frozen_seconds(self) -> bool:
        """Whether the compact asks for seconds."""
        return self._body(self.made.compact).seconds > 0

    def _freeze(self, motion: VerifiedRecord, mover: int, about: dict[str, Any]) -> VerifiedRecord:
        made, rng, body = self.made, self.rng, motion.body
        assert isinstance(body, Motion)
        by = about.pop("by", mover if not self.slip(0.03) else rng.randrange(self.count))
        if body.name == "emergency" and self.chance(0.7):
            made.now += rng.choice((1, 6))
        else:
            made.now += rng.choice(WAITS) if self.slip(1) else 14
        back = self.slip(0.05)
        if back:
            made.now -= 8
        return self._frozen(motion, by=by, later=9 if back else 1, **about)

    def _frozen(
        self, motion: VerifiedRecord, *, by: int, later: int = 1, **about: Any
    ) -> VerifiedRecord:
        """A freeze, named whole for the most part, and its receipts `later`."""
        made, body = self.made, motion.body
        assert isinstance(body, Motion)
        claims = {record.council for record in about.get("claims") or ()}
        notice = self.rng.choice((10, 10, 10, 10, 10, 10, 9)) if self.slip(1) else 12
        if body.name == "emergency":
            notice = self.rng.choice((6, 5, 5, 4))
        frozen = made.freeze(
            motion,
            by=by,
            wait=0,
            notice=notice,
            witnessed=False,
            **about | self.frozen_roll(motion, by, claims),
        )
        if not self.slip(0.08):
            opens, made.now = made.now, frozen.time + later
            made.witness()
            made.now = max(opens, made.now)
        return frozen

    def _speak(
        self, motion: VerifiedRecord, freeze: VerifiedRecord, by: int, most: str = "Y"
    ) -> None:
        rng, made, body = self.rng, self.made, freeze.body
        assert isinstance(body, Freeze)
        texts = [motion.id, *(body.versions or ())]
        for number in (1, rng.choice((1, 2))):
            word = rng.choice("YYNNABBRS-") if self.slip(0.45) else most
            if word == "-":
                continue
            said: dict[str, Any] = {"yes": rng.randint(0, 9), "no": rng.randint(0, 9)}
            if word == "Y" and self.chance(0.6):
                said["no"] = 0
            if self.chance(0.2):
                said["valid"] = (
                    said["yes"] + said["no"] + rng.choice((0, 1, 3, -1 * self.slip(0.2)))
                )
                said["valid"] = max(0, said["valid"])
            if word == "B" and self.chance(0.5):
                said |= {"reason": "Harm.", "clause": "3", "contact": "us"}
            if self.slip(0.03):
                said["present"] = 3
            if body.versions is not None or self.slip(0.02):
                named = rng.sample(texts, rng.randint(1, len(texts)))
                wrong = self.slip(0.05)
                said["versions"] = (bytes(32),) if wrong else tuple(sorted(named))
            made.position(freeze, by, word, number=number, **said)
            if self.chance(0.85):
                return

    # --- rounds -----------------------------------------------------------------------------------

    def _certify(self, motion: VerifiedRecord, freeze: VerifiedRecord) -> None:
        """Most councils vote what they counted, not all by one list; one may lie."""
        made, model = self.made, self.model()
        row, placed = model.by_id[motion.id], model.by_id[freeze.id]
        if not model.admissible(row):
            return
        counted = sorted(model.counted(row, placed), key=lambda one: one.id)
        found = model.result(row, placed, counted)
        if found is None:
            return
        made.now = self.frozen(freeze).closes + WINDOWS.grace + WINDOWS.settle
        ids, outcome = tuple(one.id for one in counted), found["outcome"]
        if self.chance(0.2) and len(ids) > 1:  # nobody had one of them in time
            kept = [one for one in counted if one is not self.rng.choice(counted)]
            same = model.result(row, placed, kept)
            if same is not None and same["outcome"] == outcome:
                ids = tuple(one.id for one in kept)
        if self.chance(0.2):
            first = self.rng.choice(((0.4, 0.2), (0.9, 0.4), (0.4, 0.9)))
            self._round(1, motion, freeze, (ids, outcome), first)
            self._round(2, motion, freeze, (ids, outcome), (0.95, 0.95))
            if self.chance(0.3):
                self._round(3, motion, freeze, (ids, outcome), (0.95, 0.95))
        else:
            self._round(1, motion, freeze, (ids, outcome), (0.95, 0.95))
        made.now += 1
        if self.model().outcome(motion.id) == "adopted":
            self.adopted.append(motion)

    def _round(
        self,
        number: int,
        motion: VerifiedRecord,
        freeze: VerifiedRecord,
        said: tuple[Sequence[bytes], str],
        shares: tuple[float, float],
    ) -> None:
        """A round in which these shares of the councils vote and lock."""
        made, (ids, outcome) = self.made, said
        split, alone = self.slip(0.2), self.slip(0.1)
        votes, locks = ({one for one in range(self.count) if self.chance(s)} for s in shares)
        if self.care < self.usual:
            votes, locks = set(range(self.count)), set(range(self.count))
        for by, author in enumerate(made.authors):
            word: Any = outcome if by or not alone else "rejected"
            kept = list(ids)
            if split and kept and self.chance(0.8):
                kept.pop(by % len(kept))
            back = self.frozen(freeze).closes if self.slip(0.03) else made.now
            bodies: list[Any] = []
            if number > 1:
                bodies.append(Status(freeze=freeze.id, round=number))
            if by in votes:
                bodies.append(
                    Vote(freeze=freeze.id, round=number, outcome=word, counted=tuple(kept))
                )
            if by in locks:
                bodies.append(Lock(freeze=freeze.id, round=number, outcome=word))
            for body in bodies:
                author.sign_by_node(body, subject=motion.id, time=back)
        made.now += number * WINDOWS.step

    # --- afterwards -------------------------------------------------------------------------------

    def _carried_out(self, motion: VerifiedRecord, policy: float = 0.4) -> None:
        """A task that says that all is done, and who says that it is policy."""
        made, body = self.made, motion.body
        assert isinstance(body, Motion)
        by = self.rng.randrange(self.count)
        if body.carrier is not None and self.chance(0.8):
            by = next(i for i, a in enumerate(made.authors) if a.council == body.carrier)
        task = made.put(by, Task(title="All.", done=True if self.chance(0.9) else None), motion)
        if self.chance(policy):
            for one in self.some()[:3]:
                disputed = made.put(one, Dispute(name="scope", remedy="See."), task)
                if self.chance(0.5):
                    self.disputes.append(disputed)
                    self._panel(disputed, task, self.rng.choice(("void", "void", "valid")))

    def _demand(self, motion: VerifiedRecord, freeze: VerifiedRecord) -> None:
        """Some ask for a new vote, for the most part over a position that no list names."""
        made, model = self.made, self.model()
        row, placed = model.by_id[motion.id], model.by_id[freeze.id]
        if not model.admissible(row):
            return
        known = {one.id for one in model.shown(row, placed) or ()}
        said = [one.id for one in model.counted(row, placed) if one.id not in known]
        if not said or self.slip(0.2):
            said = [one.id for one in model.find("position", motion.id)]
        if not said:
            return
        self.again.append(motion)
        made.now += self.rng.choice((0, 0, 30))
        for one in self.some():
            made.put(one, Hold(reason="Again.", position=self.rng.choice(said)), motion)
        made.now += 1
        made.witness()

    def _dispute(self, motion: VerifiedRecord) -> None:
        """A dispute on the decision, its freeze or a position, and a panel."""
        made, rng = self.made, self.rng
        effect = rng.choice(
            ("void", "valid", "recount", "recount", "new-vote", "new-vote", "recommend")
        )
        name: Any = rng.choice(("procedure", "procedure", "scope"))
        disputed = made.put(rng.randrange(self.count), Dispute(name=name, remedy="See."), motion)
        self.disputes.append(disputed)
        self._panel(disputed, motion, effect)
        if effect == "new-vote":
            self.again.append(motion)
        abouts = [one.leaf for one in self.model().find("position", motion.id)]
        abouts = rng.sample(abouts, min(len(abouts), 3 if effect == "recount" else 1))
        if self.chance(0.2):
            abouts = [one for one in self.freezes[-1:] if one.subject == motion.id]
        for about in abouts if effect == "recount" or self.chance(0.3) else ():
            by = rng.randrange(self.count)
            disputed = made.put(by, Dispute(name="procedure", remedy="See."), about)
            self.disputes.append(disputed)
            self._panel(disputed, about, "void" if self.chance(0.8) else "valid")
        self.times |= {made.now + 10, made.now + 35}

    def _panel(self, disputed: VerifiedRecord, about: VerifiedRecord, effect: str) -> None:
        """A panel that all parties name, for the most part, and what it finds."""
        made, rng, word = self.made, self.rng, cast(Any, effect)
        parties = {disputed.council, about.council}
        free = [i for i, a in enumerate(made.authors) if a.council not in parties]
        panel = rng.sample(range(self.count), 3) if self.count >= 3 else []
        if len(free) >= 3 and not self.slip(0.1):
            panel = rng.sample(free, 3)
        if not panel:
            return
        named = tuple(sorted(made.authors[i].council for i in panel))
        for i, author in enumerate(made.authors):
            if author.council in parties and not self.slip(0.05):
                made.put(i, Naming(role="panel", councils=named), disputed)
        for i in panel:
            if not self.slip(0.15):
                made.put(i, Finding(effect=word, text="So."), disputed)

    # --- questions ----------------------------------------------------------------------------

    def digests(self, order: int, instants: Sequence[int] = ()) -> list[bytes]:
        """The library's answers after one random order of delivery, asked on the way too.

        `instants`: when; none are all of `times`.
        """
        rng, view = random.Random(order), View(NETWORK)
        half = {a.council: rng.randint(0, len(a.leaves)) for a in self.made.authors}
        feed(view, self.made.authors, rng=rng, upto=half)
        view.state_digest(rng.choice(sorted(self.times)))
        feed(view, self.made.authors, rng=rng)
        return [bytes(view.state_digest(now)) for now in instants or sorted(self.times)]

    def differences(self, orders: int, *wrong: str) -> str | None:
        """Where some order of delivery differs from the model, or None.

        The first order is asked at every instant, the others at the last and at two more.
        """
        model, times = self.model(*wrong), sorted(self.times)
        wanted = {now: model.digest(now) for now in times}
        for order in range(orders):
            two = random.Random(order).sample(times, min(2, len(times)))
            instants = sorted({times[-1], *two}) if order else times
            if self.digests(order, instants) != [wanted[now] for now in instants]:
                return f"order {order}"
        return None

    def reached(self) -> Counter[str]:
        """How often each state, outcome, effect, step, reason and feature is reached here."""
        view = View(NETWORK)
        feed(view, self.made.authors)
        return covered(self.model(), view, self.motions, sorted(self.times))
