"""Freezes, positions, counts and certificates: FRZ, POS and CER, by brute force."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from tests.models.decision_counts import count, fits, winner
from tests.models.decision_logs import Row, witnesses_needed
from tests.models.decision_members import EVER, locks_needed, voters
from tests.models.decision_rolls import Rolls

LOOSE = ("admin", "recall-request")
"""The classes that do not bind (COM-8)."""


class Rounds(Rolls):
    """From a freeze to what is certified."""

    def __init__(self, logs: Any, roots: Any) -> None:
        super().__init__(logs, roots)
        self._decisions: dict[tuple[bytes, int], tuple[str, Row] | None] = {}

    @abstractmethod
    def admissible(self, motion: Row) -> bool:
        """MOT-2, MOT-3."""

    # --- around a motion ------------------------------------------------------------------------

    def member(self, motion: Row, row: Row) -> bool:
        """MOT-4: whether a record about a motion is a member's, where it stands in its log."""
        compact = motion.leaf.subject
        return self.entered(compact, row.council, motion.time) and not self.left(compact, row)

    def seconds(self, motion: Row, ids: Any = None) -> set[bytes]:
        """MOT-4: the other members that second it, of those named."""
        rows = [row for row in self.find("second", motion.id) if ids is None or row.id in ids]
        return {r.council for r in rows if r.council != motion.council and self.member(motion, r)}

    def withdrawals(self, motion: Row) -> list[Row]:
        """MOT-8."""
        return [r for r in self.find("withdraw", motion.id) if r.council == motion.council]

    def takes_over(self, motion: Row, row: Row | None) -> bool:
        """MOT-8."""
        if row is None or row.leaf.kind != "takeover":
            return False
        if row.leaf.subject != motion.id or row.council == motion.council:
            return False
        most = self.law(motion).terms.takeover
        in_time = any(0 <= row.time - taken.time <= most for taken in self.withdrawals(motion))
        return in_time and self.member(motion, row)

    # --- the freeze -------------------------------------------------------------------------

    def valid_freezes(self, motion: Row) -> list[Row]:
        """FRZ-1 to FRZ-4, in the order of ids."""
        good = [row for row in self.find("freeze", motion.id) if self.is_valid(motion, row)]
        return sorted(good, key=lambda row: row.id)

    def is_valid(self, motion: Row, freeze: Row) -> bool:
        """FRZ-1 to FRZ-4: whether a freeze is valid in itself."""
        said, law = freeze.body, self.law(motion)
        if said.takeover is None:
            if freeze.council != motion.council or motion.council not in voters(freeze):
                return False
            if any(taken.index < freeze.index for taken in self.withdrawals(motion)):
                return False
        else:
            by = self.by_id.get(said.takeover)
            if not self.takes_over(motion, by) or by is None or by.council != freeze.council:
                return False
        discussion, notice = self.spans(motion)
        if not motion.time + discussion <= freeze.time <= motion.time + law.terms.lapse:
            return False
        if said.opens < freeze.time + notice or said.closes - said.opens != law.windows.voting:
            return False
        if len(self.seconds(motion, said.seconds or ())) < law.seconds:
            return False
        if not self.roll_holds(motion, freeze) or not self.versions_hold(motion, freeze):
            return False
        return self.reading_holds(motion, freeze)

    def spans(self, motion: Row) -> tuple[int, int]:
        """Discussion and notice, in seconds (COM-4, MOT-14)."""
        law = self.law(motion)
        if motion.body.name == "emergency" and "emergency" not in self.wrong:
            return 0, min(law.windows.notice, law.terms.emergency_notice)
        return law.windows.discussion, law.windows.notice

    def versions_hold(self, motion: Row, freeze: Row) -> bool:
        """MOT-6, MOT-7."""
        terms, versions = self.law(motion).terms, list(freeze.body.versions or ())
        good = set[bytes]()
        for row in self.find("amend", motion.id):
            rests, allowed = terms.freeze_text, self.member(motion, row)
            if row.body.editorial and "editorial" not in self.wrong:
                rests, allowed = terms.editorial, allowed and row.council == motion.council
            if allowed and row.time + rests <= freeze.time:
                good.add(row.id)
        return versions == sorted(set(versions)) and set(versions) <= good

    def reading_holds(self, motion: Row, freeze: Row) -> bool:
        """MOT-11, EXC-1."""
        if motion.body.first is None:
            return True
        first, opens, terms = self.by_id.get(motion.body.first), freeze.body.opens, None
        if first is None or first.leaf.kind != "motion" or first.body.first is not None:
            return False
        same = (first.body.name, first.body.target, first.leaf.subject)
        if same != (motion.body.name, motion.body.target, motion.leaf.subject):
            return False
        outcome, closed = self.outcome(first.id, opens), self.closing(first.id, opens)
        if closed is None or "reading" in self.wrong:
            return closed is not None
        terms = self.law(motion).terms
        if motion.body.name == "exclusion":
            return outcome == "adopted" and opens >= closed + terms.exclusion
        in_time = closed + terms.reading_min <= opens <= closed + terms.reading_max
        return outcome == "no-quorum" and in_time

    def pause_holds(self, motion: Row, freeze: Row) -> bool:
        """MOT-12."""
        parent, before = motion.body.parent, freeze.time
        if parent is None or "pause" in self.wrong:
            return True
        closed = self.closing(parent, before)
        if closed is None:
            return True
        if before >= closed + self.law(motion).terms.pause:
            return True
        if 3 * len(self.seconds(motion, freeze.body.seconds or ())) >= len(freeze.body.councils):
            return True
        if self.outcome(parent, before) != "referred-back":
            return False
        above = self.by_id[parent].body.parent
        return above is None or self.outcome(above, before) != "referred-back"

    def noticed(self, motion: Row, freeze: Row) -> bool:
        """MOT-12, FRZ-7, FRZ-8: all had time to discuss, and notice, and nobody is left out."""
        if not self.pause_holds(motion, freeze):
            return False
        said, grace = freeze.body, self.law(motion).windows.grace
        frozen = self.written(freeze, voters(freeze), grace)
        moved = self.written(motion, voters(freeze), grace)
        discussion, notice = self.spans(motion)
        if frozen is None or frozen > said.opens:
            return True
        if discussion and (moved is None or frozen < moved + discussion):
            return False
        if said.opens < frozen + notice:
            return False
        return not self.omits(motion, freeze, frozen, grace)

    def standing(self, good: list[Row]) -> Row | None:
        """FRZ-6: the first that opened, unless another was held by others by then."""
        if len(good) == 1:
            return good[0]
        opened: list[tuple[int, bytes, int, Row]] = []
        for freeze in good:
            got = self.received(freeze, voters(freeze))
            if got is not None and got <= freeze.body.opens:
                opened.append((freeze.body.opens, freeze.id, got, freeze))
        if not opened:
            return min(good, key=lambda row: (row.body.opens, row.id))
        first = min(opened, key=lambda item: item[:2])
        held = sum(got <= first[0] for _, _, got, _ in opened)
        return first[3] if held == 1 else None

    # --- positions ----------------------------------------------------------------------------

    def frozen_rolls(self, freeze: Row) -> dict[bytes, int]:
        """POS-7: council -> members."""
        rolls = freeze.body.rolls or ()
        return {v.council: n for v, n in zip(freeze.body.councils, rolls, strict=False)}

    def counted(self, motion: Row, freeze: Row) -> list[Row]:
        """The positions that count, POS-1 to POS-7, MOT-6 and EXI-3."""
        said, roll, rolls = freeze.body, voters(freeze), self.frozen_rolls(freeze)
        until = said.closes + self.law(motion).windows.grace
        texts = {motion.id, *(said.versions or ())}
        gone = set[bytes]()
        for row in self.find("exit", motion.leaf.subject):
            if row.council in roll and row.id not in (said.exits or ()):
                got = self.received(row, roll)
                if row.time <= said.closes and got is not None and got <= until:
                    gone.add(row.council)
        by: dict[bytes, dict[int, list[Row]]] = {}
        for row in self.find("position", motion.id):
            if row.council not in roll or row.body.freeze != freeze.id or row.council in gone:
                continue
            if not set(row.body.versions or ()) <= texts:
                continue
            if not fits(row.body, rolls.get(row.council)):
                continue
            got = self.received(row, roll)
            if row.time <= said.closes and got is not None and got <= until:
                by.setdefault(row.council, {}).setdefault(row.body.number, []).append(row)
        last = [numbers[max(numbers)] for numbers in by.values()]
        return [rows[0] for rows in last if len({row.id for row in rows}) == 1]

    def result(
        self,
        motion: Row,
        freeze: Row,
        counted: Iterable[Row],
        rolls: dict[bytes, int] | None = None,
    ) -> dict[str, Any] | None:
        """The count, and the version that won; None if it cannot be counted."""
        rows = list(counted)
        found = count(
            rule_in(self.law(motion), motion.body.name),
            {voter.council: voter.weight for voter in freeze.body.councils},
            {row.council: row.body for row in rows},
            self.frozen_rolls(freeze) if rolls is None else rolls,
            self.quorums(motion),
            self.wrong,
        )
        if found is not None and freeze.body.versions is not None:
            bodies = [row.body for row in rows]
            found["version"] = winner(motion.id, freeze.body.versions, bodies)
        return found

    def quorums(self, motion: Row) -> tuple[Fraction | None, Fraction | None]:
        """CNT-9, CNT-13, MOT-11: the shares of councils and people that must be exceeded."""
        law, name = self.law(motion), motion.body.name
        asked = {q.name: Fraction(q.part, q.whole) for q in law.quorums or ()}
        people = {q.name: Fraction(q.part, q.whole) for q in law.people_quorums or ()}
        usual = None if rule_in(law, name).startswith("lazy") else Fraction(1, 2)
        share = asked.get(name, usual)
        if motion.body.first is not None and name in LOOSE:
            share = Fraction(1, 3)
        return share, people.get(name)

    # --- certificates ---------------------------------------------------------------------------

    def decision(self, motion: bytes, before: int = EVER) -> tuple[str, Row] | None:
        """The certified outcome by voting that closed before a time, and its freeze."""
        if (motion, before) not in self._decisions:
            self._decisions[motion, before] = self._decision(motion, before)
        return self._decisions[motion, before]

    def _decision(self, motion: bytes, before: int) -> tuple[str, Row] | None:
        row = self.by_id.get(motion)
        if row is None or row.leaf.kind != "motion" or not self.admissible(row):
            return None
        said = [one for one in self.find("freeze", motion) if row.time <= one.body.closes < before]
        for freeze in sorted(said, key=lambda one: one.id):
            final = self.certified(row, freeze) if self.is_valid(row, freeze) else None
            if final is not None:
                return str(final["outcome"]), freeze
        return None

    def certified(self, motion: Row, freeze: Row) -> dict[str, Any] | None:
        """The figures of the list that is shown, if there is a certificate."""
        shown = self.shown(motion, freeze)
        return None if shown is None else self.result(motion, freeze, shown)

    def words(self, kind: str, motion: Row, freeze: Row) -> list[Row]:
        """CER-6: the votes or locks of councils of C on a freeze, claimed after the closing."""
        return [
            row
            for row in self.find(kind, motion.id)
            if row.body.freeze == freeze.id
            and row.council in voters(freeze)
            and row.time > freeze.body.closes
        ]

    def shown(self, motion: Row, freeze: Row) -> list[Row] | None:
        """CER-1, CER-5: q locks of one round for one outcome, and w votes there for one list."""
        locks: dict[tuple[int, str], set[bytes]] = {}
        for lock in self.words("lock", motion, freeze):
            each = 0 if "rounds" in self.wrong else lock.body.round
            locks.setdefault((each, lock.body.outcome), set()).add(lock.council)
        q = locks_needed(len(voters(freeze)))
        reached = sorted(where for where, by in locks.items() if len(by) >= q)
        if len({outcome for _, outcome in reached}) != 1:
            return None
        for round_, outcome in reached:
            found = self.shown_in(motion, freeze, round_, outcome)
            if found is not None:
                return found
        return None

    def shown_in(self, motion: Row, freeze: Row, round_: int, outcome: str) -> list[Row] | None:
        """CER-5: the list that most councils named, then the longest, then by the lowest vote."""
        lists: dict[tuple[bytes, ...], list[Row]] = {}
        for vote in self.words("vote", motion, freeze):
            if vote.body.outcome == outcome and (
                "rounds" in self.wrong or vote.body.round == round_
            ):
                lists.setdefault(vote.body.counted, []).append(vote)
        best: list[tuple[int, int, bytes, list[Row]]] = []
        for ids, votes in lists.items():
            by = len({vote.council for vote in votes})
            named = self.good_list(motion, freeze, ids)
            if by < max(1, witnesses_needed(len(voters(freeze)))) or named is None:
                continue
            found = self.result(motion, freeze, named)
            if found is not None and found["outcome"] == outcome:
                best.append((-by, -len(ids), min(vote.id for vote in votes), named))
        return min(best, key=lambda item: item[:3])[3] if best else None

    def good_list(self, motion: Row, freeze: Row, ids: Sequence[bytes]) -> list[Row] | None:
        """CER-5: the positions of a list, or None if it is not good in itself."""
        held = {row.id: row for row in self.find("position", motion.id)}
        named = [held[one] for one in ids if one in held]
        good = (
            row.body.freeze == freeze.id
            and row.council in voters(freeze)
            and row.time <= freeze.body.closes
            for row in named
        )
        sole = len({row.council for row in named}) == len(ids)
        return named if list(ids) == sorted(set(ids)) and sole and all(good) else None


def rule_in(compact: Any, name: str) -> str:
    """The rule of a class."""
    return str({entry.name: entry.rule for entry in compact.rules}[name])
