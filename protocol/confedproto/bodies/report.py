"""report: what the delegate tells the council that gave the mandate (specs/06, REP)."""

from confedproto.bodies.types import Body, Bytes32, Time


class Report(Body, frozen=True, kw_only=True):
    """The record's subject is the mandate; `due` is the date of it that this report answers.

    `text` is the hash of the report's words, which lie beside it (PRT).
    """

    due: Time
    text: Bytes32
