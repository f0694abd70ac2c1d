"""From positions to an outcome, in fractions: CNT, POS-5, POS-7, POS-9 and the order of MOT-15."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

NAMES = ("lazy", "each", "simple", "majority", "double", "super", "double-super", "consensus")
BASES = ("", "weighted", "valid")


def parts(rule: str) -> tuple[str, str, list[int]]:
    """Name, base and numbers of a rule id."""
    word, _, rest = rule.partition("(")
    name, _, base = word.partition("_")
    return name, base, [int(number) for number in rest.rstrip(")").split(",") if number]


def weaker(one: str, other: str) -> bool:
    """Whether a rule is weaker than another (MOT-15)."""
    mine, theirs = parts(one), parts(other)
    ranks = [(NAMES.index(name), BASES.index(base)) for name, base, _ in (mine, theirs)]
    if ranks[0] != ranks[1] or len(mine[2]) != 2 or len(theirs[2]) != 2:
        return ranks[0] < ranks[1]
    return Fraction(*mine[2]) < Fraction(*theirs[2])


def word_of(position: Any) -> str:
    """POS-9."""
    whole = position.reason and position.clause and position.contact
    return "no" if position.value == "block" and not whole else str(position.value)


def numbers_of(position: Any) -> tuple[int, int, int, int]:
    """Yes, no, valid ballots, and all ballots that were cast."""
    yes, no = position.yes or 0, position.no or 0
    valid = yes + no if position.valid is None else position.valid
    other = sum(n or 0 for n in (position.abstain, position.block, position.aside))
    return yes, no, valid, max(valid, yes + no + other)


def fits(position: Any, frozen: int | None) -> bool:
    """POS-5, and POS-7 with the frozen roll of its council."""
    yes, no, valid, cast = numbers_of(position)
    present = cast if position.present is None else position.present
    rolls = [roll for roll in (position.roll, frozen) if roll is not None]
    return valid >= yes + no and cast <= present and all(present <= roll for roll in rolls)


def count(
    rule: str,
    weights: Mapping[bytes, int],
    said: Mapping[bytes, Any],
    rolls: Mapping[bytes, int],
    quorums: tuple[Fraction | None, Fraction | None],
    wrong: frozenset[str] = frozenset(),
) -> dict[str, Any] | None:
    """CNT-3 to CNT-14; None where CNT-8 refuses. `said`: council -> position."""
    name, base, numbers = parts(rule)
    cast = {council: numbers_of(position) for council, position in said.items()}
    for council, (yes, no, valid, ballots) in cast.items():
        if valid < yes + no or ballots > rolls.get(council, ballots):
            return None
    whole = sum(weights.values())
    if whole == 0 and (name.startswith("double") or base == "weighted"):
        return None
    words = {council: word_of(position) for council, position in said.items()}
    voices = list(words.values())
    y, n, valid = (sum(row[i] for row in cast.values()) for i in range(3))
    units = sum(weights[c] for c, word in words.items() if word == "yes")
    if name.startswith("double") and base == "valid":
        units = sum(weights[c] for c in said if 2 * cast[c][0] > cast[c][2])
    accepted = _accepts(
        (name, base, numbers),
        (y, valid - y if base == "valid" else n),
        (units, sum(weights[c] for c, word in words.items() if word in ("no", "block")), whole),
        voices,
        len(weights),
        wrong,
    )
    part = len(voices) - voices.count("stand-aside")
    asked, people = quorums
    missed = asked is not None and Fraction(part, len(weights)) <= asked
    if people is not None:
        ballots = sum(row[3] for row in cast.values())
        missed = missed or ballots <= people * sum(rolls.values())
    yea, refer = voices.count("yes"), voices.count("refer-back")
    nay = voices.count("no") + (0 if name == "consensus" else voices.count("block"))
    if missed:
        outcome = "no-quorum"
    elif accepted:
        outcome = "adopted"
    elif refer and (refer >= max(yea, nay) or 3 * refer >= len(weights)):
        outcome = "referred-back"
    else:
        outcome = "rejected"
    return {
        "outcome": outcome,
        "people_yes": y,
        "people_no": n,
        "units_yes": units,
        "units_total": whole,
    }


def _accepts(
    rule: tuple[str, str, list[int]],
    people: tuple[int, int],
    units: tuple[int, int, int],
    voices: Sequence[str],
    councils: int,
    wrong: frozenset[str],
) -> bool:
    """The table of CNT-3, CNT-11 and CNT-12; `units`: weight for, against, and in all."""
    name, base, numbers = rule
    least = Fraction(*numbers) if len(numbers) == 2 else Fraction(0)
    y, n = people
    mine, against, whole = units
    yea, nay = voices.count("yes"), voices.count("no") + voices.count("block")
    if base == "weighted" and "weighted" not in wrong:
        return mine > against and Fraction(mine, mine + against) >= least
    if base == "valid":
        nay += voices.count("abstain") + voices.count("refer-back")
    if name == "simple":
        return y > n
    if name.startswith("double"):
        both = y > n and Fraction(y, y + n) >= least
        return both and 2 * mine > whole and Fraction(mine, whole) >= least
    if name == "lazy":
        return nay < (numbers[0] if numbers else 1) + ("lazy" in wrong)
    if name == "each":
        return yea > ("each" in wrong)
    if name == "consensus":
        block, aside = voices.count("block"), voices.count("stand-aside")
        spoke = yea + nay + voices.count("abstain") + aside
        few = block <= numbers[0] and 4 * block <= councils
        return few and yea > 0 and 3 * aside < spoke
    if "majority" in wrong and yea == nay:
        return True
    return yea > nay and Fraction(yea, yea + nay) >= least


def winner(motion: bytes, versions: Sequence[bytes], counted: Sequence[Any]) -> bytes:
    """MOT-6: the version that most councils approve, then with more yes ballots, then as moved."""
    said = {
        one: [body for body in counted if one in (body.versions or ())]
        for one in (motion, *versions)
    }
    return min(
        said,
        key=lambda one: (-len(said[one]), -sum(b.yes or 0 for b in said[one]), one != motion, one),
    )
