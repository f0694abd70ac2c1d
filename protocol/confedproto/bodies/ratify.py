"""ratify: the council's answer to an act or a report of its delegate (specs/06, RAT)."""

from typing import Literal

from confedproto.bodies.types import Body, Bytes32


class Ratify(Body, frozen=True, kw_only=True):
    """The record's subject is the act, or the report that the assembly accepts or not."""

    value: Literal["yes", "no"]
    minutes: Bytes32 | None = None
