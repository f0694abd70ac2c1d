"""What an offline check says, as JSON fields and in plain words (specs/12, BUN-17).

`confed verify` and `python -m confedproto.verify` read files and print; all they say is here:

    answer([("mandate.confed", data)], trust=[], at=now) -> Answer(fields, lines, exit_code)

The words begin with the answer, then comes the evidence, then what no file can show.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from confedproto import text
from confedproto.bundle import brief, container, judge
from confedproto.bundle.report import Above, Report
from confedproto.bundle.terms import DAY_S, mandate_terms
from confedproto.bundle.terms import moment as moment
from confedproto.bundle.wording import WORDS
from confedproto.errors import DecodeError, Reason
from confedproto.ids import CouncilId
from confedproto.rules.mandate import Outcome
from confedproto.text import ArmorLabel, QrData, QrKind, parts

EXIT_VALID: Final = 0
EXIT_USAGE: Final = 2
EXIT_NOT_VERIFIED: Final = 3
_ARMOR: Final = b"-----BEGIN CONFED "
_QR: Final = b"CONFED:"
HINTS: Final = {
    Reason.BUNDLE_MAGIC: "This is no .confed file: choose the file that the council gave you.",
    Reason.BUNDLE_VERSION: "This file is of a later version: install a newer confed.",
    Reason.ENC_TRUNCATED: "The file is cut short: copy it again.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to print (`fields` as one JSON object, or `lines`) and how the program ends."""

    fields: dict[str, Any]
    lines: list[str]
    exit_code: int


def answer(files: Sequence[tuple[str, bytes]], *, trust: Collection[CouncilId], at: int) -> Answer:
    """The answer on files read together: pairs of a name for people and the bytes (BUN-13).

    Armor or QR text around a file is undone. Any bytes have an answer. `at` in seconds UTC.
    """
    names = " ".join(name for name, _ in files)
    plain: list[bytes] = []
    for name, data in files:
        try:
            plain.append(unwrapped(data))
            is_brief = brief.is_brief(plain[-1])
            brief.decode(plain[-1]) if is_brief else container.decode(plain[-1])
        except DecodeError as error:
            return _unreadable(name, error)
    try:
        report = judge.verify(plain, trust, at)
    except DecodeError as error:  # a container that is one, around a record that is none
        return _unreadable(names, error)
    return Answer(
        fields=fields(report),
        lines=lines(report, at),
        exit_code=EXIT_VALID if report.ok else EXIT_NOT_VERIFIED,
    )


def unwrapped(data: bytes) -> bytes:
    """The bytes of a `.confed` file in armor or QR text, or `data` itself. Raises DecodeError."""
    if not data.startswith((_ARMOR, _QR)):
        return data
    try:
        pasted = data.decode("ascii")
    except UnicodeDecodeError:
        raise DecodeError(Reason.TEXT_CHARACTER) from None
    if data.startswith(_ARMOR):
        armor = text.decode_armor(pasted)
        if armor.label is ArmorLabel.BUNDLE:
            return armor.data
    elif pasted.startswith(parts.SCHEME):
        return parts.join_parts(pasted.split())
    else:
        code = text.decode_qr(pasted.removesuffix("\n"))
        if isinstance(code, QrData) and code.kind is QrKind.BUNDLE:
            return code.data
    raise DecodeError(Reason.BUNDLE_MAGIC, "a text form of something else")


def _unreadable(name: str, error: DecodeError) -> Answer:
    message = f"{name} cannot be read as a .confed file: {error}"
    hint = HINTS.get(error.reason, "Copy the file again from where it came.")
    told = {
        "ok": False,
        "reason": error.reason.value,
        "message": message,
        "hint": hint,
        "kind": None,
        "verdict": Outcome.UNKNOWN.value,
        "id": None,
        "council": None,
        "pinned": False,
        "newest_receipt": None,
    }
    return Answer(
        fields=told, lines=[f"UNKNOWN: {message}.", f"  {hint}"], exit_code=EXIT_NOT_VERIFIED
    )


# --- JSON -------------------------------------------------------------------------------------


def fields(report: Report) -> dict[str, Any]:
    """The JSON form of a report: ids as text, times in seconds UTC, weights in halves."""
    out: dict[str, Any] = {
        "ok": report.ok,
        "kind": report.kind,
        "verdict": report.verdict.value,
        "reason": report.reason.value if report.reason is not None else None,
        "id": text.encode_record(report.id),
        "council": _id(report.council),
        "pinned": report.pinned,
        "newest_receipt": report.newest_receipt,
        "network": text.encode_network(report.network),
        "council_name": report.council_name,
        "record_kind": report.record_kind,
        "about": _id(report.about),
        "time": report.time,
        "until": report.until,
        "head_time": report.head_time,
        "above": _above(report.above),
        "final": report.final,
        "heads": [
            {
                "council": text.encode_record(head.council),
                "name": head.name,
                "size": head.size,
                "time": head.time,
            }
            for head in report.heads
        ],
        "receipts": [
            {
                "council": text.encode_record(receipt.council),
                "name": receipt.name,
                "time": receipt.time,
                "pinned": receipt.pinned,
            }
            for receipt in report.receipts
        ],
        "notes": list(report.notes),
    }
    if report.delegate is not None:
        out["delegate"] = text.encode_key(report.delegate)
    if report.motion is not None:
        out["motion"] = text.encode_record(report.motion)
    if report.value is not None:
        out["value"] = report.value
    decision = report.decision
    if decision is not None:
        out |= {
            "title": report.title,
            "compact": text.encode_record(decision.compact),
            "rule": decision.rule,
            "outcome": decision.outcome,
            "accepted": decision.accepted,
            "people_yes": decision.people_yes,
            "people_no": decision.people_no,
            "units_yes": decision.units_yes,
            "units_no": decision.units_no,
            "signers": decision.signers,
            "needed": decision.needed,
            "councils": decision.councils,
        }
    if not report.ok:
        out["message"] = _why(report)
        out["hint"] = ""
    return out


def _id(record: bytes | None) -> str | None:
    return None if record is None else text.encode_record(record)


def _above(above: Above | None) -> dict[str, Any] | None:
    if above is None:
        return None
    return {
        "id": text.encode_record(above.id),
        "council": text.encode_record(above.council),
        "council_name": above.council_name,
        "until": above.mandate.until,
        "state": above.state,
    }


# --- words ------------------------------------------------------------------------------------


def lines(report: Report, at: int) -> list[str]:
    """The answer in plain words, then the evidence, then what the files cannot tell."""
    out = [_answer(report, at), ""]
    out += [f"  {name + ':' if name else '':<16}{value}" for name, value in _evidence(report)]
    out += _standing(report)
    unknown = [*_age(report, at), *report.notes]
    if unknown and report.council is not None:
        out += ["", "What these files cannot tell:", *(f"  - {line}" for line in unknown)]
    return out


def _why(report: Report) -> str:
    if report.reason is None:
        return ""
    words = WORDS.get(report.reason, "the files do not prove it")
    return f"{words}: {report.detail}" if report.detail else words


def _answer(report: Report, at: int) -> str:
    if report.reason is not None:
        return f"{report.verdict} ({report.reason}): {_why(report)}."
    who = f'"{report.council_name}"'
    match report.kind:
        case "mandate":
            return f"VALID: {who} gave this mandate, and it was in force at {moment(at)}."
        case "act":
            return f'VALID: a delegate of {who} did this within the mandate: "{report.value}".'
        case "certificate":
            decision = report.decision
            outcome = decision.outcome if decision is not None else ""
            return f'VALID: the councils decided "{report.title}": {outcome}.'
        case "record":
            return f"VALID: {who} signed this {report.record_kind}, and it stands in its log."


def _evidence(report: Report) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = [(report.kind, text.encode_record(report.id))]
    if report.council is None:
        return out
    pinned = "one that you trust" if report.pinned else "not pinned: name it with --trust"
    out += [
        ("council", f'"{report.council_name}", {pinned}'),
        ("", text.encode_record(report.council)),
        ("", f"fingerprint {text.fingerprint(report.council)}"),
    ]
    if report.about is not None:
        out.append(("about", text.encode_record(report.about)))
    if report.time is not None:
        out.append(("signed", f"{moment(report.time)} (its own word)"))
    if report.mandate is not None:
        out += [(name.lower(), words) for name, words in mandate_terms(report.mandate)]
    if report.above is not None:
        out += _passed_on(report.above)
    out += _decision(report)
    out += [
        ("receipt", f'"{r.name}" at {moment(r.time)}{" (trusted)" if r.pinned else ""}')
        for r in report.receipts
    ]
    return out


def _passed_on(above: Above) -> list[tuple[str, str]]:
    """The mandate above a link, to which an act is held too (LVL-4)."""
    return [
        ("passed on from", f'"{above.council_name}"'),
        ("", text.encode_record(above.council)),
        ("mandate above", f"{text.encode_record(above.id)}, {above.state}"),
        *((name.lower(), words) for name, words in mandate_terms(above.mandate)),
    ]


def _standing(report: Report) -> list[str]:
    """FINAL, or the heads that the verdict rests on: council, size, time."""
    if report.council is None:
        return []
    if report.final:
        return ["", "FINAL: no record that is not in these files can change this."]
    heads = [
        f'  - "{head.name}", {head.size} records, {moment(head.time)}' for head in report.heads
    ]
    return ["", "As of these heads (council, size, time):", *(heads or ["  - none"])]


def _decision(report: Report) -> list[tuple[str, str]]:
    decision = report.decision
    if decision is None:
        return []
    return [
        ("compact", f'"{decision.compact_name}", rule {decision.rule}'),
        ("people", f"{decision.people_yes} yes, {decision.people_no} no"),
        ("units", f"{_halves(decision.units_yes)} yes, {_halves(decision.units_no)} not yes"),
        ("locks", f"{decision.signers} of {decision.councils} councils, {decision.needed} needed"),
    ]


def _halves(weight: int) -> str:
    return f"{weight // 2}{'.5' if weight % 2 else ''}"


def _age(report: Report, at: int) -> list[str]:
    newest = report.newest_receipt
    if newest is None or report.kind == "certificate":
        return []
    if newest > at:
        return ["The newest receipt is later than the time asked about."]
    days = (at - newest) // DAY_S
    age = "less than a day" if days == 0 else f"{days} day{'s' if days > 1 else ''}"
    since = "a later recall" if report.kind in ("mandate", "act") else "what happened since"
    return [f"The newest receipt is {age} old; {since} is unknown here."]
