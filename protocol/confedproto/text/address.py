"""The address grammar: host and port, one accepted text for each place (specs/12, TXT-8).

Resolvers read 127.1, 0x7f.1 and 2130706433 as loopback; a grammar that lets none of them
pass as a name keeps peers from steering us there. What an address may point to is the
node's own deny list, after resolving.
"""

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from confedproto.errors import DecodeError, Reason
from confedproto.limits import ADDRESS_MAX_CHARS

_PORT: Final = re.compile("[1-9][0-9]{0,4}")
_PORT_MAX: Final = 65_535
_LABEL: Final = re.compile("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_OCTET: Final = re.compile("0|[1-9][0-9]{0,2}")
_OCTET_MAX: Final = 255
_IPV6_CHARACTERS: Final = re.compile("[0-9a-f:]{2,39}")
# A version 3 onion name: 35 bytes in base32, the last of them the version, hence the `d`.
_ONION: Final = re.compile(r"[a-z2-7]{55}d\.onion")


class AddressForm(StrEnum):
    """Which of the four kinds of host an address has."""

    NAME = "name"
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    ONION = "onion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a node listens; made by `parse_address` only. `host` has no brackets."""

    form: AddressForm
    host: str
    port: int

    @property
    def text(self) -> str:
        """The one text of this address."""
        host = f"[{self.host}]" if self.form is AddressForm.IPV6 else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """The address that `text` names; DecodeError(ADDRESS_FORM) for anything else."""
    if len(text) > ADDRESS_MAX_CHARS:
        raise DecodeError(Reason.ADDRESS_FORM, "too long")
    host, colon, port_text = text.rpartition(":")
    if not colon or not _PORT.fullmatch(port_text) or int(port_text) > _PORT_MAX:
        raise DecodeError(Reason.ADDRESS_FORM, "port")
    port = int(port_text)
    if host.startswith("["):
        return Address(form=AddressForm.IPV6, host=_ipv6(host), port=port)
    if host.endswith(".onion"):
        if not _ONION.fullmatch(host):
            raise DecodeError(Reason.ADDRESS_FORM, "onion name")
        return Address(form=AddressForm.ONION, host=host, port=port)
    labels = host.split(".")
    if len(labels) == 4 and all(_is_octet(label) for label in labels):
        return Address(form=AddressForm.IPV4, host=host, port=port)
    # A last label that begins with a digit is a number to some resolver, never a name.
    if not all(_LABEL.fullmatch(label) for label in labels) or labels[-1][0].isdigit():
        raise DecodeError(Reason.ADDRESS_FORM, "host")
    return Address(form=AddressForm.NAME, host=host, port=port)


def _is_octet(label: str) -> bool:
    return _OCTET.fullmatch(label) is not None and int(label) <= _OCTET_MAX


def _ipv6(bracketed: str) -> str:
    host = bracketed[1:-1]
    if not bracketed.endswith("]") or not _IPV6_CHARACTERS.fullmatch(host):
        raise DecodeError(Reason.ADDRESS_FORM, "host")
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        raise DecodeError(Reason.ADDRESS_FORM, "host") from None
    # An IPv4 address in IPv6 clothes has its own accepted text, the dotted one.
    if str(address) != host or address.ipv4_mapped is not None:
        raise DecodeError(Reason.ADDRESS_FORM, "host")
    return host
