"""Random histories of deciding councils, some of them careless, some of them liars.

Councils come, leave and return; compacts get new versions that each ratifies for itself; motions
are amended, withdrawn, taken over, frozen too early or without somebody, certified by lists that
differ; decisions are disputed, held, found void, and taken back.
"""

import random
from collections import Counter
from typing import Any, Final

from msgspec.structs import replace

from confedproto.bodies.accession import Accession
from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.dispute import Dispute
from confedproto.bodies.exit import Exit
from confedproto.bodies.finding import Finding
from confedproto.bodies.freeze import Freeze, Voter
from confedproto.bodies.hold import Hold
from confedproto.bodies.lock import Lock
from confedproto.bodies.motion import Motion
from confedproto.bodies.naming import Naming
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.second import Second
from confedproto.bodies.takeover import Takeover
from confedproto.bodies.vote import Vote
from confedproto.bodies.withdraw import Withdraw
from confedproto.record import VerifiedRecord
from confedproto.rules.motion import Case, MotionStatus, freeze_fault, notice_fault
from confedproto.view import View
from tests.models.decisions import Model
from tests.support.assembly import FAR, TERMS, WINDOWS, Assembly
from tests.support.councils import NETWORK, Author, feed, link

RULES: Final = ("majority", "super(2,3)", "double", "consensus(1)")
WAITS: Final = (10, 10, 10, 10, 9, 14)
LATER: Final = replace(TERMS, hold=50)


class History:
    """One seed's history; `times` are the instants at which states are compared."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        rules = {"coordination": rng.choice(RULES), "charter": "majority", "admin": "majority"}
        self.founders = rng.randint(2, 5)
        self.made = made = Assembly(
            self.founders, rules=rules, seconds=int(self.chance(0.1)), sponsors=1
        )
        self.times = {made.now}
        self.exits: dict[int, VerifiedRecord] = {}
        self.entries: dict[int, VerifiedRecord] = {}  # of who is no founder, or came back
        self.version: VerifiedRecord | None = None
        self.took: set[int] = set()
        self.motions: list[VerifiedRecord] = []
        self.disputes: list[VerifiedRecord] = []
        for happens, what in ((0.35, self._newcomer), (0.12, self._amended_compact)):
            if self.chance(happens):
                what()
        for _ in range(rng.choice((1, 1, 2, 2, 3))):
            if self.chance(0.25):
                self._come_or_go()
            self._motion()
        self.times.add(FAR)

    def chance(self, share: float) -> bool:
        """Whether something happens this time."""
        return self.rng.random() < share

    @property
    def count(self) -> int:
        """Councils, members or not."""
        return len(self.made.authors)

    @property
    def records(self) -> int:
        """Records in all logs."""
        return sum(len(author.leaves) for author in self.made.authors)

    def some(self) -> list[int]:
        """Some councils."""
        return sorted(self.rng.sample(range(self.count), self.rng.randint(1, self.count)))

    # --- who is in ------------------------------------------------------------------------

    def _newcomer(self) -> None:
        """A council that links with founders and accedes, in any order, seen by some."""
        made, new = self.made, Author(60)
        made.authors.append(new)
        hosts = self.rng.sample(range(self.founders), self.rng.randint(1, min(3, self.founders)))
        steps = [(made.authors[host], new) for host in hosts]
        late = self.chance(0.3)
        if not late:
            for host, guest in steps:
                link(host, guest, time=made.now)
        weight, observer = self.rng.choice((1, 2, 2, 3)), True if self.chance(0.1) else None
        body = Accession(weight=weight, observer=observer)
        self.entries[self.count - 1] = made.put(self.count - 1, body, made.compact)
        self._seen()
        if late:
            for host, guest in steps:
                link(host, guest, time=made.now)
            self._seen()

    def _seen(self) -> None:
        self.made.now += self.rng.choice((1, 8))
        if self.chance(0.8):
            self.made.witness(None if self.chance(0.7) else self.some())

    def _come_or_go(self) -> None:
        made, one = self.made, self.rng.randrange(self.count)
        if one in self.exits:
            self.entries[one] = made.put(
                one, Accession(weight=self.rng.choice((1, 2))), made.compact
            )
        else:
            self.exits[one] = made.put(one, Exit(), made.compact)
            if self.chance(0.4):
                body = Accession(weight=self.rng.choice((1, 2)))
                self.entries[one] = made.put(one, body, made.compact)
        self._seen()

    def _amended_compact(self) -> None:
        """A version of the compact, its decision, and who takes it."""
        made = self.made
        self.version = version = made.found(by=0, previous=made.compact.id, terms=LATER)
        motion = made.move("charter", target=version.id)
        roll = range(self.founders)
        made.decide(motion, "".join("Y" if i in roll else "-" for i in range(self.count)))
        for one in range(self.count):
            if self.chance(0.75):
                made.put(one, Ratify(value="yes" if self.chance(0.9) else "no"), version)
                self.took.add(one)
        self._seen()

    # --- motions ------------------------------------------------------------------------------

    def _motion(self) -> None:
        rng, made = self.rng, self.made
        mover, start = rng.randrange(self.count), made.now
        if self.chance(0.08):
            made.now -= 12  # it says that it was written long ago
        motion = made.move(
            rng.choice(("coordination", "coordination", "admin")),
            by=mover,
            witnessed=False,
            **self._fields(mover),
        )
        made.now = max(start + 1, made.now)
        if self.chance(0.93):
            made.witness()
        self.motions.append(motion)
        about = self._discussion(motion, mover)
        freeze = self._freeze(motion, mover, about)
        self.times.add(made.now)
        if self.chance(0.05):
            self._frozen(motion, by=mover)
        made.now += 1
        for by in range(self.count):
            self._speak(motion, freeze, by)
        if self.chance(0.1):
            self._come_or_go()
        made.now += 1
        made.witness(None if self.chance(0.5) else self.some())
        body: Any = freeze.body
        made.now = body.closes + rng.choice((1, WINDOWS.grace + 1))
        self.times |= {body.closes + 1, body.closes + WINDOWS.grace + 1}
        made.witness()
        if self.chance(0.7):
            self._certify(motion, freeze)
        if self.chance(0.45):
            self._dispute(motion)
        if self.chance(0.15):
            for by in self.some():
                named = self.disputes[-1].id if self.disputes and self.chance(0.5) else None
                made.put(by, Hold(reason="Wait.", dispute=named), motion)
            self.times |= {made.now, made.now + 60}

    def _fields(self, mover: int) -> dict[str, Any]:
        """What a motion says of other records."""
        out: dict[str, Any] = {}
        if self.version is not None and mover in self.took and self.chance(0.9):
            out["version"] = self.version.id
        if self.chance(0.15):
            out["affected"] = tuple(sorted(self.made.authors[i].council for i in self.some()))
        if self.chance(0.5):
            out["reversible"] = True
        if self.motions and self.chance(0.6):
            which = self.rng.choice(("supersedes", "repeals", "supersedes", "contradicts"))
            out[which] = (self.rng.choice(self.motions).id,)
        if self.disputes and self.chance(0.5):
            about = self.rng.choice(self.disputes)
            said = about.id if self.chance(0.6) else about.subject
            out[self.rng.choice(("repeals", "repeals", "depends"))] = (said,)
        return out

    def _discussion(self, motion: VerifiedRecord, mover: int) -> dict[str, Any]:
        """Seconds, versions, claims and withdrawal; gives what the freeze names of them."""
        made, out = self.made, dict[str, Any]()
        seconds = [made.put(by, Second(), motion) for by in self.some() if self.chance(0.2)]
        out["seconds"] = seconds or None
        if self.chance(0.2):
            amends = [made.amend(motion, by=by) for by in self.some()[:2]]
            out["versions"] = amends if self.chance(0.9) else amends[:1]
        body: Any = motion.body
        if body.affected is not None:
            claims = [
                made.put(by, AffectedClaim(reason="Us too."), motion)
                for by, author in enumerate(made.authors)
                if author.council not in body.affected and self.chance(0.4)
            ]
            out["claims"] = claims or None
        if self.chance(0.12):
            made.put(mover, Withdraw(), motion)
            if self.chance(0.6):
                by = self.rng.randrange(self.count)
                made.now += self.rng.choice((0, 21))
                out["takeover"] = made.put(by, Takeover(), motion).id
                out["by"] = by
        return out

    def _freeze(self, motion: VerifiedRecord, mover: int, about: dict[str, Any]) -> VerifiedRecord:
        made, rng = self.made, self.rng
        by = about.pop("by", mover if self.chance(0.97) else rng.randrange(self.count))
        made.now += rng.choice(WAITS)
        back = self.chance(0.05)
        if back:
            made.now -= 8
        return self._frozen(motion, by=by, later=9 if back else 1, **about)

    def _frozen(
        self, motion: VerifiedRecord, *, by: int, later: int = 1, **about: Any
    ) -> VerifiedRecord:
        """A freeze, named whole for the most part, and its receipts `later`."""
        made, body = self.made, motion.body
        assert isinstance(body, Motion)
        voters: list[Voter] = []
        exits: list[VerifiedRecord] = []
        entries: list[VerifiedRecord] = []
        claims = {record.council for record in about.get("claims") or ()}
        for one, author in enumerate(made.authors):
            entry, gone = self.entries.get(one), self.exits.get(one)
            listed = body.affected is None or author.council in {*body.affected, *claims}
            if not (listed or author.council == motion.council):
                continue
            if gone is not None and self.chance(0.95):
                exits.append(gone)
                if entry is None or author.leaves.index(entry) < author.leaves.index(gone):
                    continue
                entries.append(entry)
            took = body.version is None or one in self.took
            if self.chance(0.04) or not took:
                continue
            if gone is None and entry is not None and self.chance(0.2):
                continue
            said: Any = entry.body if entry is not None else None
            voters.append(Voter(council=author.council, weight=said.weight if said else 2))
        voters = voters or [Voter(council=made.authors[by].council, weight=2)]
        frozen = made.freeze(
            motion,
            by=by,
            wait=0,
            notice=self.rng.choice((10, 10, 10, 10, 10, 10, 9)),
            councils=tuple(sorted(voters, key=lambda voter: voter.council)),
            exits=exits or None,
            accessions=entries or None,
            witnessed=False,
            **about,
        )
        if self.chance(0.92):
            opens, made.now = made.now, frozen.time + later
            made.witness()
            made.now = max(opens, made.now)
        return frozen

    def _speak(self, motion: VerifiedRecord, freeze: VerifiedRecord, by: int) -> None:
        rng, made, body = self.rng, self.made, freeze.body
        assert isinstance(body, Freeze)
        texts = [motion.id, *(body.versions or ())]
        for number in (1, rng.choice((1, 2))):
            word = rng.choice("YYYYYYNNABRS-")
            if word == "-":
                continue
            said: dict[str, Any] = {"yes": rng.randint(0, 9), "no": rng.randint(0, 9)}
            if word == "B" and self.chance(0.5):
                said |= {"reason": "Harm.", "clause": "3", "contact": "us"}
            if self.chance(0.03):
                said["present"] = 3
            if body.versions is not None or self.chance(0.02):
                named = rng.sample(texts, rng.randint(1, len(texts)))
                wrong = self.chance(0.05)
                said["versions"] = (bytes(32),) if wrong else tuple(sorted(named))
            made.position(freeze, by, word, number=number, **said)
            if self.chance(0.8):
                return

    def _certify(self, motion: VerifiedRecord, freeze: VerifiedRecord) -> None:
        """Most councils vote what they counted, not all by one list; one may lie."""
        made, model = self.made, self.model()
        row, placed = model.by_id[motion.id], model.by_id[freeze.id]
        if not model.admissible(row):
            return
        counted = sorted(model.counted(row, placed), key=lambda one: one.id)
        outcome = (model.result(row, placed, counted) or {})["outcome"]
        assert isinstance(freeze.body, Freeze)
        made.now = freeze.body.closes + WINDOWS.grace + WINDOWS.settle
        split, alone = self.chance(0.2), self.chance(0.1)
        for by, author in enumerate(made.authors):
            if self.chance(0.1):
                continue
            said: Any = outcome if by or not alone else "rejected"
            kept = counted
            if split and counted and self.chance(0.8):
                drop = counted[by % len(counted)]
                kept = [one for one in counted if one is not drop]
            vote = Vote(
                freeze=freeze.id, round=1, outcome=said, counted=tuple(one.id for one in kept)
            )
            lock = Lock(freeze=freeze.id, round=1, outcome=said)
            back = freeze.body.closes if self.chance(0.03) else made.now
            for body in (vote, lock):
                author.sign_by_node(body, subject=motion.id, time=back)
        made.now += 1

    # --- disputes ---------------------------------------------------------------------------------

    def _dispute(self, motion: VerifiedRecord) -> None:
        """A dispute on the decision or a position, a panel that all parties name, findings."""
        made, rng = self.made, self.rng
        said = [one.leaf for one in self.model().find("position", motion.id)]
        abouts = [motion, motion, *(rng.sample(said, 1) if said else ())]
        for about in rng.sample(abouts, rng.choice((1, 1, 2))):
            by = rng.randrange(self.count)
            disputed = made.put(by, Dispute(name="procedure", remedy="See."), about)
            self.disputes.append(disputed)
            parties = {made.authors[by].council, about.council}
            free = [i for i, a in enumerate(made.authors) if a.council not in parties]
            panel = rng.sample(range(self.count), 3) if self.count >= 3 else []
            if len(free) >= 3 and self.chance(0.9):
                panel = rng.sample(free, 3)
            if not panel:
                continue
            named = tuple(sorted(made.authors[i].council for i in panel))
            for i, author in enumerate(made.authors):
                if author.council in parties and self.chance(0.95):
                    made.put(i, Naming(role="panel", councils=named), disputed)
            main: Any = rng.choice(("void", "valid", "recount", "recount", "new-vote", "recommend"))
            if about is not motion and self.chance(0.7):
                main = "void"
            for i in panel:
                if self.chance(0.85):
                    made.put(i, Finding(effect=main, text="So."), disputed)
        self.times |= {made.now + 10, made.now + 35}

    # --- questions ----------------------------------------------------------------------------

    def model(self, *wrong: str) -> Model:
        """The independent answer; `wrong` names rules that it is to break."""
        logs = [(author.council, author.leaves) for author in self.made.authors]
        roots = {author.council: author.log for author in self.made.authors}
        return Model(NETWORK, logs, roots, wrong)

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

    def reached(self) -> Counter[str]:
        """How often each state, outcome, effect, step and reason is reached in this history."""
        out: Counter[str] = Counter()
        model, view = self.model(), View(NETWORK)
        feed(view, self.made.authors)
        for now in sorted(self.times):
            for row in model.rows(now):
                for name in ("state", "outcome", "effect", "step", "found", "fault"):
                    if name in row:
                        out[f"{name} {row[name]}"] += 1
                out["held"] += "held" in row
                out["version"] += "version" in row
        for motion in self.motions:
            status, case = view.motion_status(motion.id, FAR), view.case(motion.id)
            assert isinstance(status, MotionStatus)
            assert isinstance(case, Case)
            faults = [status.fault, *(judged.fault for judged in status.positions)]
            faults += [freeze_fault(case, p) or notice_fault(case, p) for p in case.freezes]
            out.update(f"reason {fault.value}" for fault in faults if fault is not None)
        return out
