"""link: one half of a mutual signed consent to exchange records (specs/09, LNK)."""

from confedproto.bodies.types import Body, Bytes32, Time


class Link(Body, frozen=True, kw_only=True):
    """Either an invitation or the answer to one.

    Invitation: only `invite` (the public key of the one-use token) and `expires`.
    Answer: `peer` (the inviting council) and the same `invite`, and the envelope is signed
    by the token's key as well, so that both consents are signed and nobody else can use it.
    """

    peer: Bytes32 | None = None
    invite: Bytes32 | None = None
    expires: Time | None = None
