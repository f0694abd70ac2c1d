"""takeover: another council keeps a withdrawn motion alive (specs/07, MOT-8)."""

from confedproto.bodies.types import Body


class Takeover(Body, frozen=True, kw_only=True):
    """The record's subject is the motion; its council moves it from now on."""
