"""A mandate that a meeting of delegates passes on to the next level (specs/06, LVL).

    council -> its delegate -> the meeting's mandate, a link -> the delegate of the next level

An act under a link has to be within both, so here is asked only what no act shows.
"""

from collections.abc import Collection
from typing import Final

from confedproto.bodies.mandate import Mandate
from confedproto.errors import Reason
from confedproto.rules.mandate import PASS_ON, SPENDING

_STAYS: Final = frozenset({PASS_ON, SPENDING})
"""No link has these kinds: a chain has one link, and what several spend no ceiling would bound."""


def chain_fault(above: Mandate, link: Mandate, signers: Collection[bytes]) -> Reason | None:
    """Why `link`, signed by these keys, does not pass on the mandate above it, or None (LVL-2)."""
    allowed = {*above.delegates, *(above.substitutes or ())}
    needed = len(above.delegates) if above.parity == "all" else 1
    narrower = (
        PASS_ON in above.kinds
        and set(link.kinds) <= set(above.kinds) - _STAYS
        and link.compact == above.compact
        and above.starts <= link.starts
        and link.until <= above.until
    )
    agreed = len(allowed & set(signers)) >= needed
    return None if narrower and agreed else Reason.MANDATE_CHAIN
