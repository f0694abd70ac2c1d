"""finding: what a panel says in a dispute (specs/07, DIS-5)."""

from typing import Literal

from confedproto.bodies.types import Body, Bytes32, Text


class Finding(Body, frozen=True, kw_only=True):
    """The record's subject is the dispute. A panel has these effects and no other."""

    effect: Literal["void", "valid", "recount", "new-vote", "ledger-correction", "recommend"]
    text: Text
    mandate: Bytes32 | None = None
