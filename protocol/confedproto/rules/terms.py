"""Classes of motions, what each may do, and the spans that a compact may set (specs/05, COM)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from confedproto.bodies.compact import Compact, Terms

DAY_S: Final = 86_400
HOUR_S: Final = 3_600

DEFAULTS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "lapse": 180 * DAY_S,  # from motion to freeze, at most
        "freeze_text": 2 * DAY_S,  # no amendment in the last days before the freeze
        "editorial": DAY_S,  # to object to an editorial fix
        "takeover": 72 * HOUR_S,
        "pause": 90 * DAY_S,  # before the same motion comes again
        "reading_min": 7 * DAY_S,
        "reading_max": 30 * DAY_S,
        "exclusion": 30 * DAY_S,  # between the two readings
        "emergency_notice": 48 * HOUR_S,
        "emergency": 30 * DAY_S,  # then it lapses unless confirmed
        "running": 90 * DAY_S,  # running commitments after an exit
        "dormancy": 90 * DAY_S,
        "hold": 30 * DAY_S,
        "demand": 30 * DAY_S,  # to ask for a new vote after a late position
        "talk": 14 * DAY_S,  # a dispute's first step
        "mediation": 30 * DAY_S,
        "panel": 45 * DAY_S,  # then the object stands and goes to assemblies
        "correction": 14 * DAY_S,
    }
)
"""Every span that `Terms` can set otherwise, in seconds; defaults, never constants (COM-7)."""

MISSED_DEFAULT: Final = 3
PANEL_DEFAULT: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLaw:
    """What a class of motions is: a row of the table in COM-8."""

    name: str
    binding: bool = True  # False: a second reading with quorum 1/3, and no certificate is asked
    target: bool = False  # it is about a council, a mandate or a version of the compact
    readings: int = 1
    money: bool = True  # whether it may grant money
    lazy: bool = False  # whether `lazy` and `each` may decide it


_ROWS: Final = (
    ClassLaw(name="admin", binding=False, money=False, lazy=True),
    ClassLaw(name="coordination"),
    ClassLaw(name="budget"),
    ClassLaw(name="charter", target=True, money=False),
    ClassLaw(name="accession", target=True, money=False),
    ClassLaw(name="exclusion", target=True, readings=2, money=False),
    ClassLaw(name="recall-request", binding=False, target=True, money=False),
    ClassLaw(name="dissolution", money=False),
    ClassLaw(name="dormancy", target=True, money=False),
    ClassLaw(name="emergency", money=False),
)
CLASSES: Final[Mapping[str, ClassLaw]] = MappingProxyType({row.name: row for row in _ROWS})
"""Class of motions -> what it may be (COM-8)."""


def term(compact: Compact, name: str) -> int:
    """A span in seconds: what the compact says, or the default (COM-7)."""
    given = getattr(compact.terms, name) if isinstance(compact.terms, Terms) else None
    return DEFAULTS[name] if given is None else int(given)


def notice_of(compact: Compact, motion_class: str) -> int:
    """Seconds from a freeze to its opening, at least (FRZ-3, MOT-14)."""
    notice = compact.windows.notice
    if motion_class == "emergency":
        return min(notice, term(compact, "emergency_notice"))
    return notice
