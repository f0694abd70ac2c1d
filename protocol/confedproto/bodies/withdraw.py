"""withdraw: the mover takes its motion back, before it opens (specs/07, MOT-8)."""

from confedproto.bodies.types import Body, Text


class Withdraw(Body, frozen=True, kw_only=True):
    """The record's subject is the motion."""

    reason: Text | None = None
