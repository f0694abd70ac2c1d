"""second: another council wants this motion to be decided (specs/07, MOT-4)."""

from confedproto.bodies.types import Body


class Second(Body, frozen=True, kw_only=True):
    """The record's subject is the motion; there is nothing else to say."""
