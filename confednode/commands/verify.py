"""verify: what `.confed` files prove, offline, without a node and without trusting one."""

import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from confednode.commands.base import fail, shown
from confednode.errors import EXIT_NOT_VERIFIED, KeyringError, NodeError, NodeReason
from confedproto import bundle, text
from confedproto.bundle import Report
from confedproto.errors import DecodeError, Reason
from confedproto.ids import CouncilId
from confedproto.limits import BUNDLE_MAX_BYTES, TIME_MAX_S
from confedproto.rules.mandate import Outcome
from confedproto.text import ArmorLabel, QrData, QrKind

ARMOR: Final = b"-----BEGIN CONFED "
QR: Final = b"CONFED:"
DAY_S: Final = 86_400
HINTS: Final = {
    Reason.BUNDLE_MAGIC: "This is no .confed file: choose the file that the council gave you.",
    Reason.BUNDLE_VERSION: "This file is of a later version: install a newer confed.",
    Reason.ENC_TRUNCATED: "The file is cut short: copy it again.",
}
WORDS: Final = {
    Reason.RECALLED: "the council has taken the mandate back",
    Reason.MANDATE_NOT_BEGUN: "the mandate has not begun",
    Reason.MANDATE_ENDED: "the mandate has ended",
    Reason.MANDATE_SCOPE: "the mandate does not cover acts of this kind",
    Reason.INSTRUCTION: "the act goes against the delegate's instruction",
    Reason.REFER_BACK: "the delegate has no instruction for this motion and must refer back",
    Reason.RATIFY: "the council has to ratify the act",
    Reason.ACT_STALE: "the delegate acted on knowledge that was too old",
    Reason.ACT_NUMBER: "the delegate's earlier acts are not all in these files",
    Reason.RECEIPTS_MISSING: "too few other councils have confirmed when the act was done",
    Reason.COMPACT_UNKNOWN: "the compact that says how many receipts an act needs is not here",
    Reason.NOT_TRUSTED: "it is not of a council that you trust",
    Reason.NETWORK_MISMATCH: "the files are of different networks",
    Reason.BUNDLE_MISSING: "a record that it rests on is not in the file",
    Reason.BUNDLE_SUBJECT: "the files do not belong together",
    Reason.SIG_INVALID: "a signature does not hold",
    Reason.HEAD_SIGNATURE: "the council's node has not signed this log",
    Reason.THRESHOLD_MISSING: "too few keyholders have signed",
    Reason.LOCKS_MISSING: "too few councils have locked the outcome",
    Reason.VOTE_LIST: "the positions do not give the outcome that is claimed",
    Reason.COMPACT_MISMATCH: "the motion was made under another compact",
    Reason.FREEZE_MISMATCH: "records of another motion are in the file",
}


@click.command()
@click.argument("files", metavar="FILE|-...", nargs=-1, required=True)
@click.option("--trust", metavar="COUNCIL", multiple=True, help="A council you know (cfr1...).")
@click.option(
    "--at",
    metavar="TIME",
    type=click.IntRange(0, TIME_MAX_S),
    help="The time asked about, whole seconds UTC; now without it.",
)
@click.option("--json", "json_mode", is_flag=True, help="One JSON object on stdout.")
@click.option("--home", type=click.Path(path_type=Path), hidden=True, expose_value=False)
def verify(files: Sequence[str], trust: Sequence[str], at: int | None, json_mode: bool) -> None:
    """What .confed files prove together, offline: a mandate, an act, a decision, a record.

    Files are read together and in any order: a mandate with its recall is VOID. `-` is
    standard input. Exit code 0 for VALID alone, 3 for any other answer.
    """
    known = [_council(one) for one in trust]
    when = int(time.time()) if at is None else at
    try:
        report = bundle.verify([_bundle(name) for name in files], known, when)
    except _UnreadableError as error:
        _unreadable(error, json_mode=json_mode)
    except DecodeError as error:  # a container that is one, around a record that is none
        _unreadable(_UnreadableError(" ".join(files), error), json_mode=json_mode)
    except NodeError as error:
        fail(error, json_mode=json_mode)
    else:
        if json_mode:
            click.echo(json.dumps(fields(report), ensure_ascii=False))
        else:
            for line in lines(report, when):
                click.echo(shown(line))
        sys.exit(0 if report.ok else EXIT_NOT_VERIFIED)


def _council(given: str) -> CouncilId:
    try:
        return text.decode_council(given)
    except DecodeError as error:
        raise click.BadParameter(f"{shown(given[:80])} is no council ({error.reason})") from None


def _read(name: str) -> bytes:
    try:
        if name == "-":
            return sys.stdin.buffer.read(BUNDLE_MAX_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(BUNDLE_MAX_BYTES + 1)
    except FileNotFoundError:
        raise KeyringError(NodeReason.FILE_MISSING, f"{name} is not there") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        problem = error.strerror if isinstance(error, OSError) else "unusable path"
        raise KeyringError(NodeReason.FILE_UNREADABLE, f"{name}: {problem}") from error


class _UnreadableError(Exception):
    """Bytes that are no `.confed` file, and where they came from."""

    def __init__(self, name: str, cause: DecodeError) -> None:
        super().__init__(f"{name} cannot be read as a .confed file: {cause}")
        self.cause = cause


def _bundle(name: str) -> bytes:
    """The bytes of one `.confed` file; armor or the text of a QR symbol around it is undone."""
    try:
        data = _plain(_read(name))
        bundle.decode(data)
    except DecodeError as error:
        raise _UnreadableError(name, error) from None
    return data


def _plain(data: bytes) -> bytes:
    if not data.startswith((ARMOR, QR)):
        return data
    try:
        pasted = data.decode("ascii")
    except UnicodeDecodeError:
        raise DecodeError(Reason.TEXT_CHARACTER) from None
    if data.startswith(ARMOR):
        armor = text.decode_armor(pasted)
        if armor.label is ArmorLabel.BUNDLE:
            return armor.data
    else:
        code = text.decode_qr(pasted.removesuffix("\n"))
        if isinstance(code, QrData) and code.kind is QrKind.BUNDLE:
            return code.data
    raise DecodeError(Reason.BUNDLE_MAGIC, "a text form of something else")


def _unreadable(error: _UnreadableError, *, json_mode: bool) -> NoReturn:
    told = {
        "ok": False,
        "reason": error.cause.reason.value,
        "message": str(error),
        "hint": HINTS.get(error.cause.reason, "Copy the file again from where it came."),
        "kind": None,
        "verdict": Outcome.UNKNOWN.value,
        "id": None,
        "council": None,
        "pinned": False,
        "newest_receipt": None,
    }
    if json_mode:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(shown(f"UNKNOWN: {told['message']}."))
        click.echo(shown(f"  {told['hint']}"))
    sys.exit(EXIT_NOT_VERIFIED)


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


# --- words ------------------------------------------------------------------------------------


def lines(report: Report, at: int) -> list[str]:
    """The answer in plain words, then the evidence, then what the files cannot tell."""
    out = [_answer(report, at), ""]
    out += [f"  {name + ':':<16}{value}" for name, value in _evidence(report)]
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
            return f"VALID: {who} gave this mandate, and it was in force at {_time(at)}."
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
    if report.delegate is not None:
        out.append(("delegate", text.encode_key(report.delegate)))
    if report.time is not None:
        out.append(("signed", f"{_time(report.time)} (its own word)"))
    if report.until is not None:
        out.append(("in force until", _time(report.until)))
    out += _decision(report)
    out += [
        ("receipt", f'"{r.name}" at {_time(r.time)}{" (trusted)" if r.pinned else ""}')
        for r in report.receipts
    ]
    return out


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
    return [f"The newest receipt is {age} old; what happened since is unknown here."]


def _time(seconds: int) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):  # past the calendar, within TIME_MAX_S
        return f"{seconds} s UTC"
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
