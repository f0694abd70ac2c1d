"""Knocks: what a council shows of itself at a door where nobody knows it (specs/09, LNK-3).

All its charters, so that whoever knows nothing of it but its id can follow them to the one in
force; the node record that binds the transport key; and its answer to the invitation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from confedproto import record, wire
from confedproto.bodies.charter import Charter
from confedproto.bodies.link import Link
from confedproto.bodies.node import Node
from confedproto.errors import DecodeError, Reason, RemoteProtocolError, VerificationError
from confedproto.ids import CouncilId, NetworkId, TransportKey
from confedproto.limits import KNOCK_CHARTERS_MAX, KNOCK_MAX_BYTES
from confedproto.record import VerifiedRecord
from confedproto.rules.authority import Authority, meets_threshold
from confedproto.rules.life import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A council's signed answer to an invitation, its own authority not looked at yet."""

    record: VerifiedRecord
    host: CouncilId
    invite: bytes


def charters_of(authority: Authority) -> tuple[bytes, ...]:
    """Every charter up to the one in force, and beside a repaired one its rival (CHA-6)."""
    out: list[bytes] = []
    for step in authority.charters:
        out.append(step.record.envelope)
        rival = authority.rivals.get(step.version)
        if rival is not None:
            out.append(rival.envelope)
    return tuple(out)


def knock_of(authority: Authority, answer: VerifiedRecord) -> wire.Knock | None:
    """The knock of a council with its answer; None if it has no server or does not fit one."""
    charters = charters_of(authority)
    if authority.node is None or not charters:
        return None
    node = authority.node.record.envelope
    size = _size(charters, node, answer.envelope)
    if size > KNOCK_MAX_BYTES or len(charters) > KNOCK_CHARTERS_MAX:
        return None
    return wire.Knock(charters=charters, node=node, link=answer.envelope)


def open_answer(network: NetworkId, knock: wire.Knock) -> Answer:
    """The answer in a knock, signed by the invitation's one-use key. Raises RemoteProtocolError.

    It is opened before the rest: who holds no invitation costs its host one record.
    """
    if _size(knock.charters, knock.node, knock.link) > KNOCK_MAX_BYTES:
        raise RemoteProtocolError(Reason.MESSAGE_SIZE, "knock")
    opened = _open(network, knock.link)
    link = opened.body
    if not isinstance(link, Link) or link.peer is None or link.invite is None:
        raise RemoteProtocolError(Reason.INVITATION_UNKNOWN)
    if link.invite not in opened.signers:
        raise RemoteProtocolError(Reason.INVITATION_UNKNOWN)
    return Answer(record=opened, host=CouncilId(link.peer), invite=link.invite)


def prove(network: NetworkId, knock: wire.Knock, answer: Answer, remote: TransportKey) -> CouncilId:
    """Follow the charters: whose knock it is, if all of it is one council's.

    Node record and answer are judged by the charter that each names, which may be an older one:
    a council may have changed its keyholders since. Raises RemoteProtocolError.
    """
    authority = Authority(network)
    for envelope in knock.charters:
        charter = _open(network, envelope)
        if not isinstance(charter.body, Charter):
            raise RemoteProtocolError(Reason.MESSAGE_FORM, f"{charter.kind} among charters")
        fault = authority.admit(charter)
        if fault not in (None, Reason.CHARTER_FORK) or authority.council is None:
            raise RemoteProtocolError(fault or Reason.COUNCIL_UNKNOWN, "charter")
    if authority.state is State.CHARTER_FORK:
        raise RemoteProtocolError(Reason.CHARTER_FORK)
    node = _open(network, knock.node)
    for item in (node, answer.record):
        fault = _fault(authority, item)
        if fault is not None:
            raise RemoteProtocolError(fault, item.kind)
    if not isinstance(node.body, Node) or node.body.transport != remote:
        raise RemoteProtocolError(Reason.CHANNEL_KEY, "node record of another key")
    return node.council


def _fault(authority: Authority, item: VerifiedRecord) -> Reason | None:
    if item.council != authority.council:
        return Reason.COUNCIL_FOREIGN
    charter = authority.charter_version(item.charter)
    if charter is None:
        return Reason.CHARTER_VERSION
    return None if meets_threshold(charter, item.signers) else Reason.THRESHOLD_MISSING


def _open(network: NetworkId, envelope: bytes) -> VerifiedRecord:
    try:
        return record.open(network, envelope)
    except (VerificationError, DecodeError) as error:
        raise RemoteProtocolError(error.reason, error.detail) from None


def _size(charters: Sequence[bytes], node: bytes, link: bytes) -> int:
    return sum(map(len, charters)) + len(node) + len(link)
