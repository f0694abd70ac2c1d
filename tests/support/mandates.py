"""Random cases of mandates, for the library and for the model of tests/models/mandates.py."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import msgspec

from confedproto.bodies.act import Act
from confedproto.bodies.charter import Delegation
from confedproto.bodies.mandate import Condition, Mandate
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.recall import Recall
from confedproto.bodies.report import Report
from confedproto.ids import CouncilId, RecordId
from confedproto.record import VerifiedRecord
from confedproto.rules import delegation
from confedproto.rules.delegation import At, MandateCase
from confedproto.rules.mandate import Verdict
from tests.models import mandates as model
from tests.models.mandates import Plain

DAY = 86_400
START = 1_700_000_000
MOTIONS = (1, 2, 3)
KINDS = ("speak", "vote", "spending-order", "signature")
ABOVE = 950
AMENDMENTS = (50, 51)
MANDATE = 900


def name(number: int) -> bytes:
    """An id or key of 32 bytes that sorts as its number."""
    return number.to_bytes(32, "big")


@dataclass(frozen=True)
class Stand:
    """What the rules read of a record; a real one would have to be signed and opened."""

    id: RecordId
    council: CouncilId
    subject: RecordId | None
    time: int
    kind: str
    body: Any
    signers: tuple[bytes, ...] = ()


def _at(
    index: int | None,
    number: int,
    council: int,
    time: int,
    body: Any,
    about: int,
    signers: Iterable[int] = (),
) -> At:
    stand = Stand(
        signers=tuple(name(one) for one in signers),
        id=RecordId(name(number)),
        council=CouncilId(name(council)),
        subject=RecordId(name(about)),
        time=time,
        kind=type(body).__name__.lower(),
        body=body,
    )
    return At(record=cast(VerifiedRecord, stand), index=index)


# --- drawing -----------------------------------------------------------------------------------


def _moment(rng: random.Random) -> int:
    """Mostly near the edges at which a verdict turns."""
    days = rng.choice((-1, 0, 1, 3, 7, 8, 14, 15, 20, 21, 29, 30, 31, 44, 45))
    return START + days * DAY + rng.choice((-1, 0, 0, 0, 1, 3_600))


def _mandate(rng: random.Random, *, plain: bool = False) -> dict[str, Any]:
    kinds = sorted(rng.sample(KINDS, rng.choice((2, 4, 4, 4))))
    out: dict[str, Any] = {
        "delegate": rng.choice((70, 71)),
        "starts": START + rng.choice((0, 0, 0, DAY, 40 * DAY)),
        "until": START + rng.choice((30, 30, 30, 14)) * DAY,
        "kinds": kinds,
    }

    def maybe(field: str, share: float, value: Any) -> None:
        if rng.random() < share:
            out[field] = value

    maybe("level", 0.7, rng.choice(("local", "regional")))
    maybe("forum", 0.2, "Meeting")
    maybe("term", 0.3, rng.randint(1, 3))
    maybe("partners", 0.15, [rng.choice((72, 72, 72, 71))])
    if plain:
        return out
    values = ("yes", "yes", "no", "free", "ratify", "refer-back")
    out["compact"] = rng.random() < 0.85
    rows = [[m, rng.choice(values)] for m in MOTIONS if rng.random() < 0.85]
    maybe("instructions", 0.95, rows)
    about = rng.choice(rows)[0] if rows and rng.random() < 0.9 else 3
    tests = [[about, rng.choice(("in", "adopted")), rng.choice(AMENDMENTS)]]
    maybe("conditions", 0.3, tests)
    maybe("otherwise", 0.15, rng.choice(("refer-back", "ratify")))
    maybe("substitutes", 0.1, [rng.choice((73, 73, 73, 71))])
    maybe("parity", 0.5 if "partners" in out else 0.01, rng.choice(("any", "all")))
    maybe("subjects", 0.1, rng.sample(MOTIONS, 2))
    maybe("ceiling", 0.85, ["chf", rng.choice((100, 500, 500)), rng.choice((400, 500, 800))])
    dates = {_moment(rng) for _ in range(rng.randint(1, 3))}
    if rng.random() < 0.95:
        dates = {date for date in dates if date >= out["starts"]}
    maybe("reports", 0.35, sorted(dates))
    maybe("overdue", 0.3, rng.choice((0, DAY, 7 * DAY)))
    maybe("freshness", 0.2, rng.choice((0, DAY, 30 * DAY)))
    held = rng.sample(("speak", "signature", "vote"), 1)
    maybe(
        "holdover",
        0.4 if {"speak", "signature"} <= set(kinds) and held != ["vote"] else 0.03,
        [rng.choice((1, DAY, 14 * DAY)), held],
    )
    maybe("attendance", 0.08, "required")
    maybe("petition", 0.1, [rng.choice((1, 5, 10, 10, 10, 12)), 10])
    return {field: value for field, value in out.items() if value != []}


def _act(rng: random.Random, number: int, known: list[dict[str, Any]]) -> dict[str, Any]:
    earlier = [one["id"] for one in known if one["number"] == number - 1]
    time = _moment(rng)
    out: dict[str, Any] = {
        "id": rng.randrange(100, 900),
        "number": number,
        "previous": rng.choice(earlier) if earlier else (None if number == 1 else 99),
        "kind": rng.choice(("vote", "speak", "spending-order", "spending-order", "signature")),
        "motion": rng.choice(MOTIONS),
        "value": rng.choice(("yes", "yes", "yes", "yes", "no", "refer-back")),
        "time": time,
        "head_time": time - rng.choice((0, 60, DAY, 7 * DAY, 7 * DAY + 1)),
        "index": rng.choice((None, 3, 5, 8, 8)),
        "receipts": {},
    }
    if (out["kind"] == "spending-order") != (rng.random() < 0.03):
        out |= {"amount": rng.choice((50, 100, 300, 501)), "currency": "chf"}
        if rng.random() < 0.03:
            out["currency"] = "eur"
    if rng.random() < 0.3:
        out["assembly"] = 5
    for council in rng.sample(range(1, 6), rng.choice((0, 1, 2, 3, 4))):
        delay = rng.choice((0, 5, 5, DAY, DAY + 1, 3 * DAY))
        out["receipts"][council] = time + delay
    return out


def _acts(rng: random.Random) -> list[dict[str, Any]]:
    acts: list[dict[str, Any]] = []
    for number in range(1, rng.choice((1, 1, 2, 3, 4)) + 1):
        if rng.random() < 0.93:
            acts.append(_act(rng, number, acts))
        if rng.random() < 0.12:
            acts.append(_act(rng, number, acts))
    return list({one["id"]: one for one in acts}.values())


def draw(rng: random.Random) -> Plain:
    """A case with a bit of everything; one in five is a link of a chain."""
    case = _draw(rng)
    if rng.random() < 0.8:
        return case
    upper = _draw(rng)
    lower: dict[str, Any] = {**case.mandate, "above": ABOVE}
    if rng.random() < 0.9:
        lower["kinds"] = [kind for kind in lower["kinds"] if kind != "spending-order"] or ["vote"]
    mandate: dict[str, Any] = dict(upper.mandate)
    if rng.random() < 0.9:
        mandate["kinds"] = sorted({*mandate["kinds"], *lower["kinds"], "mandate"})
    if rng.random() < 0.9:
        mandate |= {"starts": START, "until": max(lower["until"], mandate["until"])}
    if rng.random() < 0.9:
        mandate["compact"] = lower["compact"]
    keys = [mandate["delegate"], *mandate.get("partners", []), *mandate.get("substitutes", [])]
    upper = replace(
        upper,
        mandate=mandate,
        council=rng.choice((9, 9, 9, 9, 9, 9, 0)),
        acts=[],
        answers={
            one["id"]: [
                {"index": rng.choice((None, 2, 6)), "value": rng.choice(("yes", "no")), "own": True}
                for _ in range(rng.choice((0, 1, 1)))
            ]
            for one in case.acts
        },
    )
    return replace(
        case,
        mandate=lower,
        signers=frozenset(keys if rng.random() < 0.8 else keys[:1] if rng.random() < 0.5 else ()),
        above=upper if rng.random() < 0.85 else None,
    )


def _draw(rng: random.Random) -> Plain:
    mandate, acts = _mandate(rng), _acts(rng)
    places = (None, 2, 6, 9)

    def record(**fields: Any) -> dict[str, Any]:
        return {"time": _moment(rng), "index": rng.choice(places)} | fields

    dates = mandate.get("reports", [START])
    rules = {
        "terms": rng.randint(1, 3),
        "gap": rng.choice((0, DAY, 400 * DAY)),
        "exclusive": [["local", "regional"]],
    }
    rules = {field: value for field, value in rules.items() if rng.random() < 0.6}
    before = [
        (
            _mandate(rng, plain=True)
            | {
                "starts": START - n * 100 * DAY,
                "until": START + rng.choice((-90 * n, -90 * n, -1, 10, 10)) * DAY,
            },
            rng.choice((None, None, START - 50 * DAY, START - 500 * DAY)),
        )
        for n in range(1, rng.choice((1, 1, 2, 4)))
    ]
    return Plain(
        mandate=mandate,
        rules=rules if rng.random() < 0.45 else None,
        before=before,
        recalls=[record(own=rng.random() < 0.8) for _ in range(rng.choice((0, 0, 0, 1, 2)))],
        carried=[_moment(rng)] if rng.random() < 0.05 else [],
        voided=_moment(rng) if rng.random() < 0.08 else None,
        heads=[(size, _moment(rng)) for size in (2, 6, 9) if rng.random() < 0.4],
        reports=[record(due=rng.choice(dates)) for _ in range(rng.choice((0, 0, 1, 2, 3)))],
        acts=acts,
        answers={
            one["id"]: [
                {"index": rng.choice(places), "value": rng.choice(("yes", "no")), "own": True}
                for _ in range(rng.choice((0, 1, 1, 2)))
            ]
            for one in acts
        },
        positions=frozenset(m for m in MOTIONS if rng.random() < 0.06),
        facts={
            (test, about): rng.choice((True, False, None))
            for test in ("in", "adopted")
            for about in AMENDMENTS
        },
        members=rng.choice((None, frozenset({0}), frozenset({0, 1, 2}), frozenset(range(5)))),
        whole_until=rng.choice((-1, -1, START + 20 * DAY, START + 60 * DAY)),
    )


# --- the same for the library --------------------------------------------------------------------


def _ids(value: Any) -> Any:
    """Numbers of a drawn mandate that stand for keys and ids, as bytes."""
    out = dict(value)
    out["delegate"] = name(out["delegate"])
    for field in ("partners", "substitutes", "subjects"):
        if field in out:
            out[field] = [name(one) for one in out[field]]
    if "instructions" in out:
        out["instructions"] = [[name(motion), said] for motion, said in out["instructions"]]
    if "conditions" in out:
        out["conditions"] = [[name(m), test, name(about)] for m, test, about in out["conditions"]]
    if out.pop("compact", False):
        out["compact"] = name(999)
    if "above" in out:
        out["above"] = name(out["above"])
    return out


def mandate_of(value: Mapping[str, Any]) -> Mandate:
    """The body of a drawn mandate."""
    return msgspec.convert(_ids(value), Mandate, builtin_types=(bytes,))


def _act_body(act: Mapping[str, Any]) -> Act:
    return Act(
        motion=name(act["motion"]),
        kind=act["kind"],
        value=act["value"],
        number=act["number"],
        head=b"head",
        previous=None if act["previous"] is None else name(act["previous"]),
        amount=act.get("amount"),
        currency=act.get("currency"),
        assembly=name(act["assembly"]) if "assembly" in act else None,
    )


def case_of(plain: Plain) -> MandateCase:
    """The same case as the library takes it."""
    body = mandate_of(plain.mandate)
    own = plain.council
    granted = _at(1, MANDATE, own, START, body, 0, sorted(plain.signers)).record
    acts = {
        one["id"]: _at(one["index"], one["id"], 0, one["time"], _act_body(one), MANDATE)
        for one in plain.acts
    }
    by_id = {at.record.id: one for one, at in zip(plain.acts, acts.values(), strict=True)}

    def holds(condition: Condition) -> bool | None:
        return plain.facts.get((condition.test, int.from_bytes(condition.about, "big")))

    def receipts_of(record: VerifiedRecord) -> Mapping[CouncilId, int]:
        return {CouncilId(name(c)): t for c, t in by_id[record.id]["receipts"].items()}

    def ratified(about: RecordId) -> list[At]:
        number = int.from_bytes(about, "big")
        return [
            _at(row["index"], 0, own, START, Ratify(value=row["value"]), number)
            for row in plain.answers.get(number, ())
        ]

    rules = plain.rules
    return MandateCase(
        granted=granted,
        mandate=body,
        rules=None if rules is None else msgspec.convert(dict(rules), Delegation),
        before=[(mandate_of(other), gone) for other, gone in plain.before],
        recalls=[
            _at(row["index"], 800 + n, own if row["own"] else 4, row["time"], Recall(), MANDATE)
            for n, row in enumerate(plain.recalls)
        ],
        reports=[
            _at(
                row["index"],
                820 + n,
                own,
                row["time"],
                Report(due=row["due"], text=bytes(32)),
                MANDATE,
            )
            for n, row in enumerate(plain.reports)
        ],
        petitions=[],
        acts=list(acts.values()),
        ratified=ratified,
        has_position=lambda motion: int.from_bytes(motion, "big") in plain.positions,
        receipts_of=receipts_of,
        head_time_of=lambda record: by_id[record.id]["head_time"],
        holds=holds,
        members=None if plain.members is None else {CouncilId(name(c)) for c in plain.members},
        heads=list(plain.heads),
        whole_until=plain.whole_until,
        carried=list(plain.carried),
        voided=plain.voided,
        above=None if plain.above is None else case_of(plain.above),
    )


def _told(verdict: Verdict) -> str:
    return verdict.outcome.value + ("" if verdict.reason is None else f" {verdict.reason.value}")


def compared(rng: random.Random) -> Iterator[tuple[str, str]]:
    """For one drawn case, what the model and the library say: of the mandate, of each act."""
    plain = draw(rng)
    case = case_of(plain)
    at = _moment(rng)
    yield model.on_mandate(plain, at), _told(delegation.mandate_status(case, at).verdict)
    for one, act in zip(plain.acts, case.acts, strict=True):
        yield model.on_act(plain, one), _told(delegation.act_status(case, act).verdict)
