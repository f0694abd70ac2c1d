"""hold: a council asks that a decision waits (specs/07, DIS-6)."""

from confedproto.bodies.types import Body, Bytes32, Text


class Hold(Body, frozen=True, kw_only=True):
    """The record's subject is the decision; a quarter of C suspends it once, for a while."""

    reason: Text
    dispute: Bytes32 | None = None
