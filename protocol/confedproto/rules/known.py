"""What is known beyond one motion: the `World` of its case, over a view's records.

Motions may rest on each other: a freeze on the motion that admitted a council, a second reading on
the first. Every such question asks about voting that closed strictly before, so the answers never
go in a circle.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from confedproto.bodies.compact import Compact
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.motion import Motion
from confedproto.errors import Reason
from confedproto.ids import RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules.case import Case, Placed
from confedproto.rules.motion import MotionStatus, status
from confedproto.rules.states import State
from confedproto.rules.tally import Outcome

NAMED_BY = "named-by"
"""Under this name the motions that name a record are kept beside those that have it as subject."""
VERSION = "version"
"""Under this name the proposed versions of a compact are kept, by its founding record."""


def names_of(body: object) -> set[bytes]:
    """The records that a motion names otherwise than as its subject."""
    if not isinstance(body, Motion):
        return set()
    lists = (body.supersedes, body.repeals, body.depends, body.contradicts)
    single = (body.target, body.first, body.parent)
    return {*(one for some in lists for one in some or ()), *(one for one in single if one)}


def version_of(
    records: Mapping[RecordId, Placed], motion: Motion, founding: Compact
) -> Compact | Reason:
    """The version of the compact that a motion runs under, or COMPACT_VERSION (REV-3)."""
    if motion.version is None:
        return founding
    placed = records.get(RecordId(motion.version))
    body = placed.record.body if placed is not None else None
    return body if isinstance(body, Compact) else Reason.COMPACT_VERSION


def reaches_far(
    leaf: VerifiedRecord,
    records: Mapping[RecordId, Placed],
    about: Callable[[RecordId, str], Sequence[Placed]],
) -> bool:
    """Whether a record may change the status of motions that it is not about."""
    if leaf.kind in ("accession", "exit", "link", "ratify", "roll", "compact"):
        return True
    if leaf.kind == "motion":
        return bool(names_of(leaf.body))
    if leaf.kind not in ("freeze", "position", "vote", "status", "lock") or leaf.subject is None:
        return False
    motion = records.get(leaf.subject)
    targeted = motion is not None and getattr(motion.record.body, "target", None) is not None
    return targeted or bool(about(leaf.subject, NAMED_BY))


class Known:
    """The answers of a view to the rules, each of which only ever grows."""

    def __init__(
        self,
        records: Mapping[RecordId, Placed],
        about: Callable[[RecordId, str], Sequence[Placed]],
        of_kind: Callable[[str], Sequence[Placed]],
        case: Callable[[RecordId], Case | Reason],
        status_of: Callable[[RecordId, int], MotionStatus | Reason],
    ) -> None:
        self._records, self._about, self._of_kind = records, about, of_kind
        self._case, self._status = case, status_of

    def placed(self, record: RecordId) -> Placed | None:
        """An admitted record, or None."""
        return self._records.get(record)

    def about(self, subject: RecordId, kind: str) -> Sequence[Placed]:
        """The admitted records of a kind with this subject."""
        return self._about(subject, kind)

    def of_kind(self, kind: str) -> Sequence[Placed]:
        """All admitted records of a kind."""
        return self._of_kind(kind)

    def naming(self, named: RecordId) -> Sequence[Placed]:
        """The motions that name a record."""
        return self._about(named, NAMED_BY)

    def outcome(self, motion: RecordId, before: int) -> Outcome | None:
        """The certified outcome of a motion whose voting closed before a time, or None."""
        placed = self._records.get(motion)
        freezes = self._about(motion, "freeze")
        if placed is None or not freezes:
            return None
        closed = [p for p in freezes if _closed(placed, p, before)]
        if not closed:
            return None
        if len(closed) == len(freezes):
            found = self._status(motion, before)
        else:
            case = self._case(motion)
            if isinstance(case, Reason):
                return None
            found = status(replace(case, freezes=closed), before)
        if isinstance(found, Reason) or found.state is not State.FINAL:
            return None
        return found.outcome


def _closed(motion: Placed, freeze: Placed, before: int) -> bool:
    body = freeze.record.body
    # A freeze that closes before its motion was written is never valid; asking would go in circles.
    return isinstance(body, Freeze) and motion.record.time <= body.closes < before
