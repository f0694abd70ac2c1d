"""Who is a member, and whom a freeze has to name: specs/05 and FRZ, by brute force."""

from typing import Any

from tests.models.decision_logs import Records, Row, witnesses_needed

EVER = 2**62


class Rolls(Records):
    """Membership from whole logs; who asks about decisions is in decisions.py."""

    def outcome(self, motion: bytes, before: int = EVER) -> str | None:
        """The certified outcome of a motion whose voting closed before a time."""
        raise NotImplementedError

    # --- compacts and versions --------------------------------------------------------------

    def founding(self, compact: bytes) -> Row | None:
        """The founding compact with this id."""
        row = self.by_id.get(compact)
        if row is None or row.leaf.kind != "compact" or row.body.previous is not None:
            return None
        return row

    def founders(self, compact: bytes) -> dict[bytes, int]:
        """Founder -> weight."""
        row = self.founding(compact)
        assert row is not None
        return {founder.council: founder.weight for founder in row.body.founders}

    def chain(self, version: bytes) -> bytes | None:
        """The founding compact that a version leads back to."""
        row = self.by_id.get(version)
        while row is not None and row.leaf.kind == "compact" and row.body.previous is not None:
            row = self.by_id.get(row.body.previous)
        return row.id if row is not None and row.leaf.kind == "compact" else None

    def in_force(self, version: bytes, compact: bytes, before: int) -> bool:
        """REV-1, REV-2."""
        row, first = self.by_id.get(version), self.founding(compact)
        if row is None or first is None or self.chain(version) != compact or row is first:
            return False
        if row.body.founders != first.body.founders:
            return False
        return any(
            motion.body.name == "charter"
            and motion.body.target == version
            and self.outcome(motion.id, before) == "adopted"
            for motion in self.find("motion", compact)
        )

    def ratified(self, motion: Row) -> bytes | None:
        """REV-3: the last version that a council took before this record in its log."""
        own = [
            row
            for row in self.find("ratify")
            if row.council == motion.council
            and row.index < motion.index
            and row.body.value == "yes"
            and row.leaf.subject != motion.leaf.subject
            and self.chain(row.leaf.subject) == motion.leaf.subject
        ]
        last = max(own, key=lambda row: row.index, default=None)
        return last.leaf.subject if last is not None else None

    # --- membership ---------------------------------------------------------------------------

    def sponsors(self, compact: bytes) -> int:
        """ACC-2."""
        row = self.founding(compact)
        assert row is not None
        if row.body.sponsors == 0:
            return 0
        return max(int(row.body.sponsors), witnesses_needed(len(row.body.founders)))

    def first_accession(self, compact: bytes, council: bytes) -> Row | None:
        """ACC-1: the accession by which a council that is no founder is admitted, if it is."""
        founders, most = self.founders(compact), self.by_id[compact].body.weight_max
        if council in founders:
            return None
        sponsors = sum(bool(self.links(one, council)) for one in founders)
        if sponsors < self.sponsors(compact):
            return None
        good = [
            row
            for row in self.find("accession", compact)
            if row.council == council and not row.body.observer and row.body.weight <= most
        ]
        return min(good, key=lambda row: row.index, default=None)

    def entered(self, compact: bytes, council: bytes) -> bool:
        """Whether a council was ever a member."""
        return (
            council in self.founders(compact) or self.first_accession(compact, council) is not None
        )

    def left(self, compact: bytes, row: Row) -> bool:
        """EXI-1: whether its council had left where a record stands in its log."""
        last = self.last_before(row, ("exit", "accession"), compact)
        return last is not None and last.leaf.kind == "exit"

    def members(self, compact: bytes) -> dict[bytes, int]:
        """COM-9, after all that is held."""
        founders, most = self.founders(compact), self.by_id[compact].body.weight_max
        out: dict[bytes, int] = {}
        for council, _ in self.logs:
            if not self.entered(compact, council):
                continue
            weight, gone = founders.get(council), False
            first = self.first_accession(compact, council)
            steps = self.find("exit", compact) + self.find("accession", compact)
            for row in sorted(steps, key=lambda row: row.index):
                if row.council != council:
                    continue
                if row.leaf.kind == "exit":
                    weight, gone = None, True
                elif weight is None and (gone or (first is not None and row.id == first.id)):
                    fits = not row.body.observer and row.body.weight <= most
                    weight = row.body.weight if fits else None
            if weight is not None:
                out[council] = weight
        return out

    def known(self, compact: bytes, accession: Row, roll: set[bytes]) -> int | None:
        """ACC-6: when all could know of an admission."""
        got = self.received(accession, roll, 1)
        needed = self.sponsors(compact)
        if self.left_ever_before(compact, accession) or needed == 0:
            return got  # ACC-4 asks no sponsor
        since: list[int] = []
        for founder in self.founders(compact):
            each = []
            for link in self.links(founder, accession.council):
                times = [self.received(row, roll, 1) for row in link]
                if None not in times:
                    each.append(max(time for time in times if time is not None))
            if each:
                since.append(min(each))
        if got is None or len(since) < needed:
            return None
        return max(got, sorted(since)[needed - 1])

    def left_ever_before(self, compact: bytes, accession: Row) -> bool:
        """Whether this accession is a return of a council that was in (ACC-4)."""
        exits = [row for row in self.find("exit", compact) if row.council == accession.council]
        first = self.first_accession(compact, accession.council)
        return any(
            row.index < accession.index and (first is None or row.index > first.index)
            for row in exits
        )

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

    def concerned(self, motion: Row, freeze: Row, council: bytes) -> bool:
        """NES-2."""
        listed = motion.body.affected
        if listed is None or council in listed or council == motion.council:
            return True
        return bool(self.named(freeze.body.claims, "affected-claim", council, motion.id))

    def weight_in(self, compact: bytes, freeze: Row, council: bytes) -> set[int]:
        """FRZ-2: the weights with which a council may be in C."""
        exits = self.named(freeze.body.exits, "exit", council, compact)
        first = self.first_accession(compact, council)
        if not exits:
            founder = self.founders(compact).get(council)
            if founder is not None:
                return {founder}
            return {first.body.weight} if first is not None else set()
        if not self.entered(compact, council):
            return set()
        back = self.named(freeze.body.accessions, "accession", council, compact)
        most = self.by_id[compact].body.weight_max
        return {
            row.body.weight
            for row in back
            if not row.body.observer
            and row.body.weight <= most
            and all(row.index > gone.index for gone in exits)
        }

    def roll_holds(self, motion: Row, freeze: Row) -> bool:
        """FRZ-2."""
        compact, said = motion.leaf.subject, freeze.body
        roll = [voter.council for voter in said.councils]
        if roll != sorted(set(roll)):
            return False
        took = {
            row.council
            for row in self.find("ratify", motion.body.version)
            if motion.body.version is not None and row.body.value == "yes"
        }
        for voter in said.councils:
            if voter.weight not in self.weight_in(compact, freeze, voter.council):
                return False
            if not self.concerned(motion, freeze, voter.council):
                return False
            if motion.body.version is not None and voter.council not in took:
                return False
        if motion.body.version is not None:
            return True
        return all(
            founder in roll
            or not self.concerned(motion, freeze, founder)
            or self.named(said.exits, "exit", founder, compact)
            for founder in self.founders(compact)
        )

    def omits(self, motion: Row, freeze: Row, written: int, grace: int) -> bool:
        """FRZ-8."""
        compact, said = motion.leaf.subject, freeze.body
        roll = {voter.council for voter in said.councils}
        until = written - grace
        for council, _ in self.logs:
            if council in roll or not self.entered(compact, council):
                continue
            if not self.concerned(motion, freeze, council):
                continue
            if motion.body.version is not None:
                took = [
                    self.received(row, roll, 1)
                    for row in self.find("ratify", motion.body.version)
                    if row.council == council and row.body.value == "yes"
                ]
                if not any(time is not None and time <= until for time in took):
                    continue
            exits = self.named(said.exits, "exit", council, compact)
            if council in self.founders(compact) and not exits:
                return True
            entries = [row for row in self.find("accession", compact) if row.council == council]
            if exits:
                good = [row for row in entries if all(row.index > gone.index for gone in exits)]
            else:
                first = self.first_accession(compact, council)
                good = [row for row in entries if first is not None and row.id == first.id]
            most = self.by_id[compact].body.weight_max
            for row in good:
                if row.body.observer or row.body.weight > most:
                    continue
                known = self.known(compact, row, roll)
                if known is not None and known <= until:
                    return True
        return False
