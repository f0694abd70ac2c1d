"""Record kinds, one a file, and the table that says what each one is.

`KINDS` mirrors specs/registries/kinds.toml; a kind that is not in it is stored and relayed
and never counted (specs/03, KND-2).
"""

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from confedproto.bodies.accession import Accession
from confedproto.bodies.act import Act
from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.amend import Amend
from confedproto.bodies.calendar import Calendar
from confedproto.bodies.carried import Carried
from confedproto.bodies.charter import Charter
from confedproto.bodies.compact import Compact
from confedproto.bodies.correction import Correction
from confedproto.bodies.dispute import Dispute
from confedproto.bodies.dissolution import Dissolution
from confedproto.bodies.exit import Exit
from confedproto.bodies.finding import Finding
from confedproto.bodies.forkproof import ForkProof
from confedproto.bodies.freeze import Freeze
from confedproto.bodies.guest import Guest
from confedproto.bodies.hold import Hold
from confedproto.bodies.link import Link
from confedproto.bodies.lock import Lock
from confedproto.bodies.mandate import Mandate
from confedproto.bodies.motion import Motion
from confedproto.bodies.naming import Naming
from confedproto.bodies.node import Node
from confedproto.bodies.objection import Objection
from confedproto.bodies.override import Override
from confedproto.bodies.paymentorder import PaymentOrder
from confedproto.bodies.petition import Petition
from confedproto.bodies.position import Position
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.recall import Recall
from confedproto.bodies.report import Report
from confedproto.bodies.roll import Roll
from confedproto.bodies.second import Second
from confedproto.bodies.statement import Statement
from confedproto.bodies.status import Status
from confedproto.bodies.suspension import Suspension
from confedproto.bodies.takeover import Takeover
from confedproto.bodies.task import Task
from confedproto.bodies.types import Body
from confedproto.bodies.unlink import Unlink
from confedproto.bodies.vote import Vote
from confedproto.bodies.withdraw import Withdraw
from confedproto.bodies.witness import Witness


class Needs(Enum):
    """Whose signatures a kind needs (specs/04, AUT-1)."""

    THRESHOLD = "threshold"  # the council's keyholders
    NODE = "node"  # the council's node key alone
    KEYHOLDER = "keyholder"  # one keyholder alone, or the threshold: the body says which
    DELEGATE = "delegate"  # the delegate key of the mandate that is the subject
    ADMINISTRATION = "administration"  # the keyholders, or the delegate of the mandate it names


class Part(Enum):
    """What a record's detached part is, if its kind has one (specs/03, PRT-1)."""

    NONE = "none"
    TEXT = "text"  # salted wording, its hash is the body's `text`; with a long list beside it
    HEADS = "heads"  # the heads of a witness record, their Merkle root is the body's `root`
    ROWS = "rows"  # a list of the body that is too long for it, by count and Merkle root


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One row of the registry."""

    name: str
    body: type[Body]
    needs: Needs
    subject: bool  # True: the payload names a subject; False: it must not
    receipts: bool = False  # True: nodes witness logs that gained a record of this kind
    part: Part = Part.NONE
    plain: bool = False  # True: nothing else follows from it, so a node keeps it on disk alone
    rows: tuple[str | int, ...] = ()  # where in the body the list stands that may be too long


def _kind(
    body: type[Body],
    needs: Needs = Needs.THRESHOLD,
    *,
    name: str | None = None,
    subject: bool = True,
    receipts: bool = False,
    part: Part = Part.NONE,
    plain: bool = False,
    rows: tuple[str | int, ...] = (),
) -> Kind:
    return Kind(
        name=name or body.__name__.lower(),
        body=body,
        needs=needs,
        subject=subject,
        receipts=receipts,
        part=Part.ROWS if rows and part is Part.NONE else part,
        plain=plain,
        rows=rows,
    )


KINDS: Final = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            _kind(Charter, subject=False, receipts=True),
            _kind(Node, subject=False, receipts=True),
            _kind(Link, subject=False),
            _kind(Compact, subject=False),
            _kind(Accession),
            _kind(Motion, receipts=True, part=Part.TEXT, rows=("affected",)),
            _kind(Second),
            _kind(Freeze, receipts=True, rows=("councils",)),
            _kind(Position, receipts=True),
            _kind(Witness, Needs.NODE, subject=False, part=Part.HEADS),
            _kind(Status, Needs.NODE, rows=("locked", 2)),
            _kind(Vote, Needs.NODE, rows=("counted",)),
            _kind(Lock, Needs.NODE),
            _kind(Mandate, subject=False, receipts=True),
            _kind(Act, Needs.DELEGATE, receipts=True),
            _kind(Recall, receipts=True),
            _kind(Report, Needs.DELEGATE, receipts=True, part=Part.TEXT),
            _kind(Ratify),
            _kind(Petition),
            _kind(Suspension, Needs.KEYHOLDER, subject=False, receipts=True),
            _kind(ForkProof, Needs.NODE, subject=False, receipts=True, name="fork-proof"),
            _kind(Carried, Needs.NODE, subject=False, receipts=True),
            _kind(Statement, subject=False, plain=True),
            _kind(Unlink, subject=False),
            _kind(Guest, Needs.NODE, subject=False),
            _kind(Override, Needs.NODE, subject=False),
            _kind(Exit, receipts=True),
            _kind(Amend, part=Part.TEXT),
            _kind(Objection),
            _kind(Withdraw, receipts=True),
            _kind(Takeover, receipts=True),
            _kind(AffectedClaim, name="affected-claim"),
            _kind(Roll, subject=False),
            _kind(Task, Needs.ADMINISTRATION),
            _kind(Finding, Needs.ADMINISTRATION),
            _kind(Calendar, Needs.ADMINISTRATION),
            _kind(PaymentOrder, Needs.ADMINISTRATION, name="payment-order"),
            _kind(Dispute),
            _kind(Naming),
            _kind(Hold, receipts=True),
            _kind(Correction),
            _kind(Dissolution),
        )
    }
)
KIND_OF: Final = MappingProxyType({kind.body: kind.name for kind in KINDS.values()})
"""The name of the kind that a body type is of."""
