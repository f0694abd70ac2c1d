"""affected-claim: a council left out says that it is affected, or a unit claims a matter back."""

from confedproto.bodies.types import Body, Bytes32, Text


class AffectedClaim(Body, frozen=True, kw_only=True):
    """The record's subject is the motion; with a claim in the freeze the council votes (MOT-5).

    With `unit` its council says that the matter concerns that lower compact alone (NES-6).
    """

    reason: Text
    unit: Bytes32 | None = None
