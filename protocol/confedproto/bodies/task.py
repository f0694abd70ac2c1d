"""task: who carries out what, until when (specs/07, ADA)."""

from confedproto.bodies.types import Body, Bytes32, Name, Time


class Task(Body, frozen=True, kw_only=True):
    """The record's subject is the decision; `mandate`: a delegate signs, for a body."""

    title: Name
    carrier: Bytes32 | None = None
    due: Time | None = None
    done: bool | None = None
    mandate: Bytes32 | None = None
