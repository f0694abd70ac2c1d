"""What a payload says, in plain words, from its bytes: read before signing (specs/04, SRQ-4).

Nothing here comes from the drafter but the bytes that will be signed. A kind that this
version does not know is never rendered as something it might be.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from confedproto import record, text
from confedproto.bodies import Part
from confedproto.bodies.charter import Charter
from confedproto.bodies.node import Node
from confedproto.bodies.suspension import Suspension
from confedproto.ids import CouncilId, PublicKey, log_id
from confedproto.parts import text_in
from confedproto.signrequest import SignRequest

MEANS: Final[Mapping[str, str]] = {
    "charter": "changes who the keyholders are and how many must sign",
    "node": "gives a server the right to keep this council's log",
    "suspension": "stops a key for 72 hours, or lets it go on",
    "link": "gives or answers consent to exchange records with another council",
    "unlink": "ends the exchange of records with another council",
    "guest": "says which council took up an invitation",
    "override": "says that the server signs again without its peers' answers",
    "compact": "founds a confederation",
    "accession": "joins a confederation",
    "motion": "proposes a decision to the other councils",
    "second": "asks that a proposal of another council be decided",
    "freeze": "fixes who votes, on what, and when",
    "position": "casts this council's vote",
    "mandate": "lets a delegate act for this council",
    "recall": "takes a mandate back, at once",
    "act": "acts under a mandate",
    "ratify": "answers a delegate's act or report, or a petition",
    "petition": "says how many members ask that a mandate be taken back",
    "exit": "leaves a confederation, at once",
    "amend": "puts another version beside a proposal",
    "objection": "asks that a fix of the wording be decided like any other version",
    "withdraw": "takes this council's proposal back",
    "takeover": "keeps a proposal alive that its council has taken back",
    "affected-claim": "says that this council is affected by a proposal",
    "hold": "asks that a decision wait",
    "dispute": "contests a record and asks for a remedy",
    "naming": "names who is to mediate or to sit on the panel of a dispute",
    "finding": "says what this council, of the panel, finds in a dispute",
    "task": "says who carries out a decision, and until when",
    "calendar": "says when and where something takes place",
    "payment-order": "orders that granted money be paid",
    "correction": "says that another record of this council has a clerical error",
    "dissolution": "winds a confederation up",
    "roll": "says how many members this council has",
    "report": "tells what a delegate did",
    "statement": "says something and decides nothing",
}
"""Kind -> what signing it does, for every kind that keyholders or delegates sign."""


def explain(request: SignRequest) -> list[str]:
    """The lines that a keyholder reads before signing. Raises DecodeError."""
    header, kind, body = record.parse_payload(request.payload, request.part)
    council = header.council if header.council is not None else request.id
    lines = [
        f"You are asked to sign: {header.kind}"
        + (f" ({MEANS[header.kind]})" if header.kind in MEANS else ""),
        f"For the council {text.encode_record(council)}",
        f"  fingerprint {text.fingerprint(council)}",
        f"Under version {header.charter} of its charter, dated {_date(header.time)}",
    ]
    if header.subject is not None:
        lines.append(f"About {text.encode_record(header.subject)}")
    if header.scope is not None:
        lines.append(f"For the members of {text.encode_record(header.scope)} alone")
    if header.ext:
        lines.append("It also says what this program does not know: " + ", ".join(header.ext))
    if kind is None:
        lines.append("This program does not know what this kind means. Do not sign it.")
    match body:
        case Charter():
            lines += _charter(body)
        case Node():
            lines += _node(body, same=_renews(request, header.council, body))
        case Suspension():
            verb = "Lets go on" if body.lift else "Stops for 72 hours"
            lines.append(f"{verb}: key {text.encode_key(body.key)}")
        case _:
            known = kind is not None
            value = msgspec.to_builtins(body, builtin_types=(bytes,)) if known else body
            lines += _fields(value, "  ")
    if request.part is not None and (kind is None or kind.part is Part.TEXT):
        part = request.part if kind is None else text_in(kind, header.body, request.part) or b""
        whole = record.text_hash(part) == header.body.get("text")
        shown = part[record.SALT_BYTES :].decode("utf-8", "replace")
        lines.append("Its text:" if whole else "The text beside it is NOT the one it names:")
        lines += [f"  {line}" for line in shown.splitlines()]
    lines.append(f"Record id {text.encode_record(request.id)}")
    return lines


def progress(request: SignRequest) -> str:
    """How far the signatures are: `1 of 2 signatures; not yet: key 2, key 3`."""
    missing = [n for n, key in enumerate(request.keys, 1) if key not in request.signed]
    counted = f"{len(request.signed)} of {request.threshold} signatures"
    if request.complete or not missing:
        return counted
    return f"{counted}; not yet: " + ", ".join(f"key {number}" for number in missing)


def _date(seconds: int) -> str:
    if seconds > 253_402_300_799:
        return f"{seconds} seconds UTC"
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def _charter(body: Charter) -> Iterator[str]:
    yield f"Name: {body.name}"
    yield f"From now on {body.threshold} of these {len(body.keys)} keyholders must sign:"
    for number, key in enumerate(body.keys, 1):
        yield f"  key {number}: {text.encode_key(key)}"
    if body.threshold == 1:
        yield "Warning: one person alone speaks for the council."
    elif len(body.keys) - body.threshold < 2:
        yield "Warning: if two keyholders lose their keys, the council is lost."


def _renews(request: SignRequest, council: bytes | None, body: Node) -> bool:
    """Whether the same key keeps the same log on."""
    if council is None or body.last is None:
        return False
    kept = log_id(request.network, CouncilId(council), PublicKey(body.key))
    return body.last.log == kept


def _node(body: Node, *, same: bool) -> Iterator[str]:
    yield f"Server number {body.number}, until {_date(body.expires)}"
    yield f"  node key {text.encode_key(body.key)}"
    yield f"  transport key {text.encode_transport(body.transport)}"
    for address in body.addresses or ():
        yield f"  address {address}"
    if body.last is not None and same:
        yield f"The same server keeps the same log; it had {body.last.size} records"
    elif body.last is not None:
        yield f"The log before it is good up to record {body.last.size}; nothing later counts"
        yield f"  log {body.last.log.hex()}"
        yield f"  root {body.last.root.hex()}"


def _fields(value: Any, indent: str) -> Iterator[str]:
    match value:
        case Mapping():
            for name, item in value.items():
                if isinstance(item, Mapping | list | tuple) and item:
                    yield f"{indent}{name}:"
                    yield from _fields(item, indent + "  ")
                else:
                    yield f"{indent}{name}: {_plain(name, item)}"
        case list() | tuple():
            for item in value:
                if isinstance(item, Mapping | list | tuple):
                    yield f"{indent}-"
                    yield from _fields(item, indent + "  ")
                else:
                    yield f"{indent}- {_plain('', item)}"
        case _:
            yield f"{indent}{_plain('', value)}"


def _plain(name: str, value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, int) and name in ("until", "starts", "opens", "closes", "expires"):
        return _date(value)
    return str(value)
