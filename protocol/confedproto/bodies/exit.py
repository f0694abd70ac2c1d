"""exit: a council leaves a compact, on its own word and at once (specs/05, EXI)."""

from confedproto.bodies.types import Body, Text


class Exit(Body, frozen=True, kw_only=True):
    """The record's subject is the compact."""

    reason: Text | None = None
