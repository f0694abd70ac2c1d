"""The second implementation opens `.confed` files as Python does, whole and mutated."""

import random
from typing import Any

import pytest

from confedproto import codec, keys, record
from confedproto.bodies.charter import Charter
from confedproto.bodies.link import Link
from confedproto.bodies.motion import Motion, Title
from confedproto.bodies.node import Node
from confedproto.bodies.types import Body
from confedproto.bundle import container, evidence
from confedproto.bundle.container import Bundle, Entry, Proof, Receipt, SignedHead
from confedproto.errors import ConfedError, LocalProtocolError
from confedproto.ids import CouncilId, Hash, RecordId, network_id
from confedproto.limits import BUNDLE_MAX_BYTES
from confedproto.merkle import Tree, inclusion_root, leaf_hash
from confedproto.record import text_hash
from tests.support.differential import changed
from tests.support.js import asked
from tools.fuzz import mutate

NETWORK = network_id("container")
KEYS = [keys.SigningKey(bytes([number]) * 32) for number in (1, 2)]
MUTATIONS = 2_000


def signed(
    kind: str, body: Body, *, council: CouncilId | None, subject: bytes | None = None
) -> bytes:
    charter = 0 if council is None else 1
    payload = record.build_payload(
        kind=kind, council=council, charter=charter, time=5, body=body, subject=subject
    )
    return record.assemble(payload, [record.sign(NETWORK, payload, key) for key in KEYS])


def files() -> list[bytes]:
    """A file with everything in it, and one with nothing but a charter."""
    charter = Charter(name="A council", threshold=1, keys=(KEYS[0].public,))
    first = signed("charter", charter, council=None)
    council = record.open(NETWORK, first).council
    node = Node(number=1, key=KEYS[1].public, transport=bytes(32), expires=9)
    envelopes = [first, signed("node", node, council=council)]
    envelopes += [
        signed("link", Link(invite=bytes([n]) * 32, expires=n), council=council) for n in range(5)
    ]
    wording = bytes(16) + b"One wording."
    motions = [
        signed(
            "motion",
            Motion(
                name="admin", titles=(Title(language="en", title=title),), text=text_hash(wording)
            ),
            council=council,
            subject=bytes(32),
        )
        for title in ("A", "B", "C")
    ]
    tree = Tree()
    for envelope in envelopes:
        tree.append(leaf_hash(envelope))
    ids = [record.open(NETWORK, envelope).id for envelope in envelopes]
    proofs = [
        Proof(record=ids[at], index=at, size=size, path=tuple(tree.inclusion(at, size)))
        for at, size in ((2, 7), (2, 4), (6, 7))
    ]
    receipt = Receipt(
        node=ids[1],
        charter=1,
        time=8,
        count=3,
        position=1,
        size=4,
        path=(Hash(bytes(32)), proofs[0].path[0]),
        signature=bytes(64),
    )
    whole = Bundle(
        kind="record",
        network=NETWORK,
        subject=ids[2],
        entries=(
            *(Entry(envelope=envelope) for envelope in envelopes),
            *(Entry(envelope=envelope, part=wording) for envelope in motions),
        ),
        proofs=tuple(proofs),
        head=SignedHead(size=7, time=9, signature=bytes(64)),
        receipts=(receipt,),
    )
    bare = Bundle(kind="mandate", network=NETWORK, subject=ids[0], entries=(Entry(envelope=first),))
    return [container.encode(bundle) for bundle in (whole, bare)]


def opened(data: bytes) -> dict[str, Any]:
    """What Python says of a file, in the fields of the operation `container`."""
    try:
        bundle = container.decode(data)
        records = list(evidence.records_of(bundle).values())
        leaves: dict[RecordId, Hash] = {one.id: leaf_hash(one.envelope) for one in records}
        roots: dict[str, str] = {}
        for proof in bundle.proofs:
            root = inclusion_root(leaves[proof.record], proof.index, proof.size, proof.path).hex()
            if roots.setdefault(str(proof.size), root) != root:
                return {"ok": False, "why": "proof-root"}
    except ConfedError as error:
        return {"ok": False, "why": str(error.reason)}
    return {
        "ok": True,
        "kind": bundle.kind,
        "network": bundle.network.hex(),
        "subject": bundle.subject.hex(),
        "records": [one.id.hex() for one in records],
        "roots": roots,
    }


def answers(given: list[bytes]) -> list[dict[str, Any]]:
    return asked({"op": "container", "in": data.hex()} for data in given)


def test_container_of_good_files_is_opened_with_roots() -> None:
    given = files()
    whole, bare = answers(given)
    assert whole == {"id": None, **opened(given[0])}
    assert sorted(whole["roots"]) == ["4", "7"]
    assert len(whole["records"]) == 10
    assert bare == {"id": None, **opened(given[1])}


def mutated(rng: random.Random, corpus: list[bytes]) -> bytes:
    """One of these files with bytes changed, or with another value and canonical all the same."""
    if rng.random() < 0.3:
        return mutate(rng, corpus)
    *start, content = codec.decode(rng.choice(corpus), max_bytes=BUNDLE_MAX_BYTES)
    for _ in range(rng.choice((1, 1, 2))):
        content = changed(rng, content)
    try:
        return codec.encode([*start, content], max_bytes=BUNDLE_MAX_BYTES)
    except LocalProtocolError:
        return corpus[0]


def same(answer: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether the answers agree; of several faults each may name another (CON-3).

    The one looks for the canonical form piece by piece, the other by writing the file again,
    so `bundle-form` comes sooner or later than what is wrong with a record inside.
    """
    if not expected["ok"] and "bundle-form" in (answer.get("why"), expected["why"]):
        return answer["ok"] is False
    return answer == {"id": None, **expected}


@pytest.mark.parametrize("seed", [3, 4])
def test_container_of_mutated_files_is_refused_as_by_python(seed: int) -> None:
    rng = random.Random(seed)
    corpus = files()
    given = [mutated(rng, corpus) for _ in range(MUTATIONS)]
    answered = answers(given)
    pairs = [
        (data.hex(), answer, opened(data)) for data, answer in zip(given, answered, strict=True)
    ]
    wrong = [pair for pair in pairs if not same(pair[1], pair[2])]
    assert wrong == []
    assert len({answer.get("why") for answer in answered}) > 15
