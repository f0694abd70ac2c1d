"""Acts by link: a mandate's file and one act under it, for a delegate's phone to sign (ASK).

    data = encode(ask_for(mandate_file, payload))     # anyone who has the mandate's file
    link_of("https://example.org/act.html", data)     # or parts.encode_parts(data), as QR codes
    build_act(mandate_file, signed.envelope)          # with the sign request that came back

It grants nothing: what it asks for is judged from the bytes, by the delegate's own program.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

from confedproto import codec, record, signrequest
from confedproto.bodies.act import Act
from confedproto.bodies.mandate import Mandate
from confedproto.bundle import container, evidence
from confedproto.errors import DecodeError, LocalProtocolError, Reason, VerificationError
from confedproto.ids import PublicKey
from confedproto.limits import ASK_MAX_BYTES
from confedproto.log import open_head
from confedproto.signrequest import SignRequest

MAGIC: Final = "confed-ask"
VERSION: Final = 1
FRAGMENT: Final = "#ask="
"""What comes between a page's address and the act request; a browser sends neither on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRequest:
    """A mandate's `.confed` file, and the sign request of an act under it (ASK-1)."""

    mandate: bytes
    request: SignRequest


def ask_for(mandate_file: bytes, payload: bytes) -> ActRequest:
    """Ask the delegates of a mandate to sign an act (MAN-7 says whose signatures will do).

    Raises DecodeError or VerificationError for a file that does not hold, LocalProtocolError
    BUNDLE_SUBJECT for one that is no mandate's or whose mandate the act does not name,
    VerificationError for another council, or a head that its node did not sign (ACT-4).
    """
    bundle = container.decode(mandate_file)
    proved = evidence.prove(bundle)
    body = proved.subject.body
    header, _, act = record.parse_payload(payload)
    if not isinstance(body, Mandate) or not isinstance(act, Act) or bundle.kind != "mandate":
        raise LocalProtocolError(Reason.BUNDLE_SUBJECT, "no act under a mandate")
    if header.subject != proved.subject.id:
        raise LocalProtocolError(Reason.BUNDLE_SUBJECT, "an act under another mandate")
    council = proved.subject.council
    node = proved.authorities[council].node
    if header.council != council or node is None:
        raise VerificationError(Reason.COUNCIL_FOREIGN, "an act for another council")
    if open_head(bundle.network, node.key, act.head).log != node.log:
        raise VerificationError(Reason.LOG_ID, "a head of another log")
    partners = body.partners or ()
    keys = (body.delegate, *partners, *(body.substitutes or ()))
    request = SignRequest(
        network=bundle.network,
        payload=payload,
        part=None,
        keys=tuple(PublicKey(key) for key in keys),
        threshold=1 + len(partners) if body.parity == "all" else 1,
    )
    return ActRequest(mandate=mandate_file, request=request)


def encode(ask: ActRequest) -> bytes:
    """The bytes of an act request. Raises LocalProtocolError ENC_SIZE past ASK_MAX_BYTES."""
    value = [MAGIC, VERSION, ask.mandate, signrequest.encode(ask.request)]
    return codec.encode(value, max_bytes=ASK_MAX_BYTES)


def decode(data: bytes) -> ActRequest:
    """Read an act request; the mandate holds and the act names it (ASK-1).

    Raises DecodeError (ENVELOPE_FORM: no act request), VerificationError, LocalProtocolError.
    """
    match codec.decode(data, max_bytes=ASK_MAX_BYTES):
        case [str(magic), int(version), bytes(mandate), bytes(request)] if (
            magic == MAGIC and version == VERSION
        ):
            asked = signrequest.decode(request)
        case _:
            raise DecodeError(Reason.ENVELOPE_FORM, "no act request")
    wanted = ask_for(mandate, asked.payload).request
    if (asked.network, asked.keys, asked.threshold, asked.part) != (
        wanted.network,
        wanted.keys,
        wanted.threshold,
        None,
    ):
        raise DecodeError(Reason.ENVELOPE_FORM, "keys other than the mandate's")
    return ActRequest(mandate=mandate, request=asked)


def link_of(page: str, data: bytes) -> str:
    """A link to a page, with the act request behind `#` (ASK-3)."""
    return page + FRAGMENT + base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def of_link(link: str) -> bytes:
    """The bytes in a link. Raises DecodeError TEXT_SCHEME, TEXT_LENGTH, TEXT_CHARACTER."""
    _, fragment, coded = link.partition(FRAGMENT)
    if not fragment:
        raise DecodeError(Reason.TEXT_SCHEME, "no act request in it")
    if len(coded) > 2 * ASK_MAX_BYTES:
        raise DecodeError(Reason.TEXT_LENGTH)
    try:
        data = base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise DecodeError(Reason.TEXT_CHARACTER) from None
    if link_of("", data) != fragment + coded:
        raise DecodeError(Reason.TEXT_CHARACTER, "spare bits")
    return data
