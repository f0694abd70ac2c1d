"""Compacts, their versions, and who is in them: specs/05, by brute force."""

from abc import ABC, abstractmethod

from tests.models.decision_logs import Records, Row, witnesses_needed

EVER = 2**62


def locks_needed(councils: int) -> int:
    """CER-1: q."""
    return 2 * councils // 3 + 1 if councils >= 4 else councils // 2 + 1


def voters(freeze: Row) -> set[bytes]:
    """C."""
    return {voter.council for voter in freeze.body.councils}


class Members(Records, ABC):
    """Membership from whole logs; who asks about decisions is in decision_rounds.py."""

    wrong: frozenset[str]

    @abstractmethod
    def decision(self, motion: bytes, before: int = EVER) -> tuple[str, Row] | None:
        """The certified outcome by voting that closed before a time, and its freeze."""

    def outcome(self, motion: bytes, before: int = EVER) -> str | None:
        """The certified outcome by voting that closed before a time."""
        found = self.decision(motion, before)
        return None if found is None else found[0]

    def closing(self, motion: bytes, before: int = EVER) -> int | None:
        """When that voting closed."""
        found = self.decision(motion, before)
        return None if found is None else int(found[1].body.closes)

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

    def by_motion(self, compact: bytes) -> bool:
        """Whether ACC-3 holds, and not ACC-2."""
        row = self.founding(compact)
        return row is not None and any(entry.name == "accession" for entry in row.body.rules)

    def let_in(self, row: Row, before: int) -> bool:
        """ACC-3: whether the motion that an accession names was adopted before a time."""
        motion = self.by_id.get(row.body.motion) if row.body.motion is not None else None
        if motion is None or motion.leaf.kind != "motion" or motion.body.name != "accession":
            return False
        if motion.body.target != row.council or motion.leaf.subject != row.leaf.subject:
            return False
        return "accession" in self.wrong or self.outcome(motion.id, before) == "adopted"

    def accessions(self, compact: bytes, council: bytes) -> list[Row]:
        """Accessions to a compact that would make a member, in the order of the log."""
        row = self.founding(compact)
        rows = self.find("accession", compact) if row is not None else []
        return [
            one
            for one in sorted(rows, key=lambda one: one.index)
            if one.council == council
            and not one.body.observer
            and one.body.weight <= self.by_id[compact].body.weight_max
        ]

    def admissions(self, compact: bytes, council: bytes, before: int = EVER) -> list[Row]:
        """ACC-1: the accessions by which a council that is no founder was admitted by a time."""
        if council in self.founders(compact):
            return []
        good = self.accessions(compact, council)
        if self.by_motion(compact):
            first: dict[bytes | None, Row] = {}
            for row in good:
                first.setdefault(row.body.motion, row)
            return [row for row in first.values() if self.let_in(row, before)]
        linked = sum(bool(self.links(one, council)) for one in self.founders(compact))
        return good[:1] if linked >= self.sponsors(compact) else []

    def entered(self, compact: bytes, council: bytes, before: int = EVER) -> bool:
        """Whether a council was admitted by a time, left or not."""
        if self.founding(compact) is None:
            return False
        return council in self.founders(compact) or bool(self.admissions(compact, council, before))

    def left(self, compact: bytes, row: Row) -> bool:
        """EXI-1: whether its council had left where a record stands in its log."""
        last = self.last_before(row, ("exit", "accession"), compact)
        return last is not None and last.leaf.kind == "exit"

    def excluded(self, compact: bytes) -> set[bytes]:
        """EXC-2."""
        return {
            row.body.target
            for row in self.find("motion", compact)
            if row.body.name == "exclusion"
            and (row.body.first is not None or "exclusion" in self.wrong)
            and self.outcome(row.id) == "adopted"
        }

    def speaks(self, compact: bytes, row: Row) -> bool:
        """Whether a dispute, a finding or a task is a member's (MOT-4, EXC-2)."""
        inside = self.entered(compact, row.council) and row.council not in self.excluded(compact)
        return inside and not self.left(compact, row)

    def members(self, compact: bytes) -> dict[bytes, int]:
        """COM-9, after all that is held."""
        founders, gone = self.founders(compact), self.excluded(compact)
        out: dict[bytes, int] = {}
        for council, _ in self.logs:
            if council in gone or not self.entered(compact, council):
                continue
            weight, left = founders.get(council), False
            first = self.admissions(compact, council)[:1]
            exits = [row for row in self.find("exit", compact) if row.council == council]
            steps = exits + self.accessions(compact, council)
            for row in sorted(steps, key=lambda row: row.index):
                if row.leaf.kind == "exit":
                    weight, left = None, True
                elif weight is None:
                    again = left or row.id in {one.id for one in first}
                    if self.let_in(row, EVER) if self.by_motion(compact) else again:
                        weight = row.body.weight
            if weight is not None:
                out[council] = weight
        return out

    def known(self, compact: bytes, accession: Row, freeze: Row) -> int | None:
        """ACC-6: when all could know of an admission."""
        roll = voters(freeze)
        got = self.received(accession, roll, 1)
        if self.by_motion(compact):
            since = self.adopted_since(accession.body.motion, freeze, roll)
            return None if got is None or since is None else max(got, since)
        needed = self.sponsors(compact)
        if self.returns(compact, accession) or needed == 0:
            return got
        times: list[int] = []
        for founder in self.founders(compact):
            each = []
            for link in self.links(founder, accession.council):
                steps = [self.received(row, roll, 1) for row in link]
                if None not in steps:
                    each.append(max(time for time in steps if time is not None))
            if each:
                times.append(min(each))
        if got is None or len(times) < needed:
            return None
        return max(got, sorted(times)[needed - 1])

    def adopted_since(self, motion: bytes, freeze: Row, roll: set[bytes]) -> int | None:
        """ACC-6: the q-th lock of one round on the freeze by which a motion was adopted."""
        found = self.decision(motion, freeze.body.opens)
        if found is None or found[0] != "adopted":
            return None
        on, rounds = found[1], dict[int, dict[bytes, int]]()
        for lock in self.find("lock", motion):
            got = self.received(lock, roll, 1)
            if lock.body.freeze != on.id or lock.council not in voters(on) or got is None:
                continue
            if lock.body.outcome == "adopted" and lock.time > on.body.closes:
                each = rounds.setdefault(lock.body.round, {})
                each[lock.council] = min(got, each.get(lock.council, got))
        q = locks_needed(len(voters(on)))
        return min(
            (sorted(e.values())[q - 1] for e in rounds.values() if len(e) >= q), default=None
        )

    def returns(self, compact: bytes, accession: Row) -> bool:
        """Whether this accession is a return of a council that was in (ACC-4)."""
        exits = [row for row in self.find("exit", compact) if row.council == accession.council]
        first = self.admissions(compact, accession.council)[:1]
        return any(
            row.index < accession.index and (not first or row.index > first[0].index)
            for row in exits
        )
