"""amend: a whole competing version of a motion (specs/07, MOT-6)."""

from confedproto.bodies.motion import Titles
from confedproto.bodies.types import Body, Bytes32, Text


class Amend(Body, frozen=True, kw_only=True):
    """The record's subject is the motion; its own id is the version's name.

    `editorial` asks for a correction of wording that no council objects to (MOT-7).
    """

    titles: Titles
    text: Bytes32
    reason: Text | None = None
    editorial: bool | None = None
