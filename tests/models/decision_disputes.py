"""Disputes, findings, holds, and what a decision is worth: specs/07, ADA, DIS and MOT-13."""

from typing import Any

from tests.models.decision_counts import fits, weaker
from tests.models.decision_logs import Row
from tests.models.decision_members import EVER, voters
from tests.models.decision_rounds import Rounds, rule_in


class Disputes(Rounds):
    """What is said of a decision after it is taken."""

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
        inside = {council for council, _ in self.logs if self.entered(compact, council)}
        members = inside - self.excluded(compact)
        if not self.speaks(compact, row):
            return out | {"fault": "compact-member"}
        parties = {row.council, self.by_id[row.leaf.subject].council, *(row.body.parties or ())}
        body = self.by_id[compact].body
        size = body.panel or 3
        named: dict[tuple[bytes, ...], set[bytes]] = {}
        for naming in self.find("naming", row.id):
            panel = tuple(sorted(set(naming.body.councils)))
            whole = naming.body.role == "panel" and len(panel) == size
            if whole and set(panel) <= members - parties:
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
        out: dict[bytes, str] = {}
        for row in self.find("dispute", record):
            effect = self.dispute(row, 0).get("found")
            back = any(
                row.id in (motion.body.repeals or ())
                for motion in self.appeals(self.compact_of(row))
            )
            if effect is not None and not back:
                out[row.id] = effect
        return out

    def appeals(self, compact: bytes) -> list[Row]:
        """DIS-7: the motions of a compact that are adopted for good, by `majority` at least."""
        return [
            row
            for row in self.find("motion", compact)
            if self.adopted(row.id)
            and not weaker(rule_in(self.law(row), row.body.name), "majority")
        ]

    def last_word(self, record: bytes) -> str | None:
        """DIS-7: what the assemblies say of a record that is no motion and no freeze."""
        row = self.by_id[record]
        if row.leaf.kind in ("motion", "freeze"):
            return None
        said: list[tuple[int, bytes, str]] = []
        for motion in self.appeals(self.compact_of(row)):
            closed = self.closing(motion.id)
            assert closed is not None
            if record in (motion.body.repeals or ()):
                said.append((closed, motion.id, "void"))
            elif record in (motion.body.depends or ()):
                said.append((closed, motion.id, "valid"))
        return max(said)[2] if said else None

    def effects(self, record: bytes) -> set[str]:
        """All that holds of a contested record."""
        word = self.last_word(record)
        return {word} if word is not None else set(self.found(record).values())

    # --- administration ---------------------------------------------------------------------------

    def administration(self, row: Row) -> dict[str, Any]:
        """STA-6: why a task or a finding does not count, and whether it is held (ADA-2 to 5)."""
        compact, out = self.compact_of(row), dict[str, Any]()
        if not self.speaks(compact, row):
            out["fault"] = "compact-member"
        elif self.effects(row.id) & {"void", "ledger-correction"}:
            out["fault"] = "found-void"
        elif row.leaf.kind == "task" and not self.adopted(row.leaf.subject):
            out["fault"] = "scope"
        by = {
            one.council
            for one in self.find("dispute", row.id)
            if one.body.name == "scope" and self.speaks(compact, one)
        }
        if not self.effects(row.id) and len(by - {row.council}) >= 2:
            out["held"] = True
        return out

    def done(self, motion: Row) -> bool:
        """MOT-13: a task that counts and is not held says that all is done."""
        return any(
            row.body.done
            and motion.body.carrier in (None, row.council)
            and not self.administration(row)
            for row in self.find("task", motion.id)
        )

    # --- what a decision is worth -----------------------------------------------------------------

    def worth(self, motion: Row, freeze: Row, now: int) -> dict[str, Any]:
        """MOT-13 of an adopted motion: what comes first of these is what it is."""
        begins = freeze.body.closes if motion.body.begins is None else motion.body.begins
        later, annulled = self.successors(motion), self.annulled(motion, freeze)
        replaced = [motion.id in (row.body.repeals or ()) for row in later]
        if now >= begins and self.done(motion) and "task" not in self.wrong:
            effect = "annulled" if annulled else "done"
        elif replaced:
            effect = "repealed" if any(replaced) else "superseded"
        elif annulled:
            effect = "annulled"
        elif now >= self.ending(motion, freeze):
            effect = "expired"
        else:
            effect = "in-force" if now >= begins else "waiting"
        held = self.new_vote(motion) is None and "new-vote" in self.found(motion.id).values()
        held = held or self.on_hold(motion, freeze, now) or self.contradicted(motion)
        held = held or self.claim_stands(motion, freeze)
        return {"effect": effect} | ({"held": True} if held else {})

    def annulled(self, motion: Row, freeze: Row) -> bool:
        """DIS-8, DIS-9."""
        found, again = set(self.found(motion.id).values()), self.new_vote(motion)
        if "void" in found or "void" in self.effects(freeze.id):
            return True
        recount = "recount" in found and "recount" not in self.wrong
        if recount and self.counted_again(motion, freeze) != "adopted":
            return True
        asked = "new-vote" in found or self.demanded(motion, freeze)
        return asked and again is not None and again != "adopted"

    def demanded(self, motion: Row, freeze: Row) -> bool:
        """DIS-11: a quarter of C asks for a new vote over positions that no list has."""
        shown, law = self.shown(motion, freeze), self.law(motion)
        if shown is None or "demand" in self.wrong:
            return False
        missed = {row.id for row in self.counted(motion, freeze)} - {row.id for row in shown}
        asked = set[bytes]()
        for row in self.find("hold", motion.id):
            written = self.written(row, voters(freeze), law.windows.grace)
            in_time = written is not None and written <= freeze.body.closes + law.terms.demand
            if row.body.position in missed and row.council in voters(freeze) and in_time:
                asked.add(row.council)
        return 4 * len(asked) >= len(voters(freeze))

    def counted_again(self, motion: Row, freeze: Row) -> str | None:
        """DIS-8, DIS-9: a recount without what was found void, where there is a certificate."""
        shown = self.shown(motion, freeze)
        if shown is None:
            return "adopted"
        rolls = self.frozen_rolls(freeze)
        for council, frozen in rolls.items():
            said = [row for row in self.find("roll") if row.council == council]
            good = {r.body.members for r in said if "void" not in self.effects_of_roll(r)}
            if frozen not in good:
                rolls[council] = max(good, default=0)
        kept = [
            row
            for row in shown
            if "void" not in self.effects(row.id) and fits(row.body, rolls.get(row.council))
        ]
        found = self.result(motion, freeze, kept, rolls)
        return None if found is None else str(found["outcome"])

    def effects_of_roll(self, row: Row) -> set[str]:
        """A roll is about no compact by itself; the generator disputes none."""
        assert not self.find("dispute", row.id)
        return set()

    def ending(self, motion: Row, freeze: Row) -> int:
        """MOT-13, MOT-14: when its force ends by itself."""
        ends = [EVER if motion.body.ends is None else int(motion.body.ends)]
        if motion.body.name == "emergency" and "emergency" not in self.wrong:
            ends.append(freeze.body.closes + int(self.law(motion).terms.emergency))
        return min(ends)

    def claim_stands(self, motion: Row, freeze: Row) -> bool:
        """NES-6: held until a dispute of class scope is found, or the assemblies say it stands."""
        found = self.found(motion.id)
        scope = any(self.by_id[one].body.name == "scope" for one in found)
        said = any(
            motion.id in (row.body.depends or ()) for row in self.appeals(motion.leaf.subject)
        )
        free = scope or said or "claims" in self.wrong
        return not free and self.claimed_back(motion, freeze)

    def successors(self, motion: Row) -> list[Row]:
        """MOT-15."""
        own = self.law(motion)
        return [
            row
            for row in self.find("motion", motion.leaf.subject)
            if motion.id in {*(row.body.supersedes or ()), *(row.body.repeals or ())}
            and self.adopted(row.id)
            and not (row.body.name == "emergency" and motion.body.name in ("charter", "exclusion"))
            and not weaker(rule_in(self.law(row), row.body.name), rule_in(own, motion.body.name))
        ]

    def new_vote(self, motion: Row) -> str | None:
        """DIS-8: what a motion that would supersede this came to, the one that closed last."""
        said = [
            (self.closing(row.id) or 0, row.id, outcome)
            for row in self.find("motion", motion.leaf.subject)
            if motion.id in (row.body.supersedes or ())
            and (row.body.name, row.body.target) == (motion.body.name, motion.body.target)
            and (outcome := self.outcome(row.id)) is not None
        ]
        return max(said)[2] if said else None

    def on_hold(self, motion: Row, freeze: Row, now: int) -> bool:
        """DIS-6."""
        roll = voters(freeze)
        first: dict[bytes, int] = {}
        for row in self.find("hold", motion.id):
            over = row.body.dispute is not None and self.settled(row.body.dispute)
            if row.council in roll and not over and row.body.position is None:
                first[row.council] = min(row.time, first.get(row.council, row.time))
        needed = -(-len(roll) // 4)
        if len(first) < needed:
            return False
        since = sorted(first.values())[needed - 1]
        return since <= now and (now < since + self.law(motion).terms.hold or "hold" in self.wrong)

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
