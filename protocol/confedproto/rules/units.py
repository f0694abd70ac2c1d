"""From a council's position to the unit that is counted (specs/07, POS-5 and POS-9)."""

from collections.abc import Iterable, Mapping

from confedproto.bodies.freeze import Freeze
from confedproto.bodies.position import Position
from confedproto.ids import CouncilId
from confedproto.limits import BALLOTS_MAX
from confedproto.rules.tally import Unit, Value


def word_of(position: Position) -> Value:
    """What a position says: a block without reason, clause and contact is a no (POS-9)."""
    value = Value(position.value)
    whole = position.reason and position.clause and position.contact
    return Value.NO if value is Value.BLOCK and not whole else value


def ballots_of(position: Position) -> int:
    """All ballots that a position counts (POS-5)."""
    spoken = (position.yes or 0) + (position.no or 0) + (position.abstain or 0)
    return max(position.valid or 0, spoken + (position.block or 0) + (position.aside or 0))


def rolls_of(freeze: Freeze) -> Mapping[CouncilId, int]:
    """Council -> members of its frozen roll, where the freeze has one (POS-7)."""
    rolls = freeze.rolls or ()
    return {CouncilId(v.council): roll for v, roll in zip(freeze.councils, rolls, strict=False)}


def unit_of(weight: int, position: Position | None, roll: int | None) -> Unit:
    """The unit of a council of C. Raises VerificationError POSITION_TALLY or UNITS_VALID."""
    if position is None:
        return Unit.silent(weight, roll)
    return Unit(
        weight=weight,
        yes=position.yes or 0,
        no=position.no or 0,
        valid=position.valid,
        value=word_of(position),
        cast=ballots_of(position),
        roll=roll,
    )


def tally_is_wrong(position: Position, roll: int | None = None) -> bool:
    """Whether ballots, members present and members of the roll do not fit (POS-5, POS-7).

    Of what fits, `unit_of` makes a unit.
    """
    valid, cast = position.valid, ballots_of(position)
    if valid is not None and valid < (position.yes or 0) + (position.no or 0):
        return True
    present = cast if position.present is None else position.present
    if present < cast or cast > BALLOTS_MAX:
        return True
    bounds = (position.roll, roll)
    return any(most is not None and present > most for most in bounds)


def winning_version(
    motion: bytes, freeze: Freeze, positions: Iterable[tuple[CouncilId, Position]]
) -> bytes | None:
    """The version that is adopted if the motion is: most councils approve of it (MOT-6).

    Between equals more yes ballots, then the motion as moved, then the lowest id. None where
    no versions compete. A machine never merges two texts.
    """
    if freeze.versions is None:
        return None
    approvals = {version: [0, 0] for version in (motion, *freeze.versions)}
    for _, position in positions:
        for version in set(position.versions or ()):
            if version in approvals:
                approvals[version][0] += 1
                approvals[version][1] += position.yes or 0
    return min(
        approvals,
        key=lambda one: (-approvals[one][0], -approvals[one][1], one != motion, one),
    )
