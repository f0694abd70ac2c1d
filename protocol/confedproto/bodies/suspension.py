"""suspension: one keyholder stops the node key, or one other keyholder, for 72 hours (SUS)."""

from confedproto.bodies.types import Body, Bytes32


class Suspension(Body, frozen=True, kw_only=True):
    """Stop `key`, the node key in force or another keyholder's; with `lift`, let it go on.

    One keyholder signs to stop, the council's threshold to lift.
    """

    key: Bytes32
    lift: bool = False
