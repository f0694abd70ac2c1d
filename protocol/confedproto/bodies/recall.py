"""recall: the council takes a mandate back, at once (specs/06, RCL)."""

from confedproto.bodies.types import Body, Text


class Recall(Body, frozen=True, kw_only=True):
    """The record's subject is the mandate."""

    reason: Text | None = None
