"""hold: a council asks that a decision waits, or is voted again (specs/07, DIS-6, DIS-11)."""

from confedproto.bodies.types import Body, Bytes32, Text


class Hold(Body, frozen=True, kw_only=True):
    """The record's subject is the decision; a quarter of C suspends it once, for a while.

    With `position` it suspends nothing: it demands a new vote, because that position counts and
    was not in the list of the certificate.
    """

    reason: Text
    dispute: Bytes32 | None = None
    position: Bytes32 | None = None
