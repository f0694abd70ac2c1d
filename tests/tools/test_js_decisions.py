"""Certificates that rest on more than seconds: what JavaScript says of them, beside Python."""

import contextlib
import json
import subprocess
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from confedproto import bundle, testee
from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.charter import Charter
from confedproto.bodies.exit import Exit
from confedproto.bodies.node import Node
from confedproto.bodies.roll import Roll
from confedproto.bodies.takeover import Takeover
from confedproto.bodies.withdraw import Withdraw
from confedproto.bundle import Entry
from confedproto.errors import LocalProtocolError
from confedproto.ids import RecordId
from confedproto.record import VerifiedRecord
from tests.protocol import test_bundle_decisions as decisions
from tests.support.assembly import FAR, Assembly, quorum
from tests.support.decisions import History
from tools.js.find_node import TESTEE, find_node

HISTORIES = 12
"""Seeds of random histories that are compared."""
PROVED = (
    decisions.left,
    decisions.amended,
    decisions.taken_over,
    decisions.claimed,
    decisions.rolled,
    decisions.put_again,
    decisions.excluded,
    decisions.admitted_by_motion,
)
"""Histories whose certificates this verifier judges; the others are UNKNOWN to it (BUN-19)."""
OTHERS = tuple(one for one in decisions.NEEDS if one not in PROVED)


def by_javascript(files: list[bytes]) -> list[dict[str, Any]]:
    node = find_node()
    assert node is not None, "the test lock brings a Node"
    lines = [json.dumps(request(file)) + "\n" for file in files]
    done = subprocess.run(
        [node, str(TESTEE)],
        input="".join(lines),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def request(file: bytes) -> dict[str, Any]:
    return {"op": "bundle", "files": [file.hex()], "trust": [], "at": FAR}


def without(file: bytes, gone: RecordId) -> bytes:
    return decisions.without(file, lambda one: one.id == gone)


def cut(file: bytes) -> list[bytes]:
    """The file without each of its records that is no charter, node record or link."""
    kept = {"charter", "node", "link", "guest", "compact"}
    return [without(file, gone.id) for gone in decisions.opened(file) if gone.kind not in kept]


@pytest.mark.parametrize("history", PROVED, ids=lambda one: one.__name__)
def test_certificate_that_rests_on_records_is_judged_as_by_python(
    history: decisions.History,
) -> None:
    whole = decisions.certificate(*history())
    given = [whole, *cut(whole)]
    told = by_javascript(given)
    assert told[0]["verdict"] == "VALID", told[0]
    for file, mine in zip(given, told, strict=True):
        assert mine == testee.answer(json.dumps(request(file)))


@pytest.mark.parametrize("history", OTHERS, ids=lambda one: one.__name__)
def test_certificate_that_rests_on_decisions_is_unknown(history: decisions.History) -> None:
    [told] = by_javascript([decisions.certificate(*history())])
    assert told["verdict"] == "UNKNOWN"


# --- freezes that are not good --------------------------------------------------------------------


def leaves_file(made: Assembly, motion: VerifiedRecord) -> bytes:
    """A certificate's file of all that the councils wrote, whether it certifies anything or not."""
    other = bundle.decode(decisions.certificate(*decisions.put_again()))
    skipped = {"witness", "second"}
    records = [one for author in made.authors for one in author.leaves if one.kind not in skipped]

    def rank(one: VerifiedRecord) -> tuple[int, bytes, int]:
        if isinstance(one.body, Charter):
            return 0, one.council, one.charter
        return (1, one.council, one.body.number) if isinstance(one.body, Node) else (2, one.id, 0)

    entries = tuple(
        Entry(envelope=one.envelope, part=one.part) for one in sorted(records, key=rank)
    )
    return bundle.encode(replace(other, subject=motion.id, entries=entries))


def rolled(rolls: tuple[int, ...] | None, **positions: int) -> decisions.History:
    def history() -> tuple[Assembly, VerifiedRecord]:
        made = Assembly(4, people_quorums=quorum("coordination", 1, 5))
        for by in range(4):
            made.put(by, Roll(members=10, taken=made.now, method="Dues."), None)
        motion = made.move()
        made.decide(motion, "YYYN", rolls=rolls, positions=positions or {"yes": 4, "no": 1})
        return made, motion

    return history


def left(who: int, without: Collection[int]) -> decisions.History:
    def history() -> tuple[Assembly, VerifiedRecord]:
        made = Assembly(4)
        gone = made.put(who, Exit(reason="We go."), made.compact)
        motion = made.move()
        words = "".join("-" if by in without else "Y" for by in range(4))
        made.decide(motion, words, councils=made.roll(without=without), exits=[gone])
        return made, motion

    return history


def amended(wait: int, **fields: Any) -> decisions.History:
    def history() -> tuple[Assembly, VerifiedRecord]:
        made = Assembly(4)
        motion = made.move()
        made.now += 1
        other = made.amend(motion, **fields)
        made.decide(motion, "YYYN", versions=[other], wait=wait)
        return made, motion

    return history


def taken(*, withdrawn: bool, wait: int, taker: int, freezer: int) -> decisions.History:
    def history() -> tuple[Assembly, VerifiedRecord]:
        made = Assembly(4)
        motion = made.move()
        made.now += 1
        if withdrawn:
            made.put(0, Withdraw(), motion)
        made.now += wait
        takeover = made.put(taker, Takeover(), motion)
        made.decide(motion, "YYYN", by=freezer, takeover=takeover.id)
        return made, motion

    return history


def claimed(unit: bytes | None, *, about_it: bool, named: bool) -> decisions.History:
    def history() -> tuple[Assembly, VerifiedRecord]:
        made = Assembly(5)
        listed = tuple(sorted(made.authors[by].council for by in range(3)))
        motion = made.move(affected=listed)
        other = made.move() if not about_it else motion
        claim = made.put(3, AffectedClaim(reason="The road ends here.", unit=unit), other)
        claims = [claim] if named else None
        made.decide(motion, "YYYN-", councils=made.roll(without=[4]), claims=claims)
        return made, motion

    return history


def stray() -> tuple[Assembly, VerifiedRecord]:
    made, motion = left(3, [3])()
    made.move()
    return made, motion


CROOKED: dict[str, decisions.History] = {
    "roll that nobody said": rolled((11, 10, 10, 10)),
    "roll of one too few": rolled((10, 10, 10)),
    "no rolls where a quorum asks them": rolled(None),
    "more ballots than members": rolled((10,) * 4, yes=30, no=1),
    "exit of a council that votes": left(3, ()),
    "exit of a council that votes, another left out": left(2, [3]),
    "council left out that has not left": left(3, [2, 3]),
    "amendment that has not rested": amended(0),
    "editorial amendment of another council": amended(10, editorial=True),
    "takeover of what is not withdrawn": taken(withdrawn=False, wait=1, taker=1, freezer=1),
    "takeover too late": taken(withdrawn=True, wait=4 * 86_400, taker=1, freezer=1),
    "takeover by the mover": taken(withdrawn=True, wait=1, taker=0, freezer=0),
    "takeover that another freezes": taken(withdrawn=True, wait=1, taker=1, freezer=2),
    "claim for a unit": claimed(bytes(32), about_it=True, named=True),
    "claim about another motion": claimed(None, about_it=False, named=True),
    "motion that is not asked for": stray,
    "claim that is not named": claimed(None, about_it=True, named=False),
}


def test_crooked_freezes_are_refused_for_the_reason_that_python_gives() -> None:
    given = {name: leaves_file(*history()) for name, history in CROOKED.items()}
    told = dict(zip(given, by_javascript(list(given.values())), strict=True))
    expected = {name: testee.answer(json.dumps(request(file))) for name, file in given.items()}
    assert {name: answer["verdict"] for name, answer in told.items()} == dict.fromkeys(
        given, "UNKNOWN"
    )
    assert told == expected


def test_file_of_all_leaves_of_a_good_history_is_valid() -> None:
    """So the crooked ones are refused for what is crooked."""
    good = (rolled((10,) * 4), left(3, [3]), amended(10))
    answers = by_javascript([leaves_file(*history()) for history in good])
    assert [answer.get("reason") for answer in answers] == [None] * len(good)


def test_certificates_of_random_histories_are_judged_as_by_python_or_unknown() -> None:
    given: list[bytes] = []
    for seed in range(HISTORIES):
        history = History(seed)
        view = history.made.view()
        for motion in history.motions:
            with contextlib.suppress(LocalProtocolError):  # no certificate on this one
                given.append(bundle.build_certificate(view, motion.id, FAR))
    told = by_javascript(given)
    for file, mine in zip(given, told, strict=True):
        expected = testee.answer(json.dumps(request(file)))
        assert mine == expected or mine["reason"] == "bundle-missing", (mine, expected)
    assert sum(answer["verdict"] == "VALID" for answer in told) > HISTORIES // 2
