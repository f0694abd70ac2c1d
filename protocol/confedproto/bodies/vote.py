"""vote: what a council's node counted, and what follows from it (specs/07, CER-2)."""

from typing import Annotated

from msgspec import Meta

from confedproto.bodies.types import Body, Bytes32, Number, OutcomeText
from confedproto.limits import MEMBERS_MAX


class Vote(Body, frozen=True, kw_only=True):
    """The record's subject is the motion; `counted` names the positions counted, sorted."""

    freeze: Bytes32
    round: Number
    outcome: OutcomeText
    counted: Annotated[tuple[Bytes32, ...], Meta(max_length=MEMBERS_MAX)]
