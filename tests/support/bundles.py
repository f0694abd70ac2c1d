"""Files taken apart and put together otherwise, and how their answers are written."""

from collections.abc import Callable
from dataclasses import replace

from confedproto import bundle, record
from confedproto.bundle import Entry, Report
from confedproto.errors import Reason
from confedproto.ids import RecordId
from confedproto.rules.mandate import Outcome


def opened(file: bytes) -> list[tuple[record.VerifiedRecord, Entry]]:
    parsed = bundle.decode(file)
    return list(zip(bundle.records_of(parsed).values(), parsed.entries, strict=True))


def keep(file: bytes, wanted: Callable[[record.VerifiedRecord], bool]) -> bytes:
    """The file with only the records that are wanted."""
    entries = tuple(entry for one, entry in opened(file) if wanted(one))
    return bundle.encode(replace(bundle.decode(file), entries=entries))


def without(file: bytes, gone: RecordId) -> bytes:
    """The file without one record."""
    return keep(file, lambda one: one.id != gone)


def with_entries(file: bytes, *more: Entry) -> bytes:
    parsed = bundle.decode(file)
    return bundle.encode(replace(parsed, entries=(*parsed.entries, *more)))


def swap(file: bytes, old: RecordId, new: bytes, part: bytes | None = None) -> bytes:
    """The file with another envelope in place of a record."""
    entries = [entry for one, entry in opened(file) if one.id != old]
    entries.append(Entry(envelope=new, part=part))
    return bundle.encode(replace(bundle.decode(file), entries=tuple(entries)))


def first(file: bytes, kind: str) -> record.VerifiedRecord:
    return next(one for one, _ in opened(file) if one.kind == kind)


def answer(report: Report) -> tuple[Outcome, Reason | None]:
    assert report.ok == (report.verdict is Outcome.VALID) == (report.reason is None)
    return report.verdict, report.reason


def unknown(reason: Reason) -> tuple[Outcome, Reason]:
    return Outcome.UNKNOWN, reason


def void(reason: Reason) -> tuple[Outcome, Reason]:
    return Outcome.VOID, reason
