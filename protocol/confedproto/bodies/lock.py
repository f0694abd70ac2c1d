"""lock: a council's node holds a quorum of votes for one outcome (specs/07, CER-3)."""

from confedproto.bodies.types import Body, Bytes32, Number, OutcomeText


class Lock(Body, frozen=True, kw_only=True):
    """The record's subject is the motion. A quorum of locks of one round is a certificate."""

    freeze: Bytes32
    round: Number
    outcome: OutcomeText
