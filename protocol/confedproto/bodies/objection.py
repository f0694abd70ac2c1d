"""objection: a council will not have an editorial fix (specs/07, MOT-7)."""

from confedproto.bodies.types import Body, Text


class Objection(Body, frozen=True, kw_only=True):
    """The record's subject is the `amend` that it objects to."""

    reason: Text | None = None
