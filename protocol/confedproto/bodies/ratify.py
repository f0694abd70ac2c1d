"""ratify: the assembly's answer to an act, a report or a petition (specs/06, RAT)."""

from typing import Literal

from confedproto.bodies.types import Body, Bytes32


class Ratify(Body, frozen=True, kw_only=True):
    """The record's subject is the act, the report that the assembly accepts, or the petition."""

    value: Literal["yes", "no"]
    minutes: Bytes32 | None = None
