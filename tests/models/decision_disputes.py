"""Disputes, findings, holds, and what a decision is worth: specs/07, DIS and MOT-13."""

from fractions import Fraction
from typing import Any

from tests.models.decision_logs import Row
from tests.models.decision_rolls import Rolls

RANKS = ("simple", "majority", "double", "super", "double-super", "consensus")


class Disputes(Rolls):
    """What is said of a decision after it is taken."""

    def counted_again(self, motion: Row, without: set[bytes]) -> str | None:
        """The outcome of the certified list without some positions."""
        raise NotImplementedError

    def law(self, motion: Row) -> Any:
        """The version of the compact that a motion runs under."""
        raise NotImplementedError

    def closing(self, motion: bytes) -> int:
        """When the voting on its certified freeze closed."""
        raise NotImplementedError

    def adopted(self, motion: bytes) -> bool:
        """Whether it is adopted for good."""
        return self.outcome(motion) == "adopted"

    # --- disputes -------------------------------------------------------------------------------

    def compact_of(self, row: Row) -> bytes:
        """The founding compact that something is about, subject by subject."""
        while row.leaf.kind != "compact":
            row = self.by_id[row.leaf.subject]
        return row.id

    def dispute(self, row: Row, now: int) -> dict[str, Any]:
        """DIS-1 to DIS-5."""
        out: dict[str, Any] = {"dispute": row.id}
        compact = self.compact_of(row)
        members = {council for council, _ in self.logs if self.entered(compact, council)}
        if row.council not in members or self.left(compact, row):
            return out | {"fault": "compact-member"}
        parties = {row.council, self.by_id[row.leaf.subject].council, *(row.body.parties or ())}
        body = self.by_id[compact].body
        size = body.panel or 3
        named: dict[tuple[bytes, ...], set[bytes]] = {}
        for naming in self.find("naming", row.id):
            panel = tuple(sorted(set(naming.body.councils)))
            fits = naming.body.role == "panel" and len(panel) == size
            if fits and set(panel) <= members - parties:
                named.setdefault(panel, set()).add(naming.council)
        agreed = sorted(panel for panel, by in named.items() if parties <= by)
        sitting = agreed[0] if agreed else ()
        said: dict[str, set[bytes]] = {}
        for finding in self.find("finding", row.id):
            if finding.council in sitting and not self.left(compact, finding):
                said.setdefault(finding.body.effect, set()).add(finding.council)
        found = [effect for effect, by in said.items() if 2 * len(by) > len(sitting)]
        if len(found) == 1:
            return out | {"step": "found", "found": found[0]}
        terms = body.terms
        if now <= row.time + terms.talk:
            return out | {"step": "talk"}
        if now <= row.time + terms.talk + terms.mediation:
            return out | {"step": "mediation"}
        panel_sits = now <= row.time + terms.talk + terms.mediation + terms.panel
        return out | {"step": "panel" if sitting and panel_sits else "assemblies"}

    def found(self, record: bytes) -> dict[bytes, str]:
        """DIS-7: dispute -> effect, of what was found on a record and not taken back."""
        motions = self.find("motion")
        out: dict[bytes, str] = {}
        for row in self.find("dispute", record):
            effect = self.dispute(row, 0).get("found")
            back = any(
                row.id in (motion.body.repeals or ())
                and motion.leaf.subject == self.compact_of(row)
                and self.adopted(motion.id)
                for motion in motions
            )
            if effect is not None and not back:
                out[row.id] = effect
        return out

    def last_word(self, record: bytes) -> str | None:
        """DIS-7: what the assemblies say of a record that is no motion."""
        row = self.by_id[record]
        if row.leaf.kind == "motion":
            return None
        said: list[tuple[int, bytes, str]] = []
        for motion in self.find("motion", self.compact_of(row)):
            if record in (motion.body.repeals or ()) and self.adopted(motion.id):
                said.append((self.closing(motion.id), motion.id, "void"))
            elif record in (motion.body.depends or ()) and self.adopted(motion.id):
                said.append((self.closing(motion.id), motion.id, "valid"))
        return max(said)[2] if said else None

    def is_void(self, record: bytes) -> bool:
        """What holds of a contested record."""
        word = self.last_word(record)
        return word == "void" if word is not None else "void" in self.found(record).values()

    # --- what a decision is worth -----------------------------------------------------------------

    def worth(self, motion: Row, freeze: Row, now: int) -> dict[str, Any]:
        """MOT-13 of an adopted motion."""
        effect = "in-force" if now >= freeze.body.closes else "waiting"
        found = self.found(motion.id)
        again = self.new_vote(motion)
        void = {row.id for row in self.find("position", motion.id) if self.is_void(row.id)}
        annulled = "void" in found.values()
        if "recount" in found.values():
            annulled = annulled or self.counted_again(motion, void) != "adopted"
        if "new-vote" in found.values() and again is not None:
            annulled = annulled or again != "adopted"
        later = self.successors(motion)
        if any(motion.id in (row.body.repeals or ()) for row in later):
            effect = "repealed"
        elif later:
            effect = "superseded"
        elif annulled:
            effect = "annulled"
        held = again is None and "new-vote" in found.values()
        held = held or self.on_hold(motion, freeze, now) or self.contradicted(motion)
        return {"effect": effect} | ({"held": True} if held else {})

    def successors(self, motion: Row) -> list[Row]:
        """MOT-15."""
        own = self.law(motion)
        return [
            row
            for row in self.find("motion", motion.leaf.subject)
            if motion.id in {*(row.body.supersedes or ()), *(row.body.repeals or ())}
            and self.adopted(row.id)
            and not weaker(rule_in(self.law(row), row.body.name), rule_in(own, motion.body.name))
        ]

    def new_vote(self, motion: Row) -> str | None:
        """DIS-8: what a motion that would supersede this came to, the one that closed last."""
        said = [
            (self.closing(row.id), row.id, outcome)
            for row in self.find("motion", motion.leaf.subject)
            if motion.id in (row.body.supersedes or ())
            and (row.body.name, row.body.target) == (motion.body.name, motion.body.target)
            and (outcome := self.outcome(row.id)) is not None
        ]
        return max(said)[2] if said else None

    def on_hold(self, motion: Row, freeze: Row, now: int) -> bool:
        """DIS-6."""
        roll = {voter.council for voter in freeze.body.councils}
        first: dict[bytes, int] = {}
        for row in self.find("hold", motion.id):
            over = row.body.dispute is not None and self.settled(row.body.dispute)
            if row.council in roll and not over:
                first[row.council] = min(row.time, first.get(row.council, row.time))
        needed = -(-len(roll) // 4)
        if len(first) < needed:
            return False
        since = sorted(first.values())[needed - 1]
        return since <= now < since + int(self.law(motion).terms.hold)

    def settled(self, dispute: bytes) -> bool:
        """Whether a dispute ended with nothing against what was contested."""
        row = self.by_id.get(dispute)
        if row is None or row.leaf.kind != "dispute":
            return False
        word = self.last_word(row.leaf.subject)
        if word is not None:
            return word == "valid"
        return self.found(row.leaf.subject).get(dispute) in ("valid", "recommend")

    def contradicted(self, motion: Row) -> bool:
        """MOT-15: an adopted motion that one of the two lists as contradicting."""
        others = [row for row in self.find("motion") if motion.id in (row.body.contradicts or ())]
        others += [self.by_id[one] for one in motion.body.contradicts or () if one in self.by_id]
        return any(
            other.leaf.subject == motion.leaf.subject
            and self.adopted(other.id)
            and motion.id not in {*(other.body.supersedes or ()), *(other.body.repeals or ())}
            and other.id not in {*(motion.body.supersedes or ()), *(motion.body.repeals or ())}
            for other in others
        )


def rule_in(compact: Any, name: str) -> str:
    """The rule of a class."""
    return str({entry.name: entry.rule for entry in compact.rules}[name])


def weaker(one: str, other: str) -> bool:
    """Whether a rule is weaker than another (MOT-15)."""
    names = [rule.partition("(")[0] for rule in (one, other)]
    ranks = [RANKS.index(name) for name in names]
    if ranks[0] != ranks[1] or "," not in one:
        return ranks[0] < ranks[1]
    shares = [Fraction(*map(int, rule.partition("(")[2][:-1].split(","))) for rule in (one, other)]
    return shares[0] < shares[1]
