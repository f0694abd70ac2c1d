"""The conformance testee: one JSON object a line in, one out, in order.

    python -m confedproto.testee

`tools/conform.py` drives it, and any other implementation that speaks the same lines. The
operations and their fields are described in specs/vectors/README.md. All binary is
lower-case hex. It ends with 0 at the end of input, and at nothing else.
"""

import io
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TextIO

from confedproto import __version__, bundle, codec, derive, keys, log, merkle, record, sshsig, text
from confedproto.channel import transcript
from confedproto.errors import ConfedError, LocalProtocolError, Reason
from confedproto.ids import CouncilId, Hash, NetworkId, PublicKey
from confedproto.limits import INT_MAX, SHARE_MAX, TIME_MAX_S
from confedproto.rules import tally

NAME: Final = "confedproto"

Fields = Mapping[str, Any]
Answer = dict[str, Any]

_HEX: Final = re.compile(r"(?:[0-9a-f]{2})*")
_DECIMAL: Final = re.compile(r"0|-?[1-9][0-9]*")
_DECIMAL_MAX_CHARS: Final = 24  # more digits are beyond INT_MAX, whatever they say


class _BadRequest(Exception):
    """The line is not a request: a field is missing or of another type."""


def _field(request: Fields, name: str, kind: type) -> Any:
    value = request.get(name)
    if type(value) is not kind:  # not isinstance: true is no number
        raise _BadRequest
    return value


def _unhex(value: object) -> bytes:
    if not isinstance(value, str) or _HEX.fullmatch(value) is None:
        raise _BadRequest
    return bytes.fromhex(value)


def _hex(request: Fields, name: str) -> bytes:
    return _unhex(request.get(name))


def _hex_list(request: Fields, name: str) -> list[bytes]:
    return [_unhex(item) for item in _field(request, name, list)]


def _network(request: Fields) -> NetworkId:
    network = _hex(request, "net")
    if len(network) != 32:
        raise _BadRequest
    return NetworkId(network)


# --- tagged values -----------------------------------------------------------------------


def _tagged(value: codec.Value) -> list[Any]:
    match value:
        case bool():
            return ["b", value]
        case int():
            return ["i", str(value)]
        case str():
            return ["s", value]
        case bytes():
            return ["x", value.hex()]
        case list():
            return ["a", [_tagged(item) for item in value]]
        case _:
            return ["m", [[key, _tagged(item)] for key, item in value.items()]]


def _untagged(value: object) -> codec.Value:
    match value:
        case ["i", str(digits)] if _DECIMAL.fullmatch(digits):
            return int(digits) if len(digits) <= _DECIMAL_MAX_CHARS else INT_MAX + 1
        case ["b", bool(truth)]:
            return truth
        case ["s", str(string)]:
            return string
        case ["x", str(digits)]:
            return _unhex(digits)
        case ["a", list(items)]:
            return [_untagged(item) for item in items]
        case ["m", list(pairs)]:
            return _untagged_map(pairs)
        case [str(tag), _] if tag not in ("i", "b", "s", "x", "a", "m"):
            raise LocalProtocolError(Reason.ENC_TYPE)
        case _:
            raise _BadRequest


def _untagged_map(pairs: Sequence[object]) -> dict[str, codec.Value]:
    entries: dict[str, codec.Value] = {}
    for pair in pairs:
        match pair:
            case [str(key), value]:
                if key in entries:
                    raise LocalProtocolError(Reason.ENC_KEY_DUPLICATE)
                entries[key] = _untagged(value)
            case _:
                raise _BadRequest
    return entries


# --- operations ----------------------------------------------------------------------------


def _hello(_: Fields) -> Answer:
    return {"name": NAME, "version": __version__, "ops": [op for op in OPS if op != "hello"]}


def _decode(request: Fields) -> Answer:
    return {"value": _tagged(codec.decode(_hex(request, "in")))}


def _encode(request: Fields) -> Answer:
    return {"out": codec.encode(_untagged(request.get("value"))).hex()}


def _verify(request: Fields) -> Answer:
    key, message, signature = (_hex(request, name) for name in ("key", "msg", "sig"))
    keys.verify(PublicKey(key), message, signature)
    return {}


def _sshsig(request: Fields) -> Answer:
    key, message, blob = (_hex(request, name) for name in ("key", "msg", "sig"))
    namespace: str = _field(request, "namespace", str)
    try:
        sshsig.verify(PublicKey(key), namespace.encode(), message, blob)
    except UnicodeEncodeError:
        raise _BadRequest from None
    return {}


def _record(request: Fields) -> Answer:
    part = _hex(request, "part") if "part" in request else None
    opened = record.open(_network(request), _hex(request, "in"), part)
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
        merkle.leaf_hash(_hex(request, "leaf")),
        _field(request, "index", int),
        _field(request, "size", int),
        Hash(_hex(request, "root")),
        _hex_list(request, "path"),
    )
    return {}


def _consistency(request: Fields) -> Answer:
    merkle.verify_consistency(
        _field(request, "old_size", int),
        Hash(_hex(request, "old_root")),
        _field(request, "new_size", int),
        Hash(_hex(request, "new_root")),
        _hex_list(request, "path"),
    )
    return {}


def _head(request: Fields) -> Answer:
    key = PublicKey(_hex(request, "key"))
    head = log.open_head(_network(request), key, _hex(request, "in"))
    return {
        "log": head.log.hex(),
        "size": head.size,
        "root": head.root.hex(),
        "time": head.time,
    }


def _text(request: Fields) -> Answer:
    kind = _field(request, "kind", str)
    if kind not in text.TEXT_KINDS:
        raise _BadRequest
    value = text.decode_text(kind, _field(request, "in", str))
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
        prologue=_hex(request, "prologue"),
        init_static=_hex(request, "init_static"),
        resp_static=_hex(request, "resp_static"),
        init_ephemeral=_hex(request, "init_ephemeral"),
        resp_ephemeral=_hex(request, "resp_ephemeral"),
        payloads=_hex_list(request, "payloads"),
    )
    return {
        "messages": [message.hex() for message in played.messages],
        "handshake_hash": played.handshake_hash.hex(),
    }


def _count(request: Fields) -> Answer:
    rule = tally.parse_rule(_field(request, "rule", str))
    if "quorum" in request:
        rule = replace(rule, quorum=_share(request["quorum"]))
    if "people_quorum" in request:
        rule = replace(rule, people_quorum=_share(request["people_quorum"]))
    units = [_unit(row) for row in _field(request, "units", list)]
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
    files, trust = _hex_list(request, "files"), _hex_list(request, "trust")
    at = _field(request, "at", int)
    if not files or any(len(council) != 32 for council in trust) or not 0 <= at <= TIME_MAX_S:
        raise _BadRequest
    report = bundle.verify(files, [CouncilId(council) for council in trust], at)
    return {
        "verdict": report.verdict.value,
        "reason": report.reason.value if report.reason is not None else None,
    }


def _unit(row: object) -> tally.Unit:
    if not isinstance(row, dict):
        raise _BadRequest
    fields: Fields = row
    silent = fields.get("silent", False)
    value = fields.get("value")
    if type(silent) is not bool or value not in (None, *(str(v) for v in tally.Value)):
        raise _BadRequest
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
            raise _BadRequest


def _number(fields: Fields, name: str) -> Any:
    """A JSON number; whether it is whole and in range is for `Unit` to say (CNT-8)."""
    value = fields.get(name)
    if type(value) not in (int, float):
        raise _BadRequest
    return value


def _state(request: Fields) -> Answer:
    """`records`: envelopes, or [envelope, part]; each council's in the order of its log (STA-7)."""
    rows = [_bare(row) for row in _field(request, "records", list)]
    now = _field(request, "now", int)
    if not 0 <= now <= TIME_MAX_S:
        raise _BadRequest
    view, refused = derive.view_of(_network(request), rows)
    return {
        "digest": view.state_digest(now).hex(),
        "records": len(view.records),
        "refused": len(refused) + len(view.refused),
    }


def _bare(row: object) -> derive.Bare:
    match row:
        case str():
            return _hex({"in": row}, "in"), None
        case [str() as envelope, str() as part]:
            return _hex({"in": envelope}, "in"), _hex({"in": part}, "in")
        case _:
            raise _BadRequest


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
    "bundle": _bundle,
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
    except (_BadRequest, RecursionError):
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
