"""A mandate in brief: under 600 bytes, for whoever has the council's file (specs/12, BRF).

    data = build_brief(view, mandate, now, sign)     # on the council's node
    report = verify([data], [Evidence of the council's file], at)

Left out is what that file says: charters, the node record, the place in the log. In place of
head and path the node key signs, once for each brief, that the mandate stands in its log.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confedproto import codec, keys, record
from confedproto.bodies.mandate import Mandate
from confedproto.bundle.evidence import Evidence
from confedproto.bundle.report import Report
from confedproto.envelope import Signature, assemble, split_envelope
from confedproto.errors import DecodeError, LocalProtocolError, Reason, VerificationError
from confedproto.ids import (
    TAG_BRIEF,
    CouncilId,
    LogId,
    NetworkId,
    PublicKey,
    RecordId,
    record_id,
)
from confedproto.limits import RECORD_MAX_BYTES, TIME_MAX_S
from confedproto.record import VerifiedRecord
from confedproto.rules.authority import Authority
from confedproto.rules.mandate import Outcome, effect_time, grant_fault, mandate_verdict
from confedproto.rules.tenure import History, state_at

if TYPE_CHECKING:
    from confedproto.view import View

MAGIC: Final = "confed-brief"
VERSION: Final = 1
_START: Final = codec.encode([MAGIC, VERSION])[1:]
STANDS: Final = (
    "That it stands in the council's log is its node's word; its place there is not shown."
)
_Row = tuple[int, int, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """The record's payload, its signatures (by the keys' numbers in the charter), and when the
    node key signed that it stands (seconds UTC).
    """

    payload: bytes
    signatures: tuple[_Row, ...]
    time: int
    standing: bytes

    @property
    def council(self) -> CouncilId:
        """The council that it says it is of."""
        return CouncilId(record.parse_payload(self.payload)[0].council or bytes(32))


def standing_bytes(network: NetworkId, log: LogId, subject: RecordId, time: int) -> bytes:
    """What a node key signs: at `time` the record stands in its log, and is not taken back."""
    return TAG_BRIEF + network + codec.encode({"log": log, "record": subject, "time": time})


def is_brief(data: bytes) -> bool:
    """Whether these bytes begin as a brief does."""
    return data[1 : 1 + len(_START)] == _START


# --- writing ------------------------------------------------------------------------------------


def build_brief(
    view: "View", own: LogId, mandate: RecordId, now: int, sign: Callable[[bytes], bytes]
) -> bytes:
    """The brief of a mandate in the node's `own` log; `sign` signs with its node key.

    Raises LocalProtocolError: MANDATE_UNKNOWN (none, or it stands elsewhere), BUNDLE_SUBJECT
    (one passed on by another level rests on more than this council's file), or the verdict's
    reason where the mandate is recalled, ended or wrong (BRF-2).
    """
    placed = view.records.get(mandate)
    if placed is None or not isinstance(placed.record.body, Mandate):
        raise LocalProtocolError(Reason.MANDATE_UNKNOWN)
    one, body = placed.record, placed.record.body
    authority = view.authorities[one.council]
    node, step = authority.node, authority.charter
    if node is None or step is None or step.version != one.charter:
        raise LocalProtocolError(Reason.MANDATE_UNKNOWN, "it was granted under an older charter")
    if placed.log != own or node.log != own:
        raise LocalProtocolError(Reason.MANDATE_UNKNOWN, "it stands in another log")
    if body.above is not None:
        raise LocalProtocolError(Reason.BUNDLE_SUBJECT, "a mandate of another level")
    status = view.mandates.status(mandate, now)
    verdict = status if isinstance(status, Reason) else status.verdict.reason
    if verdict not in (None, Reason.MANDATE_NOT_BEGUN):
        raise LocalProtocolError(verdict, "the mandate does not stand")
    payload, signatures = split_envelope(one.envelope)
    enough = [s for s in signatures if s.signer in step.charter.keys][: step.charter.threshold]
    numbers = {key: number for number, key in enumerate(step.charter.keys)}
    rows = [[numbers[bytes(s.signer)], s.form, s.signature] for s in enough]
    made = sign(standing_bytes(view.network, node.log, mandate, now))
    return codec.encode([MAGIC, VERSION, payload, rows, now, made])


# --- reading --------------------------------------------------------------------------------------


def decode(data: bytes) -> Brief:
    """Read a brief. Raises DecodeError: what is wrong with the bytes, or BUNDLE_FORM."""
    match codec.decode(data, max_bytes=RECORD_MAX_BYTES):
        case [str(magic), int(version), bytes(payload), list(rows), int(time), bytes(made)] if (
            (magic, version) == (MAGIC, VERSION)
            and type(version) is type(time) is int
            and 0 <= time <= TIME_MAX_S
            and len(made) == 64
            and rows
        ):
            pass
        case _:
            raise DecodeError(Reason.BUNDLE_FORM, "no brief")
    header, _, body = record.parse_payload(payload)
    if not isinstance(body, Mandate) or header.council is None:
        raise DecodeError(Reason.BUNDLE_FORM, "a brief of something else")
    return Brief(
        payload=payload, signatures=tuple(_row(row) for row in rows), time=time, standing=made
    )


def _row(row: object) -> _Row:
    match row:
        case [int(number), int(form), bytes(signature)] if type(number) is type(form) is int:
            return number, form, signature
        case _:
            raise DecodeError(Reason.BUNDLE_FORM, "a signature of a brief")


def unproved(brief: Brief, proved: Sequence[Evidence], error: VerificationError) -> Report:
    """UNKNOWN, with the reason."""
    network = proved[0].bundle.network if proved else NetworkId(bytes(32))
    return Report(
        ok=False,
        kind="mandate",
        verdict=Outcome.UNKNOWN,
        reason=error.reason,
        detail=error.detail,
        id=record_id(network, brief.payload),
        network=network,
    )


def verify(brief: Brief, proved: Sequence[Evidence], at: int) -> Report:
    """What a brief is worth to who has the council's file, at `at` (seconds UTC) (BRF-3).

    `proved` are the files read beside it. Raises VerificationError: what does not hold.
    """
    council = brief.council
    authority = _newest(one.authorities.get(council) for one in proved)
    if authority is None or authority.charter is None or authority.node is None:
        raise VerificationError(Reason.BUNDLE_MISSING, "the council's file")
    network = proved[0].bundle.network
    if any(one.bundle.network != network for one in proved):
        raise VerificationError(Reason.NETWORK_MISMATCH, "two networks")
    opened = _opened(brief, network, authority)
    node = authority.node
    try:
        keys.verify(
            node.key, standing_bytes(network, node.log, opened.id, brief.time), brief.standing
        )
    except VerificationError as error:
        raise VerificationError(Reason.HEAD_SIGNATURE, str(error)) from None
    if brief.time > node.node.expires:
        raise VerificationError(Reason.NODE_EXPIRED, "when the node said that it stands")
    mandate = opened.body
    if not isinstance(mandate, Mandate) or mandate.above is not None:
        raise VerificationError(Reason.BUNDLE_SUBJECT, "a mandate of another level")
    rules = authority.charter.charter.delegation
    history = History(recalled=_recalls(opened, proved), fault=grant_fault(mandate, rules, ()))
    verdict = mandate_verdict(mandate, history, at)
    return Report(
        ok=verdict.outcome is Outcome.VALID,
        kind="mandate",
        verdict=verdict.outcome,
        reason=verdict.reason,
        id=opened.id,
        network=network,
        council=council,
        council_name=authority.charter.charter.name,
        head_time=brief.time,
        record_kind=opened.kind,
        time=opened.time,
        until=mandate.until,
        delegate=mandate.delegate,
        state=state_at(mandate, history, at).value,
        mandate=mandate,
        notes=(STANDS,),
    )


def _newest(found: Iterable[Authority | None]) -> Authority | None:
    known = [one for one in found if one is not None]
    return max(known, key=lambda one: (len(one.charters), len(one.nodes)), default=None)


def _opened(brief: Brief, network: NetworkId, authority: Authority) -> VerifiedRecord:
    """The record, its signers in full, as its council's authority admits it now."""
    step = authority.charter
    listed = step.charter.keys if step is not None else ()
    signatures: list[Signature] = []
    for number, form, made in brief.signatures:
        if not 0 <= number < len(listed):
            raise VerificationError(Reason.BUNDLE_FORM, "a key that the charter has not")
        signer = PublicKey(listed[number])
        signatures.append(Signature(signer=signer, form=form, signature=made))
    opened = record.open(network, assemble(brief.payload, signatures))
    fault = authority.judge(opened)
    if fault is not None:
        raise VerificationError(fault, "the mandate", opened.id)
    return opened


def _recalls(mandate: VerifiedRecord, proved: Sequence[Evidence]) -> tuple[int, ...]:
    """From when the recalls in other files take effect (RCL-2)."""
    out: list[int] = []
    for one in proved:
        heads = [(one.head.size, one.head.time)] if one.head is not None else []
        for recall in one.of_kind("recall"):
            ours = recall.subject == mandate.id and recall.council == mandate.council
            if ours and one.in_log(recall.id):
                index = min(one.places[recall.id].values())
                out.append(effect_time(recall.time, index, heads))
    return tuple(sorted(out))
