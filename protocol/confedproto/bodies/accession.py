"""accession: a council joins a compact that admits by sponsors (specs/05, ACC)."""

from confedproto.bodies.types import Body, Weight


class Accession(Body, frozen=True, kw_only=True):
    """The record's subject is the compact; `weight` in halves, at most its weight_max."""

    weight: Weight
