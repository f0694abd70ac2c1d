"""Whom a freeze has to name, and what a unit is: NES and FRZ, by brute force."""

from typing import Any

from tests.models.decision_logs import Row
from tests.models.decision_members import Members, voters


class Rolls(Members):
    """The frozen roll of a motion."""

    # --- units ----------------------------------------------------------------------------------

    def units_hold(self, motion: Row) -> bool:
        """NES-4."""
        body, level = motion.body, self.level(self.law(motion))
        within = ("charter", "accession", "exclusion", "dissolution", "dormancy")
        if level == 1 or body.name in within or body.units is None:
            return body.units is None and (level == 1 or body.name in within)
        if list(body.units) != sorted(set(body.units)):
            return False
        if not all(self.is_lower(unit, motion, level - 1) for unit in body.units):
            return False
        here = {c for c, _ in self.logs if self.entered(motion.leaf.subject, c, motion.time)}
        own = [here & set(self.founders(unit)) for unit in body.units]
        if not any(one - other and other - one for one in own for other in own):
            return False
        if body.affected is None or "units" in self.wrong:
            return True
        touched = [{c for c in body.affected if self.in_unit(motion, u, c)} for u in body.units]
        return sum(map(bool, touched)) > 1 and len(set[bytes]().union(*touched)) > 1

    def level(self, law: Any) -> int:
        """NES-3."""
        return int(law.level or 1)

    def law(self, motion: Row) -> Any:
        """REV-3: a motion runs under the version that it cites."""
        return self.by_id[motion.body.version or motion.leaf.subject].body

    def is_lower(self, unit: bytes, motion: Row, level: int) -> bool:
        """NES-4: a founded compact whose upper one is the motion's, by its founding or later."""
        first = self.founding(unit)
        if first is None:
            return False
        bodies = [first.body] + [
            row.body
            for row in self.find("compact")
            if row.body.previous is not None and self.in_force(row.id, unit, motion.time)
        ]
        upper = motion.leaf.subject
        return any(body.upper == upper and self.level(body) == level for body in bodies)

    def in_unit(self, motion: Row, unit: bytes, council: bytes) -> bool:
        """Whether a unit had admitted a council when the motion was moved."""
        return self.entered(unit, council, motion.time)

    def claimed_back(self, motion: Row, freeze: Row) -> bool:
        """NES-6."""
        grace = self.law(motion).windows.grace
        for unit in motion.body.units or ():
            inside = {c for c in voters(freeze) if self.in_unit(motion, unit, c)}
            claims = {
                row.council
                for row in self.find("affected-claim", motion.id)
                if row.body.unit == unit
                and row.council in inside
                and (written := self.written(row, voters(freeze), grace)) is not None
                and written <= freeze.body.closes
            }
            if 2 * len(claims) > len(inside):
                return True
        return False

    # --- the frozen roll ------------------------------------------------------------------------

    def named(self, ids: Any, kind: str, council: bytes, subject: bytes) -> list[Row]:
        """The records of a council that a freeze names."""
        found = (self.by_id.get(one) for one in ids or ())
        return [
            row
            for row in found
            if row is not None
            and (row.leaf.kind, row.council, row.leaf.subject) == (kind, council, subject)
        ]

    def kept_out(self, motion: Row, freeze: Row) -> set[bytes]:
        """EXC-2, DOR-1: whom the motion itself or a decision that is named takes out of C."""
        out = {motion.body.target} if motion.body.name == "exclusion" else set[bytes]()
        if "target" in self.wrong:
            out = set()
        for one in freeze.body.decisions or ():
            row = self.by_id.get(one)
            if row is None or row.leaf.kind != "motion" or row.leaf.subject != motion.leaf.subject:
                continue
            second = row.body.name == "exclusion" and row.body.first is not None
            silent = row.body.name == "dormancy" and "dormancy" not in self.wrong
            if (second or silent) and self.outcome(row.id, freeze.body.opens) == "adopted":
                out.add(row.body.target)
        return out

    def concerned(self, motion: Row, freeze: Row, council: bytes) -> bool:
        """NES-2, NES-5."""
        listed, units = motion.body.affected, motion.body.units
        if council == motion.council:
            return True
        if (listed is None or council in listed) and (
            units is None or any(self.in_unit(motion, unit, council) for unit in units)
        ):
            return True
        claims = self.named(freeze.body.claims, "affected-claim", council, motion.id)
        return any(claim.body.unit is None for claim in claims)

    def weight_in(self, compact: bytes, freeze: Row, council: bytes) -> set[int]:
        """FRZ-2: the weights with which a council may be in C."""
        exits = self.named(freeze.body.exits, "exit", council, compact)
        if not exits and council in self.founders(compact):
            return {self.founders(compact)[council]}
        named = {
            row.id for row in self.named(freeze.body.accessions, "accession", council, compact)
        }
        return {
            row.body.weight
            for row in self.entries(compact, freeze, council)
            if not exits or row.id in named
        }

    def entries(self, compact: bytes, freeze: Row, council: bytes) -> list[Row]:
        """The accessions that admitted a council before the opening and that no exit undoes."""
        opens = freeze.body.opens
        exits = self.named(freeze.body.exits, "exit", council, compact)
        if not exits:
            return self.admissions(compact, council, opens)
        if not self.by_motion(compact) and not self.entered(compact, council):
            return []
        return [
            row
            for row in self.accessions(compact, council)
            if all(row.index > gone.index for gone in exits)
            and (not self.by_motion(compact) or self.let_in(row, opens))
        ]

    def took(self, motion: Row) -> set[bytes]:
        """Who ratified the version that a motion cites."""
        rows = self.find("ratify", motion.body.version) if motion.body.version is not None else []
        return {row.council for row in rows if row.body.value == "yes"}

    def roll_holds(self, motion: Row, freeze: Row) -> bool:
        """FRZ-2, POS-7."""
        compact, said = motion.leaf.subject, freeze.body
        roll = [voter.council for voter in said.councils]
        out, took = self.kept_out(motion, freeze), self.took(motion)
        if roll != sorted(set(roll)) or out & set(roll):
            return False
        for voter in said.councils:
            if voter.weight not in self.weight_in(compact, freeze, voter.council):
                return False
            if not self.concerned(motion, freeze, voter.council):
                return False
            if motion.body.version is not None and voter.council not in took:
                return False
        if not self.rolls_hold(motion, freeze):
            return False
        if motion.body.version is not None:
            return True
        from_first = self.unit_founders(motion)
        return all(
            founder in roll
            or founder in out
            or (from_first is not None and founder not in from_first)
            or not self.concerned(motion, freeze, founder)
            or self.named(said.exits, "exit", founder, compact)
            for founder in self.founders(compact)
        )

    def unit_founders(self, motion: Row) -> set[bytes] | None:
        """NES-5."""
        if motion.body.units is None:
            return None
        return {founder for unit in motion.body.units for founder in self.founders(unit)}

    def rolls_hold(self, motion: Row, freeze: Row) -> bool:
        """POS-7."""
        said = freeze.body
        if said.rolls is None:
            asked = self.law(motion).people_quorums or ()
            return all(quorum.name != motion.body.name for quorum in asked)
        stated = {(row.council, row.body.members) for row in self.find("roll")}
        pairs = [(v.council, n) for v, n in zip(said.councils, said.rolls, strict=False)]
        return len(said.rolls) == len(said.councils) and set(pairs) <= stated

    def omits(self, motion: Row, freeze: Row, written: int, grace: int) -> bool:
        """FRZ-8."""
        compact, said = motion.leaf.subject, freeze.body
        roll, out = voters(freeze), self.kept_out(motion, freeze)
        until, from_first = written - grace, self.unit_founders(motion)

        def early(rows: list[Row]) -> bool:
            times = (self.received(row, roll, 1) for row in rows)
            return any(time is not None and time <= until for time in times)

        for council, _ in self.logs:
            if council in roll or council in out or not self.concerned(motion, freeze, council):
                continue
            if from_first is not None and council not in from_first:
                units = [row for u in motion.body.units for row in self.find("accession", u)]
                if not early([row for row in units if row.council == council]):
                    continue
            if motion.body.version is not None:
                yes = [r for r in self.find("ratify", motion.body.version) if r.body.value == "yes"]
                if not early([row for row in yes if row.council == council]):
                    continue
            exits = self.named(said.exits, "exit", council, compact)
            if council in self.founders(compact) and not exits:
                return True
            for row in self.entries(compact, freeze, council):
                known = self.known(compact, row, freeze)
                if known is not None and known <= until:
                    return True
        return False
