"""The payload of a record: the keys that all kinds share, and the typed body (specs/03, PAY).

`parse_payload` reads bytes that come from anywhere. `read_again` reads bytes that this node has
parsed before, and asks of them no more than it takes to have the same values.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from confedproto import codec
from confedproto.bodies import KINDS, Kind
from confedproto.bodies.types import Body, Bytes32, Time, Token
from confedproto.envelope import PUBLIC_KINDS
from confedproto.errors import DecodeError, Reason
from confedproto.parts import attach, is_detached

Fields = Mapping[str, Any]
"""A body as a plain map: its kind is unknown, or the list in it lies in a part not given."""


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The payload keys that all kinds share (specs/03, PAY-1), and the body as decoded."""

    kind: Token
    charter: Annotated[int, Meta(ge=0, le=1_000_000)]
    time: Time
    body: dict[str, Any]
    council: Bytes32 | None = None
    scope: Bytes32 | None = None
    subject: Bytes32 | None = None
    salt: Annotated[bytes, Meta(min_length=16, max_length=16)] | None = None
    ext: dict[str, Any] | None = None


class Outer(msgspec.Struct, frozen=True, kw_only=True):
    """A header of bytes that were parsed before; `body` and what else is in them still unread."""

    kind: str
    charter: int
    time: int
    body: msgspec.Raw
    council: bytes | None = None
    scope: bytes | None = None
    subject: bytes | None = None


_OUTER: Final = codec.Again(Outer)
_BODIES: Final = MappingProxyType({name: codec.Again(kind.body) for name, kind in KINDS.items()})


def parse_payload(
    payload: bytes, part: bytes | None = None
) -> tuple[Header, Kind | None, Body | Fields]:
    """Decode a payload into header, kind (None = unknown) and typed body.

    A body whose list lies in a part that is not given stays a plain map. Raises DecodeError ENC_*,
    PAYLOAD_FORM or BODY_FORM, VerificationError PART_MISMATCH.
    """
    value = codec.decode(payload)
    try:
        header = msgspec.convert(value, Header, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise DecodeError(Reason.PAYLOAD_FORM, str(error)) from None
    kind = KINDS.get(header.kind)
    first_charter = header.kind == "charter" and header.charter == 0
    if (header.council is None) != first_charter:
        raise DecodeError(Reason.PAYLOAD_FORM, "council is absent in a first charter alone")
    if header.ext is not None and not header.ext:
        raise DecodeError(Reason.PAYLOAD_FORM, "an empty ext is written by leaving it out")
    if header.scope is not None and (header.salt is None or header.kind in PUBLIC_KINDS):
        raise DecodeError(Reason.PAYLOAD_FORM, "a scope: with salt, and not of every kind")
    if kind is None:
        return header, None, frozen(header.body)
    if (header.subject is None) == kind.subject:
        raise DecodeError(Reason.PAYLOAD_FORM, f"subject of {kind.name}")
    if not is_detached(kind, header.body):
        return header, kind, typed(kind, header.body)
    if part is None:
        return header, kind, frozen(header.body)
    return header, kind, typed(kind, attach(kind, header.body, part))


def read_again(payload: bytes) -> tuple[Outer, Kind, Body] | None:
    """What `parse_payload` gave for these bytes, a fraction of its time; None: ask it again.

    For bytes that were parsed before and have not changed since, and for no others: their
    canonical form, and what the keys must be to each other, is not looked at.
    """
    outer = _OUTER.read(payload)
    kind = KINDS.get(outer.kind) if outer is not None else None
    if outer is None or kind is None:
        return None
    body = _BODIES[kind.name].read(outer.body)
    return None if body is None else (outer, kind, body)


def typed(kind: Kind, fields: dict[str, Any]) -> Body:
    """The body that these decoded fields are. Raises DecodeError BODY_FORM."""
    try:
        return msgspec.convert(fields, kind.body, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise DecodeError(Reason.BODY_FORM, str(error)) from None


def frozen(value: Any) -> Any:
    """A decoded value that nobody can change."""
    match value:
        case dict():
            return MappingProxyType({key: frozen(item) for key, item in value.items()})
        case list():
            return tuple(frozen(item) for item in value)
        case _:
            return value
