"""What the specification says of motions, counted by brute force from whole logs.

Nothing of rules, view or engine is imported: only records' own fields are read. Slow and plain on
purpose; it knows what the generator of tests/support/decisions.py makes, and no more.
"""

import hashlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from tests.models.decision_disputes import Disputes, rule_in
from tests.models.decision_logs import Logs, Row, witnesses_needed
from tests.models.decision_rolls import EVER
from tools.vectors import cmp

TAG = b"confed state 1\0"
TARGETED = ("charter", "accession", "exclusion", "recall-request", "dormancy")


class Model(Disputes):
    """Every log at once; `planted` makes it count wrongly, to show that a difference is seen."""

    def __init__(self, network: bytes, logs: Logs, roots: Any, planted: bool = False) -> None:
        super().__init__(logs, roots)
        self.network, self.planted = network, planted
        self._outcomes: dict[tuple[bytes, int], str | None] = {}

    # --- one motion -----------------------------------------------------------------------

    def law(self, motion: Row) -> Any:
        """REV-3: a motion runs under the version that it cites."""
        return self.by_id[motion.body.version or motion.leaf.subject].body

    def admissible(self, motion: Row) -> bool:
        """MOT-2, MOT-3."""
        compact, body = motion.leaf.subject, motion.body
        if body.name not in {entry.name for entry in self.law(motion).rules}:
            return False
        if not self.entered(compact, motion.council) or self.left(compact, motion):
            return False
        if (body.target is not None) != (body.name in TARGETED):
            return False
        version = body.version
        if version is not None and not self.in_force(version, compact, motion.time):
            return False
        return bool(self.ratified(motion) == version)

    def motion(self, motion: Row, now: int) -> dict[str, Any]:
        """STA-4."""
        row: dict[str, Any] = {"motion": motion.id}
        if not self.admissible(motion):
            return row | {"state": "inadmissible"}
        good = self.valid_freezes(motion)
        for freeze in good:
            final = self.certified(motion, freeze)
            if final is not None:
                row |= {"state": "final"} | final
                if final["outcome"] == "adopted":
                    row |= self.worth(motion, freeze, now)
                return row
        noticed = [freeze for freeze in good if self.noticed(motion, freeze)]
        if not noticed:
            return row | {"state": self.unfrozen(motion, now)}
        standing = self.standing(noticed)
        if standing is None:
            return row | {"state": "void"}
        return row | self.frozen(motion, standing, now)

    def outcome(self, motion: bytes, before: int = EVER) -> str | None:
        """The certified outcome of a motion whose voting closed before a time."""
        if (motion, before) not in self._outcomes:
            row, found = self.by_id.get(motion), None
            if row is not None and row.leaf.kind == "motion" and self.admissible(row):
                for freeze in self.valid_freezes(row):
                    final = self.certified(row, freeze) if freeze.body.closes < before else None
                    found = found or (final["outcome"] if final is not None else None)
            self._outcomes[motion, before] = found
        return self._outcomes[motion, before]

    def closing(self, motion: bytes) -> int:
        """When the voting on its certified freeze closed."""
        row = self.by_id[motion]
        good = self.valid_freezes(row) if self.admissible(row) else []
        return next((one.body.closes for one in good if self.certified(row, one)), 0)

    def member(self, motion: Row, row: Row) -> bool:
        """Whether a record about a motion is a member's, where it stands in its log."""
        compact = motion.leaf.subject
        return self.entered(compact, row.council) and not self.left(compact, row)

    def seconds(self, motion: Row, ids: Any = None) -> int:
        """MOT-4: how many other members second it, of those named."""
        rows = [row for row in self.find("second", motion.id) if ids is None or row.id in ids]
        return len(
            {r.council for r in rows if r.council != motion.council and self.member(motion, r)}
        )

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

    def unfrozen(self, motion: Row, now: int) -> str:
        """MOT-9 without a freeze that stands."""
        law = self.law(motion)
        state = "seconded" if self.seconds(motion) >= law.seconds else "draft"
        amended = any(self.member(motion, row) for row in self.find("amend", motion.id))
        if amended and state == "seconded":
            state = "amended"
        if self.withdrawals(motion):
            state = "withdrawn"
            if any(self.takes_over(motion, row) for row in self.find("takeover", motion.id)):
                state = "seconded"
        lapsed = now > motion.time + law.terms.lapse and state != "withdrawn"
        return "lapsed" if lapsed else state

    # --- the freeze -------------------------------------------------------------------------

    def valid_freezes(self, motion: Row) -> list[Row]:
        """FRZ-1 to FRZ-4, in the order of ids."""
        good = [row for row in self.find("freeze", motion.id) if self.is_valid(motion, row)]
        return sorted(good, key=lambda row: row.id)

    def is_valid(self, motion: Row, freeze: Row) -> bool:
        """FRZ-1 to FRZ-4: whether a freeze is valid in itself."""
        said, law = freeze.body, self.law(motion)
        windows = law.windows
        if said.takeover is None:
            if freeze.council != motion.council:
                return False
            if any(taken.index < freeze.index for taken in self.withdrawals(motion)):
                return False
            if motion.council not in {voter.council for voter in said.councils}:
                return False
        else:
            by = self.by_id.get(said.takeover)
            if not self.takes_over(motion, by) or by is None or by.council != freeze.council:
                return False
        if not motion.time + windows.discussion <= freeze.time <= motion.time + law.terms.lapse:
            return False
        if said.opens < freeze.time + windows.notice:
            return False
        if said.closes - said.opens != windows.voting:
            return False
        if self.seconds(motion, said.seconds or ()) < law.seconds:
            return False
        return self.roll_holds(motion, freeze) and self.versions_hold(motion, freeze)

    def versions_hold(self, motion: Row, freeze: Row) -> bool:
        """MOT-6."""
        versions = list(freeze.body.versions or ())
        rested = freeze.time - self.law(motion).terms.freeze_text
        good = {
            row.id
            for row in self.find("amend", motion.id)
            if row.time <= rested and self.member(motion, row)
        }
        return versions == sorted(set(versions)) and set(versions) <= good

    def noticed(self, motion: Row, freeze: Row) -> bool:
        """FRZ-7, FRZ-8: all had time to discuss, and notice, and nobody is left out."""
        said, windows = freeze.body, self.law(motion).windows
        roll = {voter.council for voter in said.councils}
        frozen = self.written(freeze, roll, windows.grace)
        moved = self.written(motion, roll, windows.grace)
        if frozen is None or frozen > said.opens:
            return True
        if windows.discussion and (moved is None or frozen < moved + windows.discussion):
            return False
        if said.opens < frozen + windows.notice:
            return False
        return not self.omits(motion, freeze, frozen, windows.grace)

    def standing(self, good: list[Row]) -> Row | None:
        """FRZ-6: the first that opened, unless another was held by others by then."""
        if len(good) == 1:
            return good[0]
        opened: list[tuple[int, bytes, int, Row]] = []
        for freeze in good:
            got = self.received(freeze, {voter.council for voter in freeze.body.councils})
            if got is not None and got <= freeze.body.opens:
                opened.append((freeze.body.opens, freeze.id, got, freeze))
        if not opened:
            return min(good, key=lambda row: (row.body.opens, row.id))
        first = min(opened, key=lambda item: item[:2])
        held = sum(got <= first[0] for _, _, got, _ in opened)
        return first[3] if held == 1 else None

    def frozen(self, motion: Row, freeze: Row, now: int) -> dict[str, Any]:
        """MOT-9 from the freeze on, without a certificate."""
        said, roll = freeze.body, {voter.council for voter in freeze.body.councils}
        grace = self.law(motion).windows.grace
        for taken in self.withdrawals(motion) if said.takeover is None else ():
            got = self.received(taken, roll)
            if taken.time < said.opens and got is not None and got <= said.opens:
                return {"state": "withdrawn"}
        if now < said.opens:
            return {"state": "frozen"}
        got = self.received(freeze, roll)
        if got is None or got > said.opens:
            return {"state": "void"}
        if now <= said.closes:
            return {"state": "open"}
        if now <= said.closes + grace:
            return {"state": "closed"}
        found = self.result(motion, freeze, self.counted(motion, freeze))
        row = {"state": "provisional"} | found
        at_once = motion.body.name == "admin" and motion.body.reversible
        if at_once and found["outcome"] == "adopted":
            row |= self.worth(motion, freeze, now)
        return row

    # --- positions ----------------------------------------------------------------------------

    def counted(self, motion: Row, freeze: Row) -> list[Row]:
        """The positions that count, POS-1 to POS-6, MOT-6 and EXI-3."""
        said, roll = freeze.body, {voter.council for voter in freeze.body.councils}
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
            if not set(row.body.versions or ()) <= texts or not fits(row.body):
                continue
            got = self.received(row, roll)
            if row.time <= said.closes and got is not None and got <= until:
                by.setdefault(row.council, {}).setdefault(row.body.number, []).append(row)
        last = [numbers[max(numbers)] for numbers in by.values()]
        return [rows[0] for rows in last if len({row.id for row in rows}) == 1]

    def result(self, motion: Row, freeze: Row, counted: Sequence[Row]) -> dict[str, Any]:
        """The count, and the version that won."""
        rule = rule_in(self.law(motion), motion.body.name)
        found = self.count(freeze.body, rule, counted)
        if freeze.body.versions is not None:
            found["version"] = winner(motion.id, freeze.body.versions, counted)
        return found

    def count(self, freeze: Any, rule: str, counted: Sequence[Row]) -> dict[str, Any]:
        """CNT, in fractions."""
        name, _, rest = rule.partition("(")
        numbers = [int(number) for number in rest.rstrip(")").split(",") if number]
        weights = {voter.council: voter.weight for voter in freeze.councils}
        words = {p.council: p.body.value for p in counted}
        for position in counted:
            if position.body.value == "block" and not position.body.reason:
                words[position.council] = "no"
        said = list(words.values())
        total = len(weights)
        yes, no = (sum(getattr(p.body, n) or 0 for p in counted) for n in ("yes", "no"))
        units = sum(weights[c] for c, word in words.items() if word == "yes")
        whole = sum(weights.values())
        y, against = said.count("yes"), said.count("no") + said.count("block")
        aside, refer = said.count("stand-aside"), said.count("refer-back")
        if name == "majority":
            accepted = y >= against if self.planted else y > against
        elif name == "super":
            share = Fraction(*numbers)
            accepted = y > against and Fraction(y, y + against) >= share
        elif name == "double":
            accepted = yes > no and Fraction(units, whole) > Fraction(1, 2)
        else:
            spoke = y + against + said.count("abstain") + aside
            block = said.count("block")
            few = block <= numbers[0] and Fraction(block, total) <= Fraction(1, 4)
            accepted = few and y > 0 and Fraction(aside, spoke) < Fraction(1, 3)
        nays = said.count("no") if name == "consensus" else against
        if Fraction(len(said) - aside, total) <= Fraction(1, 2):
            outcome = "no-quorum"
        elif accepted:
            outcome = "adopted"
        elif refer and (refer >= max(y, nays) or 3 * refer >= total):
            outcome = "referred-back"
        else:
            outcome = "rejected"
        return {
            "outcome": outcome,
            "people_yes": yes,
            "people_no": no,
            "units_yes": units,
            "units_total": whole,
        }

    # --- certificates ---------------------------------------------------------------------------

    def certified(self, motion: Row, freeze: Row) -> dict[str, Any] | None:
        """The figures of the list that is shown, if there is a certificate."""
        shown = self.shown(motion, freeze)
        return None if shown is None else self.result(motion, freeze, shown)

    def shown(self, motion: Row, freeze: Row) -> list[Row] | None:
        """CER-1, CER-5: q locks of round 1 for one outcome, and w votes for one good list."""
        roll = {voter.council for voter in freeze.body.councils}
        needed = 2 * len(roll) // 3 + 1 if len(roll) >= 4 else len(roll) // 2 + 1
        locks: dict[str, set[bytes]] = {}
        for lock in self.find("lock", motion.id):
            if lock.body.freeze != freeze.id or lock.time <= freeze.body.closes:
                continue
            if lock.council in roll and lock.body.round == 1:
                locks.setdefault(lock.body.outcome, set()).add(lock.council)
        reached = [outcome for outcome, by in locks.items() if len(by) >= needed]
        if len(reached) != 1:
            return None
        lists: dict[tuple[bytes, ...], list[Row]] = {}
        for vote in self.find("vote", motion.id):
            body = vote.body
            if vote.time <= freeze.body.closes or body.freeze != freeze.id:
                continue
            if vote.council in roll and body.outcome == reached[0]:
                lists.setdefault(body.counted, []).append(vote)
        best: list[tuple[int, int, bytes, list[Row]]] = []
        for ids, votes in lists.items():
            by = len({vote.council for vote in votes})
            named = self.good_list(motion, freeze, ids)
            if by < max(1, witnesses_needed(len(roll))) or named is None:
                continue
            if self.result(motion, freeze, named)["outcome"] == reached[0]:
                best.append((-by, -len(ids), min(vote.id for vote in votes), named))
        return min(best, key=lambda item: item[:3])[3] if best else None

    def good_list(self, motion: Row, freeze: Row, ids: Sequence[bytes]) -> list[Row] | None:
        """CER-5: the positions of a list, or None if it is not good in itself."""
        held = {row.id: row for row in self.find("position", motion.id)}
        roll = {voter.council for voter in freeze.body.councils}
        named = [held[one] for one in ids if one in held]
        good = (
            row.body.freeze == freeze.id and row.council in roll and row.time <= freeze.body.closes
            for row in named
        )
        sole = len({row.council for row in named}) == len(ids)
        return named if list(ids) == sorted(set(ids)) and sole and all(good) else None

    def counted_again(self, motion: Row, without: set[bytes]) -> str | None:
        """DIS-8: a recount, where there is a certificate."""
        for freeze in self.valid_freezes(motion):
            shown = self.shown(motion, freeze)
            if shown is not None:
                kept = [row for row in shown if row.id not in without]
                return str(self.result(motion, freeze, kept)["outcome"])
        return "adopted"

    # --- all ------------------------------------------------------------------------------

    def rows(self, now: int) -> list[dict[str, Any]]:
        """STA-2 to STA-5."""
        out: list[dict[str, Any]] = []
        for council, _ in self.logs:
            out.append({"council": council, "charter": 1, "node": 1, "life": "active"})
        for compact in self.find("compact"):
            hasher = hashlib.sha256()
            if self.founding(compact.id) is not None:
                for council, weight in sorted(self.members(compact.id).items()):
                    hasher.update(council + weight.to_bytes(4, "big"))
            out.append({"compact": compact.id, "members": hasher.digest()})
        out += [self.motion(row, now) for row in self.find("motion")]
        out += [self.dispute(row, now) for row in self.find("dispute")]
        for row in self.find("finding"):  # STA-6: what does not count
            about = self.compact_of(row)
            if not self.entered(about, row.council) or self.left(about, row):
                out.append({"administration": row.id, "fault": "compact-member"})
        return out

    def digest(self, now: int) -> bytes:
        """STA-1."""
        return digest_of(self.network, self.rows(now))


def digest_of(network: bytes, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """STA-1."""
    hasher = hashlib.sha256(TAG + network)
    for row in sorted(cmp.encode(dict(row)) for row in rows):
        hasher.update(len(row).to_bytes(4, "big") + row)
    return hasher.digest()


def fits(position: Any) -> bool:
    """POS-5."""
    cast = (position.yes or 0) + (position.no or 0) + (position.abstain or 0)
    bounds = [one for one in (position.present, position.roll) if one is not None]
    rolls = position.roll is None or position.present is None or position.present <= position.roll
    return rolls and all(cast <= one for one in bounds)


def winner(motion: bytes, versions: Sequence[bytes], counted: Sequence[Row]) -> bytes:
    """MOT-6: the version that most councils approve, then with more yes ballots, then as moved."""
    said = {
        one: [row for row in counted if one in (row.body.versions or ())]
        for one in (motion, *versions)
    }
    return min(
        said,
        key=lambda one: (
            -len(said[one]),
            -sum(row.body.yes or 0 for row in said[one]),
            one != motion,
            one,
        ),
    )
