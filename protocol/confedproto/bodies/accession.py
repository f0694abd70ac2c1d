"""accession: a council joins a compact (specs/05, ACC)."""

from confedproto.bodies.types import Body, Bytes32, Weight


class Accession(Body, frozen=True, kw_only=True):
    """The record's subject is the compact; `weight` in halves, at most its weight_max.

    `motion` is the decision that admits it, where the compact asks for one; an `observer`
    has a voice and no vote.
    """

    weight: Weight
    motion: Bytes32 | None = None
    observer: bool | None = None
