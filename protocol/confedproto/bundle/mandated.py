"""A mandate and what the files say of it, as the rules want it (specs/12, BUN-13 and BUN-14).

The same rules as a node's; what no file shows is left out, and so is never to anybody's gain.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from confedproto.bodies.act import Act
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.mandate import Condition, Mandate
from confedproto.bundle.certified import certified
from confedproto.bundle.evidence import Evidence, Received
from confedproto.bundle.membership import compact_of
from confedproto.errors import DecodeError, Reason, VerificationError
from confedproto.ids import CouncilId, LogId, RecordId
from confedproto.limits import LOG_MAX_SIZE
from confedproto.log import Head, open_head
from confedproto.record import VerifiedRecord
from confedproto.rules.delegation import At, MandateCase
from confedproto.rules.mandate import effect_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What is known, and which of it is asked about: `chosen` is one of `proved`."""

    chosen: Evidence
    proved: Sequence[Evidence]
    at: int

    def all_of(self, kind: str, about: RecordId) -> dict[RecordId, VerifiedRecord]:
        """The records of a kind about a subject, in any file."""
        found = (one for proved in self.proved for one in proved.of_kind(kind))
        return {one.id: one for one in found if one.subject == about}

    def received(self, *subjects: RecordId) -> list[Received]:
        """The receipts of any of these records, in any file, oldest first."""
        found = {
            receipt
            for proved in self.proved
            for subject in subjects
            if subject in proved.records
            for receipt in proved.received(subject)
        }
        return sorted(found, key=lambda r: (r.time, r.witness))

    def index(self, subject: RecordId) -> int | None:
        """Where a file shows the record in its council's chain of logs, under a head."""
        for proved in self.proved:
            if proved.in_log(subject):
                council = proved.records[subject].council
                return _offset(proved, council) + min(proved.places[subject].values())
        return None

    def at_of(self, kind: str, about: RecordId) -> list[At]:
        """The records of a kind about a subject, and where they stand."""
        return [At(record=r, index=self.index(i)) for i, r in self.all_of(kind, about).items()]


def _offset(proved: Evidence, council: CouncilId, log: LogId | None = None) -> int:
    """Successive logs of a council in one row of numbers; without `log` the file's newest."""
    authority = proved.authorities[council]
    wanted = authority.node.log if log is None and authority.node is not None else log
    numbers = (step.node.number for step in authority.nodes if step.log == wanted)
    return min(numbers, default=0) * 2 * LOG_MAX_SIZE


def mandate_case(files: Files, mandate: RecordId) -> MandateCase:
    """Everything that the files say of a mandate, which the chosen one has to prove (MAN-1).

    With the one above it, if a file proves that (LVL-1). Raises VerificationError BUNDLE_MISSING,
    or what is wrong with the compact or a cited head.
    """
    case = _case(files, files.chosen, mandate)
    above = RecordId(case.mandate.above) if case.mandate.above is not None else None
    if above is None:
        return case
    proved = next((one for one in files.proved if one.in_log(above)), None)
    return case if proved is None else replace(case, above=_case(files, proved, above))


def _case(files: Files, chosen: Evidence, mandate: RecordId) -> MandateCase:
    granted = chosen.records.get(mandate)
    if granted is None or not isinstance(granted.body, Mandate):
        raise VerificationError(Reason.BUNDLE_MISSING, "the mandate", mandate)
    if files.index(mandate) is None:
        raise VerificationError(Reason.BUNDLE_MISSING, "the mandate's place in the log", mandate)
    council, body = granted.council, granted.body
    charter = chosen.charter_of(council, granted.charter)
    acts = files.at_of("act", mandate)
    cited = {one.record.id: _cited(chosen, one.record) for one in acts}
    heads = [
        (_offset(p, council) + p.head.size, p.head.time)
        for p in files.proved
        if p.head is not None and p.subject.council == council
    ]
    heads += [(_offset(chosen, council, h.log) + h.size, h.time) for h in cited.values()]

    def receipts_of(record: VerifiedRecord) -> Mapping[CouncilId, int]:
        return {r.witness: r.time for r in reversed(files.received(record.id))}

    def has_position(version: RecordId) -> bool:
        return any(
            one.record.council == council and one.index is not None
            for one in files.at_of("position", _motion_of(files, version))
        )

    return MandateCase(
        granted=granted,
        mandate=body,
        rules=charter.delegation if charter is not None else None,
        before=_before(files, granted),
        recalls=files.at_of("recall", mandate),
        reports=files.at_of("report", mandate),
        petitions=files.at_of("petition", mandate),
        acts=acts,
        ratified=lambda about: files.at_of("ratify", about),
        has_position=has_position,
        receipts_of=receipts_of,
        head_time_of=lambda record: cited[record.id].time,
        holds=lambda condition: _holds(files, condition),
        members=_members(files, chosen, body),
        heads=heads,
    )


def _members(files: Files, chosen: Evidence, mandate: Mandate) -> Collection[CouncilId] | None:
    """The members of the mandate's compact, if a file has it; the chosen one before others."""
    if mandate.compact is None:
        return None
    for proved in (chosen, *files.proved):
        if proved.bundle.kind == "act" and proved.of_kind("compact"):
            return compact_of(proved, RecordId(mandate.compact))[1]
    return None


def _motion_of(files: Files, version: RecordId) -> RecordId:
    """The motion of which this is a version, if a file has it; else the id itself (MAN-5)."""
    found = (one.records.get(version) for one in files.proved)
    amend = next((one for one in found if one is not None and one.kind == "amend"), None)
    return version if amend is None or amend.subject is None else amend.subject


def _holds(files: Files, condition: Condition) -> bool | None:
    """Whether a condition is met; None: the files do not show it (MAN-8)."""
    version = RecordId(condition.motion)
    if condition.test == "adopted":
        return _adopted(files, RecordId(condition.about))
    if condition.about == version:
        return True
    if _motion_of(files, version) != version:
        return False  # a version is a whole text: it has no other one in it
    movers = {p.records[version].council for p in files.proved if version in p.records}
    lists = {
        one.id: one.body.versions or ()
        for proved in files.proved
        for one in proved.of_kind("freeze")
        if isinstance(one.body, Freeze) and one.subject == version and one.council in movers
        if proved.bundle.kind == "certificate" or proved.in_log(one.id)
    }
    if len(lists) != 1:
        return None  # two freezes are none (FRZ-6)
    return condition.about in next(iter(lists.values()))


def _adopted(files: Files, motion: RecordId) -> bool | None:
    for proved in files.proved:
        if proved.bundle.kind == "certificate" and proved.bundle.subject == motion:
            return certified(proved)[0].accepted
    return None


def _before(files: Files, granted: VerifiedRecord) -> list[tuple[Mandate, int | None]]:
    """Earlier mandates of the council, as far as the files have them, and their recalls."""
    mine = files.index(granted.id)
    out: list[tuple[Mandate, int | None]] = []
    others = {one.id: one for proved in files.proved for one in proved.of_kind("mandate")}
    for other, one in others.items():
        index = files.index(other)
        if one.council != granted.council or index is None or mine is None or index >= mine:
            continue
        gone = [
            effect_time(recall.record.time, recall.index, ())
            for recall in files.at_of("recall", other)
            if recall.record.council == granted.council and recall.index is not None
        ]
        if isinstance(one.body, Mandate):
            out.append((one.body, min(gone, default=None)))
    return out


def _cited(proved: Evidence, act: VerifiedRecord) -> Head:
    """The head that an act cites, if a node of its council signed it (ACT-4).

    That may be an older node's: the delegate had not heard of the replacement.
    """
    nodes = proved.authorities[act.council].nodes
    if not nodes or not isinstance(act.body, Act):
        raise VerificationError(Reason.BUNDLE_MISSING, "the node record")
    fault = VerificationError(Reason.LOG_ID, "the head that the act cites")
    for node in nodes:
        try:
            head = open_head(proved.bundle.network, node.key, act.body.head)
        except DecodeError as error:
            raise VerificationError(error.reason, "the head that the act cites") from None
        except VerificationError as error:
            fault = error
            continue
        if head.log == node.log:
            return head
    raise fault
