"""Disputes, mediators, panels, findings and holds (specs/07, DIS).

A finding has one of a closed list of effects; a panel that is silent decides nothing.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from confedproto.bodies.compact import Compact
from confedproto.bodies.dispute import Dispute
from confedproto.bodies.finding import Finding
from confedproto.bodies.hold import Hold
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.naming import Naming
from confedproto.errors import Reason
from confedproto.ids import CouncilId, RecordId
from confedproto.rules.case import Placed, World, has_left
from confedproto.rules.terms import PANEL_DEFAULT, term

SUBJECTS_MAX: Final = 8
"""Records about records about records: deeper ones are about nothing."""


@unique
class Step(StrEnum):
    """Where a dispute stands (DIS-2)."""

    TALK = "talk"
    MEDIATION = "mediation"
    PANEL = "panel"
    FOUND = "found"
    ASSEMBLIES = "assemblies"  # no panel agreed, or it was silent: the object stands as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeStatus:
    """A dispute now: who mediates, who sits on the panel, what it found."""

    step: Step
    parties: frozenset[CouncilId]
    mediator: CouncilId | None
    panel: tuple[CouncilId, ...]
    effect: str | None
    edges: tuple[int, ...]


def dispute_status(
    placed: Placed, compact_id: RecordId, members: Collection[CouncilId], world: World, now: int
) -> DisputeStatus | Reason:
    """Where a dispute stands at `now` (seconds UTC), or why it is none (DIS-1 to DIS-5).

    `members` are all that the compact ever admitted and has not excluded: who left later has
    disputed and found all the same.
    """
    body, dispute, founding = placed.record.body, placed.record.id, world.placed(compact_id)
    compact = founding.record.body if founding is not None else None
    if not isinstance(body, Dispute) or placed.record.subject is None:
        return Reason.RECORD_UNKNOWN
    if not isinstance(compact, Compact):
        return Reason.COMPACT_UNKNOWN
    if placed.record.council not in members or has_left(world, compact_id, placed):
        return Reason.COMPACT_MEMBER
    parties = parties_of(placed, body, world)
    mediators = [
        council
        for (council,) in _agreed(dispute, parties, "mediator", 1, world)
        if council in members
    ]
    size = compact.panel or PANEL_DEFAULT
    panels = [
        panel
        for panel in _agreed(dispute, parties, "panel", size, world)
        if set(panel) <= set(members) - parties  # a party is not eligible (case 50)
    ]
    panel = panels[0] if panels else ()
    found = (p for p in world.about(dispute, "finding") if not has_left(world, compact_id, p))
    effect = _found(found, panel)
    talk_ends = placed.record.time + term(compact, "talk")
    mediated = talk_ends + term(compact, "mediation")
    silent = mediated + term(compact, "panel")
    if effect is not None:
        step = Step.FOUND
    elif now <= talk_ends:
        step = Step.TALK
    elif now <= mediated:
        step = Step.MEDIATION
    else:
        step = Step.PANEL if panel and now <= silent else Step.ASSEMBLIES
    return DisputeStatus(
        step=step,
        parties=frozenset(parties),
        mediator=mediators[0] if mediators else None,
        panel=panel,
        effect=effect,
        edges=(talk_ends + 1, mediated + 1, silent + 1),
    )


def compact_about(record: RecordId, world: World) -> Placed | None:
    """The compact that a record is about, through the subjects of what it is about, or None.

    A mandate is about the compact that it names; a dispute about a record that names none is
    about its own `compact` (DIS-1).
    """
    said: bytes | None = None
    for _ in range(SUBJECTS_MAX):
        placed = world.placed(record)
        if placed is None or isinstance(placed.record.body, Compact):
            return placed
        about: bytes | None = placed.record.subject
        match placed.record.body:
            case Dispute() as dispute if said is None:
                said = dispute.compact
            case Mandate() as mandate:
                about = mandate.compact
            case _:
                pass
        if about is None:
            if said is None:
                return None
            about, said = said, None
        record = RecordId(about)
    return None


def parties_of(placed: Placed, body: Dispute, world: World) -> set[CouncilId]:
    """Who disputes, the council whose record is disputed, and those that are named (DIS-1)."""
    parties = {placed.record.council, *(CouncilId(one) for one in body.parties or ())}
    subject = placed.record.subject
    disputed = world.placed(subject) if subject is not None else None
    if disputed is not None:
        parties.add(disputed.record.council)
    return parties


def _agreed(
    dispute: RecordId, parties: set[CouncilId], role: str, size: int, world: World
) -> list[tuple[CouncilId, ...]]:
    """The lists of this size that every party has named, the lowest first (DIS-3, DIS-4)."""
    named: dict[tuple[CouncilId, ...], set[CouncilId]] = {}
    for placed in world.about(dispute, "naming"):
        body = placed.record.body
        if not isinstance(body, Naming) or body.role != role:
            continue
        councils = tuple(sorted({CouncilId(one) for one in body.councils}))
        if len(councils) == size:
            named.setdefault(councils, set()).add(placed.record.council)
    return sorted(councils for councils, by in named.items() if by >= parties)


def _found(findings: Iterable[Placed], panel: tuple[CouncilId, ...]) -> str | None:
    """What more than half of the panel found alike, or None (DIS-5)."""
    said: dict[str, set[CouncilId]] = {}
    for placed in findings:
        body = placed.record.body
        if isinstance(body, Finding) and placed.record.council in panel:
            said.setdefault(body.effect, set()).add(placed.record.council)
    sole = [effect for effect, by in sorted(said.items()) if 2 * len(by) > len(panel)]
    return sole[0] if len(sole) == 1 else None


def held_until(
    holds: Iterable[Placed], councils: Collection[CouncilId], compact: Compact
) -> tuple[int, int] | None:
    """From when until when a quarter of C suspends a decision, once (DIS-6), seconds UTC."""
    first: dict[CouncilId, int] = {}
    for placed in holds:
        council = placed.record.council
        if isinstance(placed.record.body, Hold) and council in councils:
            first[council] = min(placed.record.time, first.get(council, placed.record.time))
    needed = -(-len(councils) // 4)
    if not first or len(first) < needed:
        return None
    since = sorted(first.values())[needed - 1]
    return since, since + term(compact, "hold")
