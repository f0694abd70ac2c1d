"""roll: how many members a council has, and how they were counted (specs/07, POS-7)."""

from confedproto.bodies.types import Ballots, Body, Text, Time


class Roll(Body, frozen=True, kw_only=True):
    """Members in good standing at `taken`; a number, never names."""

    members: Ballots
    taken: Time
    method: Text
