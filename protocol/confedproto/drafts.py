"""Payloads to be signed, drafted from what a node knows (specs/07, ADM).

A draft is bytes and nothing else; keyholders render and sign it wherever their keys are.
Whether the signed record is then appended is decided by `admission.objection`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from confedproto.bodies import KIND_OF
from confedproto.bodies.accession import Accession
from confedproto.bodies.act import Act
from confedproto.bodies.amend import Amend
from confedproto.bodies.compact import COORDINATION, ClassRule, Compact, Founder, Windows
from confedproto.bodies.link import Link
from confedproto.bodies.mandate import Instruction, Mandate
from confedproto.bodies.motion import Motion, Title
from confedproto.bodies.position import Position, ValueText
from confedproto.bodies.recall import Recall
from confedproto.bodies.second import Second
from confedproto.bodies.statement import File, Statement
from confedproto.bodies.types import Body
from confedproto.bodies.unlink import Unlink
from confedproto.clean import text_is_clean
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId, PublicKey, RecordId
from confedproto.record import build_payload, part_of, text_hash
from confedproto.rules.freezes import freeze_for
from confedproto.rules.motion import Case, Placed, single_freeze
from confedproto.rules.tally import parse_rule
from confedproto.rules.versions import bound_version
from confedproto.view import View

B = TypeVar("B", bound=Body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A payload to sign and the detached part that goes with it."""

    payload: bytes
    part: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who drafts, from which view, at what time (seconds UTC).

    A record about a scoped one is scoped like it (SCO-2); for that `salt` is 16 random bytes.
    """

    view: View
    council: CouncilId
    now: int
    salt: bytes | None = None

    def _draft(
        self,
        body: Body,
        subject: RecordId | None = None,
        part: bytes | None = None,
        scope: RecordId | None = None,
    ) -> Draft:
        about = self.view.records.get(subject) if subject is not None else None
        found = scope if about is None or about.record.scope is None else about.record.scope
        if found is not None and self.salt is None:
            raise LocalProtocolError(Reason.SCOPE_OTHER, "a scoped record needs a salt")
        step = self.view.authorities[self.council].charter
        if step is None:
            raise LocalProtocolError(Reason.COUNCIL_UNKNOWN)
        payload = build_payload(
            kind=KIND_OF[type(body)],
            council=self.council,
            charter=step.version,
            time=self.now,
            body=body,
            subject=subject,
            scope=found,
            salt=None if found is None else self.salt,
        )
        return Draft(payload=payload, part=part_of(body, part))

    def _case(self, motion: RecordId) -> Case:
        case = self.view.case(motion)
        if isinstance(case, Reason):
            raise LocalProtocolError(case)
        return case

    # --- links ----------------------------------------------------------------------------

    def invite(self, key: PublicKey, expires: int) -> Draft:
        """An invitation: whoever holds the one-use key may link with us until `expires`."""
        return self._draft(Link(invite=key, expires=expires))

    def unlink(self, peer: CouncilId) -> Draft:
        """The end of the link with a council; of several links, of one.

        Raises LocalProtocolError LINK_ENDED where there is none.
        """
        standing = self.view.standing_links(self.council, peer)
        if not standing:
            raise LocalProtocolError(Reason.LINK_ENDED)
        return self._draft(Unlink(invite=min(standing)))

    def answer(self, peer: CouncilId, key: PublicKey) -> Draft:
        """The answer to an invitation; the one-use key signs it too."""
        if peer == self.council:
            raise LocalProtocolError(Reason.INVITATION_SELF)
        return self._draft(Link(peer=peer, invite=key))

    def statement(
        self, text: str, files: Sequence[File] = (), scope: RecordId | None = None
    ) -> Draft:
        """A text of this council with files by hash; with a `scope` for a compact's members."""
        return self._draft(Statement(text=text, files=tuple(files) or None), scope=scope)

    # --- compacts ---------------------------------------------------------------------------

    def compact(
        self,
        *,
        name: str,
        rule: str,
        windows: Windows,
        weights: Mapping[CouncilId, int],
        seconds: int,
        sponsors: int,
        weight_max: int,
        terms: Mapping[str, Any] | None = None,
    ) -> Draft:
        """A compact founded by the councils in `weights` (halves), this one among them.

        `terms` are the body's other fields in plain values. Raises LocalProtocolError BODY_FORM.
        """
        parse_rule(rule)
        founders: list[Founder] = []
        for council in sorted(weights):
            authority = self.view.authorities.get(council)
            step = authority.charter if authority is not None else None
            if step is None:
                raise LocalProtocolError(Reason.COUNCIL_UNKNOWN, council.hex()[:16])
            founders.append(Founder(council=council, charter=step.version, weight=weights[council]))
        body = Compact(
            name=name,
            founders=tuple(founders),
            rules=(ClassRule(name=COORDINATION, rule=rule),),
            windows=windows,
            seconds=seconds,
            sponsors=sponsors,
            weight_max=weight_max,
        )
        return self._draft(_with(body, terms))

    def accession(
        self, compact: RecordId, weight: int, terms: Mapping[str, Any] | None = None
    ) -> Draft:
        """This council joins a compact; `terms` name the motion that admits it, or an observer."""
        return self._draft(_with(Accession(weight=weight), terms), compact)

    # --- motions ----------------------------------------------------------------------------

    def motion(
        self,
        compact: RecordId,
        *,
        title: str,
        text: str,
        salt: bytes,
        language: str = "en",
        name: str = COORDINATION,
        terms: Mapping[str, Any] | None = None,
        members_only: bool = False,
    ) -> Draft:
        """A motion; `salt` are 16 random bytes that go before the text in its part.

        `terms` are the body's other fields in plain values; it runs under the version of the
        compact that binds this council (REV-3). With `members_only` nobody but the compact's
        members gets it, and all that follows. Raises LocalProtocolError BODY_FORM.
        """
        if not text_is_clean(text):
            raise LocalProtocolError(Reason.ENC_TEXT, "the text of a motion")
        part = salt + text.encode()
        bound = bound_version(self.view.world, compact, self.council)
        own = Motion(
            name=name,
            titles=(Title(language=language, title=title),),
            text=text_hash(part),
            version=bound,
        )
        return self._draft(_with(own, terms), compact, part, compact if members_only else None)

    def second(self, motion: RecordId) -> Draft:
        """This council seconds a motion."""
        return self._draft(Second(), motion)

    def freeze(self, motion: RecordId) -> Draft:
        """Freeze a motion: all members of now, opening as soon as the compact's notice allows."""
        case = self._case(motion)
        members = self.view.members(case.compact_id)
        return self._draft(freeze_for(case, members, self.council, self.now), motion)

    def amend(
        self,
        motion: RecordId,
        *,
        title: str,
        text: str,
        salt: bytes,
        language: str = "en",
        editorial: bool = False,
    ) -> Draft:
        """A whole competing version of a motion, or the mover's editorial fix (MOT-6, MOT-7)."""
        if not text_is_clean(text):
            raise LocalProtocolError(Reason.ENC_TEXT, "the text of an amendment")
        part = salt + text.encode()
        body = Amend(
            titles=(Title(language=language, title=title),),
            text=text_hash(part),
            editorial=editorial or None,
        )
        return self._draft(body, motion, part)

    def about(self, subject: RecordId | None, body: Body) -> Draft:
        """Any other record of this council: exit, withdraw, claim, hold, a version, ..."""
        return self._draft(body, subject)

    def position(
        self,
        motion: RecordId,
        value: ValueText,
        *,
        yes: int | None = None,
        no: int | None = None,
        valid: int | None = None,
        terms: Mapping[str, Any] | None = None,
    ) -> Draft:
        """This council's position, numbered after its last one on this motion.

        `terms` are the body's other fields in plain values. Raises LocalProtocolError BODY_FORM.
        """
        case = self._case(motion)
        freeze = single_freeze(case)
        if freeze is None:
            raise LocalProtocolError(Reason.FREEZE_UNKNOWN)
        numbers = [
            p.record.body.number
            for p in case.positions
            if p.record.council == self.council and isinstance(p.record.body, Position)
        ]
        body = Position(
            freeze=freeze.record.id,
            number=max(numbers, default=0) + 1,
            value=value,
            yes=yes,
            no=no,
            valid=valid,
        )
        return self._draft(_with(body, terms), motion)

    # --- mandates ---------------------------------------------------------------------------

    def mandate(
        self,
        *,
        delegate: PublicKey,
        kinds: Sequence[str],
        instructions: Mapping[RecordId, str],
        until: int,
        terms: Mapping[str, Any] | None = None,
        scope: RecordId | None = None,
    ) -> Draft:
        """A mandate for the holder of a delegate key, from now unless `terms` say when.

        `terms` are the body's other fields in plain values; with its compact as `scope` nobody
        but the members gets it, and all that follows. Raises LocalProtocolError BODY_FORM.
        """
        compacts = {self._compact_of(version) for version in instructions}
        if None in compacts or len(compacts) != (1 if instructions else 0):
            raise LocalProtocolError(Reason.MOTION_UNKNOWN)
        rows = tuple(Instruction(motion=m, value=instructions[m]) for m in sorted(instructions))
        body = Mandate(
            delegate=delegate,
            starts=self.now,
            until=until,
            kinds=tuple(sorted(set(kinds))),
            compact=next(iter(compacts), None),
            instructions=rows or None,
        )
        if scope not in (None, body.compact):
            raise LocalProtocolError(Reason.SCOPE_OTHER, "the compact of its motions")
        return self._draft(_with(body, terms), scope=scope)

    def _compact_of(self, version: RecordId) -> RecordId | None:
        """The compact of a motion, or of the motion of which this is a version."""
        placed = self.view.records.get(version)
        if placed is not None and placed.record.kind == "amend" and placed.record.subject:
            placed = self.view.records.get(placed.record.subject)
        return placed.record.subject if placed is not None else None

    def act(self, mandate: RecordId, motion: RecordId, kind: str, value: str) -> Draft:
        """An act under a mandate of this council, for the delegate to sign."""
        own = self.view.logs[self.view.log_of[self.council]]
        done = sorted(self.view.about(mandate, "act"), key=_number)
        if own.head is None:
            raise LocalProtocolError(Reason.LOG_START)
        body = Act(
            motion=motion,
            kind=kind,
            value=value,
            number=len(done) + 1,
            head=own.head.envelope,
            previous=done[-1].record.id if done else None,
        )
        return self._draft(body, mandate)

    def recall(self, mandate: RecordId, reason: str | None = None) -> Draft:
        """This council takes a mandate back."""
        return self._draft(Recall(reason=reason), mandate)


def _with(body: B, terms: Mapping[str, Any] | None) -> B:
    """The body with more fields, given in plain values. Raises LocalProtocolError BODY_FORM."""
    if not terms:
        return body
    plain = msgspec.to_builtins(body, builtin_types=(bytes,))
    try:
        return msgspec.convert({**plain, **terms}, type(body), builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise LocalProtocolError(Reason.BODY_FORM, str(error)) from None


def _number(placed: Placed) -> int:
    body = placed.record.body
    return body.number if isinstance(body, Act) else 0
