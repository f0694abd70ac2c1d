"""override: the node signs again though its linked councils had not all answered (RES-5)."""

from confedproto.bodies.types import Body, Count, Size


class Override(Body, frozen=True, kw_only=True):
    """How far the log was held when the operator took it upon himself, and who had answered.

    `answers` linked councils had told how far the log went, where `needed` had to (RES-1).
    """

    size: Size
    answers: Count
    needed: Count
