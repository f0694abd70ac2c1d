"""The conformance testee: one JSON object a line in, one out, in order.

    python -m confedproto.testee

`tools/conform.py` drives it, and any other implementation that speaks the same lines. The
operations and their fields are described in specs/vectors/README.md. All binary is
lower-case hex. It ends with 0 at the end of input, and at nothing else.
"""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TextIO

from confedproto import (
    __version__,
    archive,
    bundle,
    codec,
    derive,
    keys,
    log,
    merkle,
    record,
    sshsig,
    text,
)
from confedproto.channel import transcript
from confedproto.errors import ConfedError, Reason
from confedproto.ids import CouncilId, Hash, PublicKey
from confedproto.limits import SHARE_MAX
from confedproto.rules import tally
from confedproto.testee_fields import (
    BadRequest,
    Fields,
    bare,
    field,
    hex_list,
    hex_of,
    network_of,
    tagged,
    time_of,
    untagged,
)

NAME: Final = "confedproto"

Answer = dict[str, Any]


# --- operations ----------------------------------------------------------------------------


def _hello(_: Fields) -> Answer:
    return {"name": NAME, "version": __version__, "ops": [op for op in OPS if op != "hello"]}


def _decode(request: Fields) -> Answer:
    return {"value": tagged(codec.decode(hex_of(request, "in")))}


def _encode(request: Fields) -> Answer:
    return {"out": codec.encode(untagged(request.get("value"))).hex()}


def _verify(request: Fields) -> Answer:
    key, message, signature = (hex_of(request, name) for name in ("key", "msg", "sig"))
    keys.verify(PublicKey(key), message, signature)
    return {}


def _sshsig(request: Fields) -> Answer:
    key, message, blob = (hex_of(request, name) for name in ("key", "msg", "sig"))
    namespace: str = field(request, "namespace", str)
    try:
        sshsig.verify(PublicKey(key), namespace.encode(), message, blob)
    except UnicodeEncodeError:
        raise BadRequest from None
    return {}


def _record(request: Fields) -> Answer:
    part = hex_of(request, "part") if "part" in request else None
    opened = record.open(network_of(request), hex_of(request, "in"), part)
    own_id = opened.id.hex()
    # The answer's `id` is the request's; without one there is room for the record's own.
    return {
        **({} if request.get("id") is not None else {"id": own_id}),
        "record": own_id,
        "signers": [signer.hex() for signer in opened.signers],
        "kind": opened.kind,
        "council": opened.council.hex(),
    }


def _inclusion(request: Fields) -> Answer:
    merkle.verify_inclusion(
        merkle.leaf_hash(hex_of(request, "leaf")),
        field(request, "index", int),
        field(request, "size", int),
        Hash(hex_of(request, "root")),
        hex_list(request, "path"),
    )
    return {}


def _consistency(request: Fields) -> Answer:
    merkle.verify_consistency(
        field(request, "old_size", int),
        Hash(hex_of(request, "old_root")),
        field(request, "new_size", int),
        Hash(hex_of(request, "new_root")),
        hex_list(request, "path"),
    )
    return {}


def _head(request: Fields) -> Answer:
    key = PublicKey(hex_of(request, "key"))
    head = log.open_head(network_of(request), key, hex_of(request, "in"))
    return {
        "log": head.log.hex(),
        "size": head.size,
        "root": head.root.hex(),
        "time": head.time,
    }


def _text(request: Fields) -> Answer:
    kind = field(request, "kind", str)
    if kind not in text.TEXT_KINDS:
        raise BadRequest
    value = text.decode_text(kind, field(request, "in", str))
    match value:
        case bytes():
            return {"value": value.hex()}
        case str():
            return {"value": value}
        case _:
            named = {k: v.hex() if isinstance(v, bytes) else v for k, v in value.items()}
            return {"value": named}


def _noise(request: Fields) -> Answer:
    played = transcript(
        prologue=hex_of(request, "prologue"),
        init_static=hex_of(request, "init_static"),
        resp_static=hex_of(request, "resp_static"),
        init_ephemeral=hex_of(request, "init_ephemeral"),
        resp_ephemeral=hex_of(request, "resp_ephemeral"),
        payloads=hex_list(request, "payloads"),
    )
    return {
        "messages": [message.hex() for message in played.messages],
        "handshake_hash": played.handshake_hash.hex(),
    }


def _count(request: Fields) -> Answer:
    rule = tally.parse_rule(field(request, "rule", str))
    if "quorum" in request:
        rule = replace(rule, quorum=_share(request["quorum"]))
    if "people_quorum" in request:
        rule = replace(rule, people_quorum=_share(request["people_quorum"]))
    units = [_unit(row) for row in field(request, "units", list)]
    result = tally.count(rule, units)
    return {
        "accepted": result.accepted,
        "people": {
            "yes": result.people_yes,
            "no": result.people_no,
            "accept": result.people_accept,
        },
        "units": {
            "yes": result.units_yes,
            "no": result.units_no,
            "total": result.units_total,
            "accept": result.units_accept,
        },
        "outcome": tally.outcome_of(result).value,
    }


def _bundle(request: Fields) -> Answer:
    files, trust = hex_list(request, "files"), hex_list(request, "trust")
    at = time_of(request, "at")
    if not files or any(len(council) != 32 for council in trust):
        raise BadRequest
    report = bundle.verify(files, [CouncilId(council) for council in trust], at)
    return {
        "verdict": report.verdict.value,
        "reason": report.reason.value if report.reason is not None else None,
    }


def _archive(request: Fields) -> Answer:
    found = archive.survey(hex_of(request, "in"))
    header, contents = found.header, found.contents
    return {
        "network": header.network.hex(),
        "scope": None if header.scope is None else header.scope.hex(),
        "leaves": contents.leaves,
        "logs": [[log_.hex(), size] for log_, size in sorted(contents.sizes.items())],
        "whole": contents.whole,
    }


def _unit(row: object) -> tally.Unit:
    if not isinstance(row, dict):
        raise BadRequest
    fields: Fields = row
    silent = fields.get("silent", False)
    value = fields.get("value")
    if type(silent) is not bool or value not in (None, *(str(v) for v in tally.Value)):
        raise BadRequest
    return tally.Unit(
        weight=_number(fields, "weight"),
        yes=0 if silent and "yes" not in fields else _number(fields, "yes"),
        no=0 if silent and "no" not in fields else _number(fields, "no"),
        valid=_number(fields, "valid") if "valid" in fields else None,
        value=None if value is None else tally.Value(value),
        participating=not silent,
        cast=_number(fields, "cast") if "cast" in fields else None,
        roll=_number(fields, "roll") if "roll" in fields else None,
    )


def _share(value: object) -> tuple[int, int]:
    """A quorum [a, b] with 0 <= a < b (CNT-9, CNT-13)."""
    match value:
        case [int(part), int(whole)] if 0 <= part < whole <= SHARE_MAX:
            return part, whole
        case _:
            raise BadRequest


def _number(fields: Fields, name: str) -> Any:
    """A JSON number; whether it is whole and in range is for `Unit` to say (CNT-8)."""
    value = fields.get(name)
    if type(value) not in (int, float):
        raise BadRequest
    return value


def _state(request: Fields) -> Answer:
    """`records`: envelopes, or [envelope, part]; each council's in the order of its log (STA-7)."""
    rows = [bare(row) for row in field(request, "records", list)]
    now = time_of(request, "now")
    view, refused = derive.view_of(network_of(request), rows)
    return {
        "digest": view.state_digest(now).hex(),
        "records": len(view.records),
        "refused": len(refused) + len(view.refused),
    }


def _council(request: Fields) -> Answer:
    """A council from all logs that are at hand, its own and others', in any order (AUT-5)."""
    council, now = CouncilId(hex_of(request, "council", 32)), time_of(request, "now")
    logs = [_log(row) for row in field(request, "logs", list)]
    view, ids = derive.view_of_logs(network_of(request), logs)
    chain = view.chains.of.get(council)
    if chain is None:
        raise BadRequest
    charter, node = chain.authority.charter, chain.authority.node
    return {
        "state": chain.state_at(now).value,
        "version": 0 if charter is None else charter.version,
        "threshold": None if charter is None else charter.charter.threshold,
        "keys": [] if charter is None else [key.hex() for key in charter.charter.keys],
        "number": len(chain.authority.nodes),
        "node": None if node is None else node.key.hex(),
        "refused": [
            [place, index, fault.value]
            for place, log_ in enumerate(ids)
            for index, fault in enumerate(view.chains.of[log_.council].faults[log_.id])
            if fault is not None
        ],
        "carried": sorted(
            [ids.index(view.logs[one.log]), one.index, fault and fault.value]
            for carrier, one in view.chains.conveyed(council)
            for fault in [chain.carried.get(carrier, Reason.CARRIED_HEAD)]
        ),
    }


def _log(row: object) -> derive.BareLog:
    if not isinstance(row, dict):
        raise BadRequest
    fields: Fields = row
    return derive.BareLog(
        council=CouncilId(hex_of(fields, "council", 32)),
        key=PublicKey(hex_of(fields, "key", 32)),
        leaves=[bare(leaf) for leaf in field(fields, "leaves", list)],
    )


OPS: Final[dict[str, Callable[[Fields], Answer]]] = {
    "hello": _hello,
    "decode": _decode,
    "encode": _encode,
    "verify": _verify,
    "sshsig": _sshsig,
    "record": _record,
    "inclusion": _inclusion,
    "consistency": _consistency,
    "head": _head,
    "text": _text,
    "noise": _noise,
    "count": _count,
    "state": _state,
    "council": _council,
    "bundle": _bundle,
    "archive": _archive,
}


def _refuse(constant: str) -> Any:
    raise ValueError(constant)  # NaN and Infinity are not JSON


def answer(line: str) -> Answer:
    """The answer to one line; any line has one."""
    try:
        request = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return _refusal(None, Reason.BAD_REQUEST)
    if not isinstance(request, dict):
        return _refusal(None, Reason.BAD_REQUEST)
    name, op = request.get("id"), request.get("op")
    if not isinstance(op, str):
        return _refusal(name, Reason.BAD_REQUEST)
    if op not in OPS:
        return _refusal(name, Reason.UNSUPPORTED_OP)
    try:
        result = OPS[op](request)
    except ConfedError as error:
        return _refusal(name, error.reason)
    except (BadRequest, RecursionError):
        return _refusal(name, Reason.BAD_REQUEST)
    return {"id": name, "ok": True, **result}


def _refusal(name: object, reason: Reason) -> Answer:
    return {"id": name, "ok": False, "why": reason.value}


def serve(lines: TextIO, out: TextIO) -> None:
    """Answer each line of `lines` until there are no more."""
    for line in lines:
        # ASCII: a lone surrogate in an answer, such as an echoed id, must not end us.
        out.write(json.dumps(answer(line)) + "\n")
        out.flush()


def main() -> int:
    """The program; see the top of this file."""
    # Any bytes are a line: what is no UTF-8 becomes surrogates, which no request has.
    lines = io.TextIOWrapper(
        sys.stdin.buffer, encoding="utf-8", errors="surrogateescape", newline="\n"
    )
    serve(lines, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
