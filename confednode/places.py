"""Who may hold a connection: strangers few and briefly, linked councils always.

A place is a stranger's while it shakes hands. Then its key is known: a linked council's has a
place of its own, which nobody else can fill; all others share the few places of guests, who
may knock. So no number of strangers keeps a linked council out.
"""

import ipaddress
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from confednode.links import Link
from confedproto.ids import CouncilId, TransportKey

STRANGERS_MAX: Final = 16  # connections in their handshake
PER_NETWORK_MAX: Final = 4  # of these from one /24 or /48; but for loopback, where proxies are
GUESTS_MAX: Final = 16  # connections of keys that are nobody's we know
PER_KEY_MAX: Final = 2  # connections of one linked council: the old one, and the one after it
HANDSHAKE_PATIENCE_S: Final = 2.0  # after this a stranger makes room for another


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """A connection in its handshake; `leave` ends it."""

    network: str
    since: float
    leave: Callable[[], None]


@dataclass(slots=True)
class LinkState:
    """What the operator sees of one link."""

    council: CouncilId
    state: str
    reason: str | None = None


class Places:
    """The places of one node. Times are seconds of any clock that never goes back."""

    def __init__(self) -> None:
        self.strangers: Final[list[Stranger]] = []  # oldest first
        self.guests: Final[set[Link]] = set()
        self.keys: Final[Counter[TransportKey]] = Counter()

    def enter(self, host: str, leave: Callable[[], None], now: float) -> Stranger | None:
        """A place for a handshake, or None; a stranger who took too long may lose its own."""
        network = network_of(host)
        same = sum(one.network == network for one in self.strangers)
        if network and same >= PER_NETWORK_MAX:
            return None
        if len(self.strangers) >= STRANGERS_MAX:
            oldest = self.strangers[0]
            if now - oldest.since < HANDSHAKE_PATIENCE_S:
                return None
            oldest.leave()
            self.left(oldest)
        out = Stranger(network=network, since=now, leave=leave)
        self.strangers.append(out)
        return out

    def left(self, stranger: Stranger) -> None:
        """A handshake is over, or was ended."""
        if stranger in self.strangers:
            self.strangers.remove(stranger)

    def take(self, link: Link, key: TransportKey, *, linked: bool) -> bool:
        """Whether there is a place for a link whose handshake has told its key."""
        if linked and self.keys[key] >= PER_KEY_MAX:
            return False
        if not linked and sum(not one.opened.is_set() for one in self.guests) >= GUESTS_MAX:
            return False
        if not linked:
            self.guests.add(link)  # until it is greeted: then it is a linked council's
        self.keys[key] += 1
        return True

    def free(self, link: Link, key: TransportKey) -> None:
        """A link that had a place ended."""
        self.guests.discard(link)
        self.keys[key] -= 1
        if not self.keys[key]:
            del self.keys[key]


def network_of(host: str) -> str:
    """The /24 or /48 that an address is in; "" for loopback and what is no address."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return ""
    bits = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, bits), strict=False))
