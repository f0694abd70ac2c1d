"""Files of councils with several logs, and files that do not belong together (specs/12, BUN)."""

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from confedproto import bundle, codec
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.recall import Recall
from confedproto.bundle import render
from confedproto.errors import DecodeError, Reason
from confedproto.record import VerifiedRecord
from confedproto.rules.mandate import Outcome
from confedproto.text.harmless import shown
from confedproto.view import View
from tests.support.councils import DAY, START, Author, key, view_of
from tests.support.servers import Next
from tests.support.worlds import granted

NOON = START + DAY
MANDATE = Mandate(
    delegate=key(5).public, starts=START, until=START + 30 * DAY, kinds=("statement", "vote")
)


def headed(*authors: Author, time: int = NOON) -> View:
    """The view of these logs, each under a signed head."""
    view = view_of(authors)
    for author in authors:
        view.logs[author.log].head = author.head(time)
    return view


def mandate_file(mandate: VerifiedRecord, *authors: Author, time: int = NOON) -> bytes:
    return bundle.build_mandate(headed(*authors, time=time), mandate.id, time)


def told(*files: bytes, at: int = NOON) -> tuple[Outcome, Reason | None]:
    report = bundle.verify(files, [], at)
    return report.verdict, report.reason


# --- several logs -------------------------------------------------------------------------------


def test_mandate_of_the_log_before_is_valid_after_the_server_was_replaced() -> None:
    council = Author(1, keyholders=3, threshold=2)
    mandate = council.add(MANDATE)
    after = Next(council)
    assert told(mandate_file(mandate, council, after)) == (Outcome.VALID, None)


def test_recall_in_the_new_log_voids_a_mandate_of_the_log_before() -> None:
    council = Author(1, keyholders=3, threshold=2)
    mandate = council.add(MANDATE)
    file = mandate_file(mandate, council)
    after = Next(council)
    recall = after.add(Recall(), subject=mandate.id, time=NOON - 9)
    view = headed(council, after)
    recalled = bundle.build_record(view, recall.id, NOON)
    assert told(file) == (Outcome.VALID, None)
    assert told(file, recalled) == (Outcome.VOID, Reason.RECALLED)


def test_mandate_by_a_replaced_server_is_refused_beside_its_successors_file() -> None:
    """The thief goes on in the old log; alone it looks well, beside the truth it falls."""
    council = Author(1, keyholders=3, threshold=2)
    good = council.tree.size
    stolen = council.add(MANDATE)
    lie = mandate_file(stolen, council)
    after = Next(council, size=good)
    honest = after.add(structs.replace(MANDATE, forum="Congress"))
    truth = mandate_file(honest, council, after)
    record = after.add(Recall(), subject=honest.id, time=NOON)
    other = bundle.build_record(headed(council, after), record.id, NOON)
    assert told(lie) == (Outcome.VALID, None)
    assert told(truth) == (Outcome.VALID, None)
    assert told(lie, other) == (Outcome.UNKNOWN, Reason.NODE_REPLACED)


def test_mandate_below_the_last_good_head_stays_beside_its_successors_file() -> None:
    council = Author(1, keyholders=3, threshold=2)
    mandate = council.add(MANDATE)
    after = Next(council)
    later = after.add(Recall(), subject=bytes(32), time=NOON)
    other = bundle.build_record(headed(council, after), later.id, NOON)
    assert told(mandate_file(mandate, council), other) == (Outcome.VALID, None)


def test_two_successors_of_one_server_are_a_fork() -> None:
    council = Author(1, keyholders=3, threshold=2)
    mandate = council.add(MANDATE)
    one, other = Next(council), Next(council, server=94)
    files = []
    for author in (one, other):
        said = author.add(Recall(), subject=mandate.id, time=NOON)
        files.append(bundle.build_record(headed(council, author), said.id, NOON))
    assert told(*files) == (Outcome.UNKNOWN, Reason.NODE_FORK)


def test_two_charters_of_one_version_are_a_fork() -> None:
    files: list[bytes] = []
    for fresh in (71, 72):
        council = Author(1, keyholders=3, threshold=2)
        keys = sorted([*(k.public for k in council.keyholders[:2]), key(fresh).public])
        body = council.charter_body(previous=council.leaves[0].id, keys=keys)
        council.add(body, signers=council.keyholders[:2])
        council.version = 2
        said = council.add(Recall(), subject=bytes(32), time=NOON)
        files.append(bundle.build_record(headed(council), said.id, NOON))
    assert told(files[0]) == (Outcome.VALID, None)
    assert told(*files) == (Outcome.UNKNOWN, Reason.CHARTER_FORK)


# --- not whole, not in order, not together ------------------------------------------------------


@pytest.mark.parametrize("name", ["records", "proofs", "receipts"])
def test_rows_in_another_order_are_no_file(name: str) -> None:
    council = Author(1)
    mandate = council.add(MANDATE)
    council.add(Recall(), subject=mandate.id, time=NOON)
    file = granted().file if name == "receipts" else mandate_file(mandate, council)
    value: Any = codec.decode(file)
    body: dict[str, Any] = dict(value[2])
    rows = body[name][0] if name == "records" else body[name]
    body[name] = [rows[::-1]] if name == "records" else rows[::-1]
    with pytest.raises(DecodeError) as caught:
        bundle.decode(codec.encode([value[0], value[1], body], max_bytes=10_000))
    assert caught.value.reason is Reason.BUNDLE_FORM


def test_parts_of_two_mandates_do_not_mix() -> None:
    """The head of one log over the records of another; the receipts of one in the other's file."""
    one, other = Author(1), Author(2)
    files = [bundle.decode(mandate_file(a.add(MANDATE), a)) for a in (one, other)]
    mixed = replace(files[0], head=files[1].head)
    assert told(bundle.encode(mixed)) == (Outcome.UNKNOWN, Reason.HEAD_SIGNATURE)
    foreign = replace(files[0], subject=files[1].subject)
    assert told(bundle.encode(foreign)) == (Outcome.UNKNOWN, Reason.BUNDLE_MISSING)
    stuffed = replace(files[0], entries=(*files[0].entries, *files[1].entries))
    assert told(bundle.encode(stuffed))[0] is not None
    council = bundle.verify([bundle.encode(stuffed)], [], NOON).council
    assert council == one.council, "another council's records beside it change nothing"


def test_two_mandates_beside_each_other_ask_two_questions() -> None:
    one, other = Author(1), Author(2)
    files = [mandate_file(a.add(MANDATE), a) for a in (one, other)]
    assert told(*files) == (Outcome.UNKNOWN, Reason.BUNDLE_SUBJECT)


def test_file_of_another_network_is_named() -> None:
    file = granted().file
    elsewhere = Author(1)
    mine = mandate_file(elsewhere.add(MANDATE), elsewhere)
    assert told(file, mine) == (Outcome.UNKNOWN, Reason.NETWORK_MISMATCH)


def test_truncated_file_is_said_to_be() -> None:
    file = granted().file
    answer = render.answer([("cut", file[: len(file) // 2])], trust=[], at=NOON)
    assert answer.fields["reason"] == "enc-truncated"
    assert answer.exit_code == 3


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Rat\u202eruh", "Rat\x1b[2J", "Rat\x07", "Rat\u2066x"])
def test_name_of_a_council_is_never_printed_raw(name: str) -> None:
    council = Author(1)
    file = mandate_file(council.add(MANDATE), council)
    report = replace(bundle.verify([file], [], NOON), council_name=name)
    for line in render.lines(report, NOON):
        assert not any(character in shown(line) for character in "\u202e\x1b\x07\u2066")
