"""calendar: when and where something takes place (specs/07, ADA)."""

from confedproto.bodies.types import Body, Bytes32, Name, Time


class Calendar(Body, frozen=True, kw_only=True):
    """The record's subject is the decision or compact that it serves."""

    title: Name
    starts: Time
    ends: Time | None = None
    place: Name | None = None
    mandate: Bytes32 | None = None
