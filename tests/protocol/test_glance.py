"""A glance says of a plain record what opening it says, or nothing."""

import random

import pytest

from confedproto import record
from confedproto.bodies.recall import Recall
from confedproto.bodies.statement import File, Statement
from confedproto.bodies.types import Body
from confedproto.glance import glance, holds
from confedproto.record import RefusedLeaf, VerifiedRecord
from tests.support.councils import NETWORK, Author, key


def said(envelope: bytes) -> bool:
    """Whether the glance recognises these bytes; where it does, it must agree with opening."""
    seen, leaf = glance(envelope), record.open_leaf(NETWORK, envelope)
    if seen is None:
        return False
    if isinstance(leaf, VerifiedRecord):
        assert holds(NETWORK, seen)
        assert seen.alike == record.plain_class(leaf)
    else:
        assert not holds(NETWORK, seen)
    return True


@pytest.mark.parametrize("signers", [1, 3])
def test_statement_is_known_at_a_glance(signers: int) -> None:
    made = Author(1).make(Statement(text="one\ntwo"), signers=[key(n) for n in range(signers)])
    assert said(made.envelope)


@pytest.mark.parametrize(
    "body",
    [
        Recall(reason="x"),
        Statement(text="x", files=(File(name="a", media="text", size=1, root=bytes(32)),)),
    ],
)
def test_glance_leaves_other_records_to_a_longer_look(body: Body) -> None:
    subject = bytes(32) if isinstance(body, Recall) else None
    payload = record.build_payload(
        kind="recall" if subject else "statement",
        council=Author(1).council,
        charter=1,
        time=1,
        subject=subject,
        body=body,
    )
    envelope = record.assemble(payload, [record.sign(NETWORK, payload, key(1))])
    assert not said(envelope)


def test_glance_and_opening_agree_on_mutated_statements() -> None:
    rng = random.Random(5)
    envelope = Author(1).make(Statement(text="a statement")).envelope
    for at in range(len(envelope)):  # each byte in turn, in some way
        spoilt = bytearray(envelope)
        spoilt[at] ^= 1 << rng.randrange(8)
        said(bytes(spoilt))
    known = sum(said(envelope[:at] + rng.randbytes(1) + envelope[at:]) for at in range(40))
    assert known == 0
    forged = envelope[:-1] + bytes((envelope[-1] ^ 1,))
    assert said(forged)
    assert isinstance(record.open_leaf(NETWORK, forged), RefusedLeaf)


def test_statement_with_a_hidden_character_is_left_to_opening() -> None:
    envelope = Author(1).make(Statement(text="abc")).envelope
    assert not said(envelope.replace(b"abc", b"a\x07c"))
