"""correction: a clerical error is said, both stay (specs/07, POS-8)."""

from confedproto.bodies.types import Body, Text


class Correction(Body, frozen=True, kw_only=True):
    """The record's subject is the record of the same council that it corrects."""

    text: Text
