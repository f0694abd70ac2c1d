"""What the specification says of motions, counted by brute force from whole logs.

Nothing of rules, view or engine is imported: only records' own fields are read. Slow and plain on
purpose; it knows what the generator of tests/support/decisions.py makes, and no more. Its rooms:
decision_logs (receipts), decision_members, decision_rolls (C, units), decision_counts (CNT),
decision_rounds (freezes, positions, certificates), decision_disputes (what a decision is worth).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.models.decision_disputes import Disputes
from tests.models.decision_logs import Logs, Row
from tests.models.decision_members import voters
from tests.models.decision_rounds import LOOSE, rule_in
from tools.vectors import cmp

TAG = b"confed state 1\0"
TARGETED = ("charter", "accession", "exclusion", "recall-request", "dormancy")
GRANTING = ("budget", "coordination")


class Model(Disputes):
    """Every log at once; `wrong` names rules to break, to show that a difference is seen."""

    def __init__(self, network: bytes, logs: Logs, roots: Any, wrong: Iterable[str] = ()) -> None:
        super().__init__(logs, roots)
        self.network, self.wrong = network, frozenset(wrong)

    # --- one motion -----------------------------------------------------------------------

    def admissible(self, motion: Row) -> bool:
        """MOT-2, MOT-3, END-1, NES-4."""
        compact, body, law = motion.leaf.subject, motion.body, self.law(motion)
        if body.name not in {entry.name for entry in law.rules}:
            return False
        rule, version = rule_in(law, body.name), body.version
        if body.rule is not None and body.rule != rule:
            return False
        if not self.entered(compact, motion.council, motion.time) or self.left(compact, motion):
            return False
        if law.sunset is not None and motion.time > law.sunset and "sunset" not in self.wrong:
            return False
        if (body.target is not None) != (body.name in TARGETED):
            return False
        if (body.money is None) == (body.name == "budget"):
            return False
        if body.money is not None and body.name not in GRANTING:
            return False
        if body.money is not None and body.money.cap < body.money.cost:
            return False
        if rule.startswith("lazy") and not body.reversible:
            return False
        if body.first is not None and body.name not in (*LOOSE, "exclusion"):
            return False
        if body.begins is not None and body.ends is not None and body.ends <= body.begins:
            return False
        if not self.units_hold(motion):
            return False
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
                if self.demanded(motion, freeze) and self.new_vote(motion) is None:
                    row["demanded"] = True
                return row
        noticed = [freeze for freeze in good if self.noticed(motion, freeze)]
        if not noticed:
            return row | {"state": self.unfrozen(motion, now)}
        standing = self.standing(noticed)
        if standing is None:
            return row | {"state": "void"}
        return row | self.frozen(motion, standing, now)

    def unfrozen(self, motion: Row, now: int) -> str:
        """MOT-9 without a freeze that stands."""
        law = self.law(motion)
        state = "seconded" if len(self.seconds(motion)) >= law.seconds else "draft"
        amended = any(self.member(motion, row) for row in self.find("amend", motion.id))
        if amended and state == "seconded":
            state = "amended"
        if self.withdrawals(motion):
            state = "withdrawn"
            if any(self.takes_over(motion, row) for row in self.find("takeover", motion.id)):
                state = "seconded"
        lapsed = now > motion.time + law.terms.lapse and state != "withdrawn"
        return "lapsed" if lapsed else state

    def frozen(self, motion: Row, freeze: Row, now: int) -> dict[str, Any]:
        """MOT-9 from the freeze on, without a certificate."""
        said, roll = freeze.body, voters(freeze)
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
        if found is None:
            return {"state": "void"}
        row = {"state": "provisional"} | found
        at_once = motion.body.name in LOOSE and motion.body.reversible
        if at_once and found["outcome"] == "adopted":
            row |= self.worth(motion, freeze, now)
        return row

    # --- all ------------------------------------------------------------------------------

    def compact(self, row: Row) -> dict[str, Any]:
        """STA-3."""
        hasher, out = hashlib.sha256(), dict[str, Any]()
        if self.founding(row.id) is not None:
            for council, weight in sorted(self.members(row.id).items()):
                hasher.update(council + weight.to_bytes(4, "big"))
            ends = [
                (self.closing(one.id), one.id)
                for one in self.find("motion", row.id)
                if one.body.name == "dissolution" and self.outcome(one.id) == "adopted"
            ]
            if ends and "dissolution" not in self.wrong:
                out["dissolved"] = min(ends)[1]
        return out | {"compact": row.id, "members": hasher.digest()}

    def rows(self, now: int) -> list[dict[str, Any]]:
        """STA-2 to STA-6."""
        out: list[dict[str, Any]] = []
        for council, _ in self.logs:
            out.append({"council": council, "charter": 1, "node": 1, "life": "active"})
        out += [self.compact(row) for row in self.find("compact")]
        out += [self.motion(row, now) for row in self.find("motion")]
        out += [self.dispute(row, now) for row in self.find("dispute")]
        for row in self.find("finding") + self.find("task"):
            found = self.administration(row)
            if found:
                out.append({"administration": row.id} | found)
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
