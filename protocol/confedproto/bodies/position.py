"""position: what one council says to a frozen motion (specs/07, POS)."""

from typing import Annotated, Literal

from msgspec import Meta

from confedproto.bodies.types import Ballots, Body, Bytes32, Name, Number, Text

ValueText = Literal["yes", "no", "abstain", "block", "refer-back", "stand-aside"]
"""What a council can say; `rules.tally.Value` has the same."""


class Position(Body, frozen=True, kw_only=True):
    """The record's subject is the motion. `number` counts this council's positions from 1.

    `yes` to `valid` are members' ballots as really cast; absent = not published, counted
    as none. `present` and `roll` are members there and members of the roll. A block needs
    `reason`, `clause` and `contact` (POS-9). `versions` are the competing versions that the
    council approves of, the motion as moved being the motion's own id.
    """

    freeze: Bytes32
    number: Number
    value: ValueText
    yes: Ballots | None = None
    no: Ballots | None = None
    valid: Ballots | None = None
    abstain: Ballots | None = None
    block: Ballots | None = None
    aside: Ballots | None = None
    present: Ballots | None = None
    roll: Ballots | None = None
    method: Literal["assembly", "paper", "online", "mixed"] | None = None
    minutes: Bytes32 | None = None
    reason: Text | None = None
    clause: Name | None = None
    contact: Name | None = None
    versions: Annotated[tuple[Bytes32, ...], Meta(min_length=1, max_length=17)] | None = None
