"""position: what one council says to a frozen motion (specs/07, POS)."""

from typing import Literal

from confedproto.bodies.types import Ballots, Body, Bytes32, Number


class Position(Body, frozen=True, kw_only=True):
    """The record's subject is the motion. `number` counts this council's positions from 1.

    `yes`, `no`, `valid` are members' ballots as really cast; absent = not published, counted
    as none.
    """

    freeze: Bytes32
    number: Number
    value: Literal["yes", "no", "abstain"]
    yes: Ballots | None = None
    no: Ballots | None = None
    valid: Ballots | None = None
