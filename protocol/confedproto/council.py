"""Founding a council: its first charter, its first node record, its first head (specs/04)."""

from collections.abc import Sequence
from dataclasses import dataclass

from confedproto import record
from confedproto.bodies.charter import Charter, threshold_fault
from confedproto.bodies.node import Node
from confedproto.errors import LocalProtocolError
from confedproto.ids import (
    TAG_INVITE,
    CouncilId,
    LogId,
    NetworkId,
    TransportKey,
    log_id,
    tagged_hash,
)
from confedproto.keys import SigningKey
from confedproto.log import Head, sign_head
from confedproto.merkle import leaf_hash, root_of

NODE_LIFETIME_S = 90 * 86_400
"""Seconds that a node record authorises a server unless it says otherwise (NOD-3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """What a new council's log begins with: two envelopes and the head over them."""

    council: CouncilId
    log: LogId
    envelopes: tuple[bytes, bytes]
    head: Head


def found(
    network: NetworkId,
    *,
    name: str,
    threshold: int,
    keyholders: Sequence[SigningKey],
    node_key: SigningKey,
    transport: TransportKey,
    now: int,
    addresses: Sequence[str] = (),
) -> Founding:
    """Sign the first charter and node record of a council; `now` in seconds UTC.

    Raises LocalProtocolError THRESHOLD_TWO or THRESHOLD_RANGE for an illegal (m, n).
    """
    fault = threshold_fault(threshold, len(keyholders))
    if fault is not None:
        raise LocalProtocolError(fault, f"{threshold} of {len(keyholders)}")
    keys = tuple(sorted(key.public for key in keyholders))
    payload = record.build_payload(
        kind="charter",
        council=None,
        charter=0,
        time=now,
        body=Charter(name=name, threshold=threshold, keys=keys),
    )
    charter = record.assemble(payload, [record.sign(network, payload, key) for key in keyholders])
    council = CouncilId(record.open(network, charter).id)
    payload = record.build_payload(
        kind="node",
        council=council,
        charter=1,
        time=now,
        body=Node(
            number=1,
            key=node_key.public,
            transport=transport,
            expires=now + NODE_LIFETIME_S,
            addresses=tuple(addresses) or None,
        ),
    )
    node = record.assemble(payload, [record.sign(network, payload, key) for key in keyholders])
    own = log_id(network, council, node_key.public)
    root = root_of([leaf_hash(charter), leaf_hash(node)])
    head = sign_head(network, node_key, log=own, size=2, root=root, time=now)
    return Founding(council=council, log=own, envelopes=(charter, node), head=head)


def token_key(token: bytes) -> SigningKey:
    """The one-use key of an invitation's token: its holder alone can answer it (LNK-2)."""
    return SigningKey(tagged_hash(TAG_INVITE, token))
