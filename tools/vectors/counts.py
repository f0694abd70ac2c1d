"""Vectors of specs/07, CNT-1 to CNT-14: `count`, with exact fractions."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Final

from tools.vectors.base import Vectors

Unit = dict[str, Any]
WEIGHT_MAX: Final = 1_000_000
BALLOTS_MAX: Final = 10**12
WORDS: Final = ("yes", "no", "abstain", "block", "refer-back", "stand-aside")


def _unit(weight: Any, yes: Any, no: Any, **more: Any) -> Unit:
    return {"weight": weight, "yes": yes, "no": no, **more}


def _silent(weight: int) -> Unit:
    return {"weight": weight, "silent": True}


def _value(unit: Unit) -> str | None:
    """CNT-4."""
    if unit.get("silent"):
        return None
    if "value" in unit:
        word: str = unit["value"]
        return word
    difference = unit["yes"] - unit["no"]
    return "yes" if difference > 0 else "no" if difference < 0 else "abstain"


def _at_least(part: Fraction, yes: int, no: int) -> bool:
    """More for than against, and at least this part of both (CNT-6)."""
    return yes > no and Fraction(yes, yes + no) >= part


def answer(rule: str, units: Sequence[Unit], **asked: Any) -> dict[str, Any]:
    """What CNT-3 to CNT-13 say, in fractions."""
    name, _, share = rule.partition("(")
    numbers = [int(number) for number in share.rstrip(")").split(",") if number]
    part = Fraction(*numbers) if len(numbers) == 2 else Fraction(1, 2)
    both = name.startswith("double")
    yes, no = (sum(unit.get(word, 0) for unit in units) for word in ("yes", "no"))
    base = sum(_base(unit) for unit in units)
    total = sum(unit["weight"] for unit in units)
    own = both and name.endswith("_valid")
    for_it = [u for u in units if (_valid_yes(u) if own else _value(u) == "yes")]
    weight = sum(unit["weight"] for unit in for_it)
    people = yes > no
    chamber = total > 0 and Fraction(weight, total) > Fraction(1, 2)
    if own or name == "simple_valid":
        people = _at_least(part, yes, base - yes)
    if name == "double-super":
        people = _at_least(part, yes, no)
    if both:
        chamber = _at_least(part, weight, total - weight)
    words = [_value(unit) for unit in units]
    said = {word: words.count(word) for word in (*WORDS, None)}
    against = said["no"] + said["block"]
    if name == "consensus":
        spoke = said["yes"] + against + said["abstain"] + said["stand-aside"]
        allowed = min(Fraction(numbers[0]), Fraction(len(units), 4))
        few = spoke > 0 and Fraction(said["stand-aside"], spoke) < Fraction(1, 3)
        accepted = said["block"] <= allowed and said["yes"] > 0 and few
    elif name == "lazy":
        accepted = against < (numbers[0] if numbers else 1)
    elif name == "each":
        accepted = said["yes"] > 0
    elif both:
        accepted = people and chamber
    elif name.startswith("simple"):
        accepted = people
    elif name.endswith("_weighted"):
        other = sum(u["weight"] for u in units if _value(u) in ("no", "block"))
        accepted = _at_least(part, weight, other)
    else:
        more = said["abstain"] + said["refer-back"] if name.endswith("_valid") else 0
        accepted = _at_least(part, said["yes"], against + more)
    took = len(units) - said[None] - said["stand-aside"]
    quorum = name == "lazy" and "quorum" not in asked
    quorum = quorum or Fraction(took, len(units)) > Fraction(*asked.get("quorum", (1, 2)))
    if "people_quorum" in asked:
        cast = sum(unit.get("cast", _base(unit)) for unit in units)
        rolls = sum(unit.get("roll", 0) for unit in units)
        quorum = quorum and cast > Fraction(*asked["people_quorum"]) * rolls
    nays = said["no"] + (0 if name == "consensus" else said["block"])
    refer = said["refer-back"]
    referred = refer > 0 and (refer >= max(said["yes"], nays) or 3 * refer >= len(units))
    outcome = "adopted" if accepted else "referred-back" if referred else "rejected"
    return {
        "accepted": accepted,
        "people": {"yes": yes, "no": no, "accept": people},
        "units": {"yes": weight, "no": total - weight, "total": total, "accept": chamber},
        "outcome": outcome if quorum else "no-quorum",
    }


def _base(unit: Unit) -> int:
    return int(unit.get("valid", unit.get("yes", 0) + unit.get("no", 0)))


def _valid_yes(unit: Unit) -> bool:
    return _base(unit) > 0 and Fraction(unit.get("yes", 0), _base(unit)) > Fraction(1, 2)


def count() -> Vectors:
    """Rules, ties, weights, silence, shares and refusals."""
    out = Vectors("count")
    for rule, slug, why, law, units in _counted():
        request = {"rule": law, "units": units}
        out.good(rule, slug, why, request, **answer(law, units))
    for rule, slug, why, law, units, asked in _asked():
        request = {"rule": law, "units": units, **asked}
        out.good(rule, slug, why, request, **answer(law, units, **asked))
    for rule, reason, slug, why, law, units in _refused():
        out.bad(rule, reason, slug, why, {"rule": law, "units": units})
    return out


def _counted() -> Iterator[tuple[str, str, str, str, list[Unit]]]:
    example = [_unit(2, 60, 40), _unit(1, 10, 20), _silent(2)]
    for law in ("simple", "majority", "double", "double_valid", "super(2,3)", "double-super(2,3)"):
        slug = law.translate(str.maketrans("(,)", "---")).strip("-")
        yield "CNT-3", f"example-{slug}", "the example of specs/07", law, example
    tie = [_unit(2, 50, 50), _unit(2, 10, 10)]
    for law in ("simple", "majority", "double", "double_valid"):
        yield "CNT-3", f"tie-{law}", "a tie changes nothing", law, tie
    half = [_unit(2, 90, 10), _unit(2, 10, 20)]
    yield "CNT-3", "half-weight", "half of the weight is not more than half", "double", half
    more = [_unit(2, 90, 10), _unit(1, 10, 20)]
    yield "CNT-3", "two-of-three-halves", "2 of 3 halves are", "double", more
    split = [_unit(2, 10, 1000), _unit(2, 20, 10), _unit(1, 20, 10)]
    yield "CNT-3", "units-yes-people-no", "both chambers must agree", "double", split
    yield "CNT-3", "people-no-majority", "councils, not ballots", "majority", split
    for law in ("simple", "majority", "super(2,3)"):
        slug = f"reports-{law.partition('(')[0]}"
        yield "CNT-10", slug, "both chambers are reported", law, split
    stated = [_unit(2, 10, 20, value="yes"), _unit(1, 20, 10, value="no")]
    for law in ("double", "majority", "double_valid", "simple"):
        yield "CNT-4", f"stated-{law}", "its word stands against its ballots", law, stated
    abstain = [_unit(2, 20, 10, value="abstain"), _unit(2, 20, 10), _unit(2, 20, 10)]
    yield "CNT-4", "stated-abstain", "an abstention is not yes", "double", abstain
    silent = [_unit(2, 90, 10), _silent(2), _silent(2), _unit(1, 9, 1)]
    yield "CNT-5", "silent-in-base", "its weight stays in the base", "double", silent
    yield "CNT-5", "silent-majority", "silence is no vote", "majority", silent
    for law in ("super(2,3)", "super(4,6)", "super(3,4)", "super(1,2)", "super(1,1)"):
        slug = law.translate(str.maketrans("(,)", "---")).strip("-")
        votes = [_unit(2, 1, 0), _unit(2, 1, 0), _unit(2, 0, 1), _unit(2, 1, 1)]
        yield "CNT-6", f"two-of-three-{slug}", "yes 2, no 1, one abstains", law, votes
    large = [_unit(WEIGHT_MAX, BALLOTS_MAX, BALLOTS_MAX - 1), _unit(2, 1, 0)]
    yield "CNT-6", "exact-half", "no rounding", "double-super(1,2)", large
    yield "CNT-6", "exact-share", "no rounding", "double-super(500,999)", large
    third = [_unit(2, 666_666_666_667, 333_333_333_333), _unit(1, 0, 0, value="yes")]
    yield "CNT-6", "just-two-thirds", "reached by one ballot", "double-super(2,3)", third
    below = [_unit(2, 666_666_666_666, 333_333_333_334), _unit(1, 0, 0, value="yes")]
    yield "CNT-6", "below-two-thirds", "missed by one ballot", "double-super(2,3)", below
    many = [_unit(WEIGHT_MAX, BALLOTS_MAX, BALLOTS_MAX - 1) for _ in range(1024)]
    yield "CNT-6", "beyond-2-53", "products beyond 2^53 are exact", "double-super(501,1000)", many
    valid = [_unit(2, 50, 30, valid=100), _unit(2, 60, 30, valid=100), _unit(1, 5, 4)]
    yield "CNT-7", "valid", "half of valid is not more", "double_valid", valid
    yield "CNT-7", "valid-elsewhere", "not asked under another rule", "double", valid
    yield "CNT-7", "valid-none", "no ballots at all", "double_valid", [_unit(2, 0, 0)]
    zero = [_unit(0, 900, 10), _unit(2, 10, 20)]
    yield "CNT-8", "weight-0", "ballots count, the unit weighs nothing", "double", zero
    nothing = [_unit(0, 5, 1), _unit(0, 1, 2)]
    yield "CNT-8", "all-weights-0", "where no unit is asked", "simple", nothing
    for present in (1, 2, 3):
        units = [_unit(2, 9, 1)] * present + [_silent(1)] * (4 - present)
        yield "CNT-9", f"quorum-{present}-of-4", "more than half of C", "simple", units
    yield "CNT-1", "1024-units", "MEMBERS_MAX", "double", [_unit(1, 2, 1)] * 1024
    yield "CNT-1", "one-unit", "a confederation of one", "double", [_unit(1, 1, 0)]


def _councils(text: str) -> list[Unit]:
    """`YYN-` and so on: yes, no, abstain, block, refer back, stand aside, silent."""
    words = dict(zip("YNABRS", WORDS, strict=True))
    return [_silent(2) if c == "-" else _unit(2, 0, 0, value=words[c]) for c in text]


def _asked() -> Iterator[tuple[str, str, str, str, list[Unit], dict[str, Any]]]:
    laws = ("consensus(0)", "consensus(2)", "lazy", "lazy(2)", "each")
    rolls = ("YYY", "YYN", "YYYB", "YYYYYYBB", "YYYYBB", "YYS", "YYYS", "NNA", "---", "N--", "RRY")
    for law in laws:
        for roll in rolls:
            slug = f"{law.translate(str.maketrans('(,)', '---')).strip('-')}-{roll.lower()}"
            slug = slug.replace("---", "silent").replace("n--", "n-silent")
            rule = "CNT-11" if law.startswith("consensus") else "CNT-12"
            yield rule, slug, "councils by their word", law, _councils(roll), {}
    for law in ("majority", "majority_valid", "super_valid(2,3)"):
        for roll in ("YNR", "YYNNNRRR", "YNNR", "YYRR", "R-", "YYBB", "YYYAA", "YS"):
            name = law.translate(str.maketrans("(,)", "---")).strip("-")
            slug = f"refer-{name}-{roll.lower().replace('-', '0')}"
            yield "CNT-14", slug, "referred back, blocked, in the base", law, _councils(roll), {}
    three = [_unit(5, 1, 9, value="yes"), _unit(2, 9, 1, value="no"), _unit(2, 1, 1)]
    for law in ("majority_weighted", "super_weighted(2,3)", "super_weighted(5,7)", "simple_valid"):
        name = law.translate(str.maketrans("(,)", "---")).strip("-")
        yield "CNT-3", f"weighted-{name}", "weight against weight", law, three, {}
    blank = [_unit(2, 60, 30, valid=100), _unit(2, 70, 30, valid=100), _unit(1, 5, 4)]
    for law in ("simple_valid", "double_valid", "double-super_valid(3,5)", "double-super(3,5)"):
        name = law.translate(str.maketrans("(,)", "---")).strip("-")
        yield "CNT-7", f"blank-{name}", "blank ballots in the base", law, blank, {}
    for share in ([0, 1], [1, 3], [1, 2], [2, 3]):
        for roll in ("Y--", "YY-"):
            slug = f"quorum-{share[0]}-{share[1]}-{len(roll) - roll.count('-')}-of-3"
            asked = {"quorum": share}
            yield "CNT-9", slug, "a quorum of its own", "majority", _councils(roll), asked
    for cast in (19, 20, 21, 60):
        units = [_unit(2, 10, 0, cast=cast, roll=60), {**_silent(2), "roll": 40}]
        units.append(_unit(2, 1, 0, cast=1, roll=5))
        slug, asked = f"people-quorum-{cast}", {"people_quorum": [1, 5]}
        yield "CNT-13", slug, "ballots cast against rolls", "majority", units, asked


def _refused() -> Iterator[tuple[str, str, str, str, str, list[Unit]]]:
    good = [_unit(2, 60, 40), _unit(1, 10, 20)]
    for number, law in enumerate(
        (
            *("", "Simple", "double ", " double", "double-valid", "double_super(2,3)", "unanimity"),
            *("super", "double-super", "simple(1,2)", "super()", "super(2)", "super(2,3,4)"),
            *("super(2, 3)", "super(02,3)", "super(2,3", "super(+2,3)", "super(1,3)", "super(3,2)"),
            *("consensus", "consensus(00)", "consensus(1,2)", "consensus(1025)", "lazy(0)"),
            *("lazy(01)", "each(1)", "majority_weighted(1)", "double_weighted", "super_valid"),
            *("consensus(-1)", "lazy()", "double-super_weighted(2,3)", "simple_weighted"),
            *("super(0,1)", "super(501,1001)", "super(2/3)", "double\n", "super(\u0662,3)"),
        )
    ):
        yield "CNT-2", "rule-unknown", f"rule-{number:02}", "no rule id", law, good
    plain = ("simple_valid", "majority", "majority_valid", "majority_weighted", "double_valid")
    shared = ("super_valid", "super_weighted", "double-super", "double-super_valid")
    broken = [law + more for law in (*plain, "each") for more in ("()", "(0)", "(2,3)", " ")]
    broken += [law + more for law in shared for more in ("", "(1)", "(1,3)", "(3,2)", "(2,3,4)")]
    broken += [law + more for law in ("consensus", "lazy") for more in ("(-0)", "(1.0)", "(1025)")]
    broken += ["double_weighted(2,3)", "super-double(2,3)", "valid_majority", "weighted_majority"]
    for number, law in enumerate(broken):
        yield "CNT-2", "rule-unknown", f"text-{number:02}", "no rule id", law, good
    for slug, weight in (("negative", -1), ("fraction", 0.5), ("large", WEIGHT_MAX + 1)):
        units = [_unit(weight, 1, 0), *good]
        yield "CNT-8", "units-weight", f"weight-{slug}", "not whole in 0..", "simple", units
    for name in ("yes", "no"):
        for slug, ballots in (("negative", -1), ("fraction", 1.5), ("large", BALLOTS_MAX + 1)):
            units = [{**_unit(2, 1, 1), name: ballots}, *good]
            why = "not whole in 0.."
            yield "CNT-8", "position-tally", f"{name}-{slug}", why, "simple", units
    for slug, valid in (("negative", -1), ("fraction", 101.5), ("large", BALLOTS_MAX + 1)):
        units = [_unit(2, 0, 0, valid=valid), *good]
        yield "CNT-8", "units-valid", f"valid-{slug}", "not whole in 0..", "double", units
    few = [_unit(2, 60, 40, valid=99)]
    yield "CNT-8", "units-valid", "valid-few", "less than yes + no", "double_valid", few
    for slug, more in (("yes", {"yes": 1}), ("no", {"no": 1}), ("value", {"value": "yes"})):
        units = [{**_silent(2), **more}, *good]
        why = "a silent unit has a position"
        yield "CNT-8", "position-tally", f"silent-{slug}", why, "simple", units
    for name, value in (("cast", 99), ("roll", 99), ("cast", -1), ("roll", 0.5), ("cast", 1.5)):
        units = [_unit(2, 60, 40, **{name: value}), *good]
        slug = f"{name}-{value}".replace(".", "-").replace("--", "-minus-")
        why = "ballots, cast and roll do not fit"
        yield "CNT-13", "position-tally", slug, why, "simple", units
    units = [_unit(2, 60, 40, cast=101, roll=100), *good]
    yield "CNT-13", "position-tally", "cast-over-roll", "more cast than members", "simple", units
    for law in ("majority_weighted", "super_weighted(2,3)", "double-super_valid(2,3)"):
        slug = law.translate(str.maketrans("(,)", "---")).strip("-")
        units = [_unit(0, 1, 0)]
        yield "CNT-8", "units-weight", f"weightless-{slug}", "nothing to weigh", law, units
    yield "CNT-8", "units-empty", "no-units", "nobody", "simple", []
    many = [_unit(1, 1, 0)] * 1025
    yield "CNT-8", "units-count", "1025-units", "more than MEMBERS_MAX", "simple", many
    for law in ("double", "double_valid", "double-super(2,3)"):
        slug = law.translate(str.maketrans("(,)", "---")).strip("-")
        why = "nothing to weigh"
        yield "CNT-8", "units-weight", f"weightless-{slug}", why, law, [_unit(0, 1, 0)]
