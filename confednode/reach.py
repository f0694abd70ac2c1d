"""Where a node connects to, and how: a deny list after resolving, or a SOCKS5 proxy (LNK-7, LNK-8).

With a proxy nothing is resolved here and no other socket is opened; each link has a user name
of its own, so that an onion proxy gives it a circuit of its own.
"""

import hashlib
import ipaddress
import socket
from dataclasses import dataclass
from typing import Final

import trio

from confednode.errors import LinkError, NodeReason
from confedproto.text import Address, parse_address

CONNECT_S: Final = 10
_NETWORKS: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/32",
        "2001:db8::/32",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
"""Nobody's node lives here."""
_INSIDE: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    )
)
"""This machine and its own network: only for a node that lives there itself."""
_EMBEDDED: Final = (  # network, and how far right in the address the IPv4 one stands
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
    (ipaddress.IPv6Network("::/96"), 0),
)
_REPLIES: Final = {1: "failed", 2: "not allowed", 3: "no network", 4: "no host", 5: "refused"}


def is_inside(host: str) -> bool:
    """Whether a numeric host is this machine or its own network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return any(address in network for network in _INSIDE if network.version == address.version)


def may_dial(host: str, *, inside: bool) -> bool:
    """Whether a numeric address may be connected to. IPv4 within IPv6 is judged as IPv4."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and int(address) > 1:
        for network, shift in _EMBEDDED:
            if address in network:
                inner = ipaddress.IPv4Address((int(address) >> shift) & 0xFFFF_FFFF)
                return may_dial(str(inner), inside=inside)
    denied = _NETWORKS if inside else _NETWORKS + _INSIDE
    return not any(address in network for network in denied if network.version == address.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How this node connects: `proxy` is HOST:PORT of a SOCKS5 proxy, `inside` lets it dial its
    own machine and network."""

    proxy: str | None = None
    inside: bool = True

    async def connect(self, target: Address, circuit: bytes) -> trio.SocketStream:
        """A stream to a node. `circuit` tells one link's connections from another's.

        Raises LinkError LINK_TIMEOUT, LINK_FAILED or ADDRESS_INVALID.
        """
        try:
            with trio.fail_after(CONNECT_S):
                if self.proxy is not None:
                    return await self._through(parse_address(self.proxy), target, circuit)
                return await self._directly(target)
        except trio.TooSlowError:
            raise LinkError(NodeReason.LINK_TIMEOUT, f"{target.text} did not answer") from None
        except trio.BrokenResourceError:
            raise LinkError(NodeReason.LINK_FAILED, f"{target.text}: cut off") from None
        except OSError as error:
            told = f"{target.text}: {error.strerror or error}"
            raise LinkError(NodeReason.LINK_FAILED, told) from None

    async def _directly(self, target: Address) -> trio.SocketStream:
        if target.host.endswith(".onion"):
            raise LinkError(NodeReason.LINK_FAILED, "an onion address needs `proxy` in config.toml")
        found = await trio.socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        allowed = [row for row in found if may_dial(str(row[4][0]), inside=self.inside)]
        if not allowed:
            raise LinkError(NodeReason.ADDRESS_INVALID, f"{target.text} is no address to dial")
        failed: OSError | None = None
        for family, kind, proto, _, place in allowed:  # the number that was checked is dialled
            made = trio.socket.socket(family, kind, proto)
            try:
                await made.connect(place)
                return trio.SocketStream(made)
            except OSError as error:
                failed = error
                made.close()
            except BaseException:
                made.close()
                raise
        raise failed or OSError("no address")

    async def _through(self, proxy: Address, target: Address, circuit: bytes) -> trio.SocketStream:
        stream = await trio.open_tcp_stream(proxy.host, proxy.port)
        try:
            await _socks(stream, target, hashlib.sha256(b"circuit" + circuit).hexdigest()[:32])
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise
        return stream


async def _socks(stream: trio.SocketStream, target: Address, user: str) -> None:
    """Ask a SOCKS5 proxy (RFC 1928, RFC 1929) for the target, by its name: it resolves."""
    name = user.encode()
    await stream.send_all(b"\x05\x01\x02")
    if await _exactly(stream, 2) != b"\x05\x02":
        raise LinkError(NodeReason.LINK_FAILED, "the proxy takes no user names")
    await stream.send_all(b"\x01" + bytes((len(name),)) + name + b"\x01x")
    if (await _exactly(stream, 2))[1] != 0:
        raise LinkError(NodeReason.LINK_FAILED, "the proxy refuses the user name")
    host = target.host.encode()
    try:
        number = ipaddress.ip_address(target.host)
        place = (b"\x01" if number.version == 4 else b"\x04") + number.packed
    except ValueError:
        place = b"\x03" + bytes((len(host),)) + host
    await stream.send_all(b"\x05\x01\x00" + place + target.port.to_bytes(2, "big"))
    reply = await _exactly(stream, 4)
    if reply[:1] != b"\x05" or reply[1] != 0:
        told = _REPLIES.get(reply[1], "failed")
        raise LinkError(NodeReason.LINK_FAILED, f"{target.text}: the proxy says {told}")
    sizes = {1: 4, 4: 16}
    size = sizes[reply[3]] if reply[3] in sizes else (await _exactly(stream, 1))[0]
    await _exactly(stream, size + 2)


async def _exactly(stream: trio.SocketStream, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        more = await stream.receive_some(size - len(data))
        if not more:
            raise LinkError(NodeReason.LINK_FAILED, "the proxy hung up")
        data += more
    return bytes(data)
