"""carried: another council's record, appended for it where its own server cannot (CAR)."""

from typing import Annotated

from msgspec import Meta

from confedproto.bodies.types import Body
from confedproto.limits import CARRIED_MAX_BYTES, HEAD_MAX_BYTES


class Carried(Body, frozen=True, kw_only=True):
    """The envelope of the other council's record, and a signed head of that council's log.

    The record is judged by the charter in force at that head.
    """

    envelope: Annotated[bytes, Meta(min_length=1, max_length=CARRIED_MAX_BYTES)]
    head: Annotated[bytes, Meta(min_length=1, max_length=HEAD_MAX_BYTES)]
