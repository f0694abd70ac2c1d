"""The table of requests: who is asked, and in which typed form."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
import trio
from msgspec import Meta

from confednode.driver import Driver
from confednode.errors import ControlError, NodeReason
from confednode.store import Store
from confedproto import text
from confedproto.drafts import Desk, Draft
from confedproto.ids import CouncilId, NetworkId, TransportKey
from confedproto.view import View

Reply = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop:
    """What the handlers work on: one running node."""

    driver: Driver
    store: Store
    network: NetworkId
    council: CouncilId
    transport: TransportKey
    listen: tuple[str, int]
    stop: trio.Event
    requests: Path

    @property
    def view(self) -> View:
        """The engine's view, only read here."""
        return self.driver.engine.view

    @property
    def now(self) -> int:
        """Seconds UTC."""
        return self.driver.clock() // 1000

    @property
    def desk(self) -> Desk:
        """Where records of this council are drafted."""
        salt = secrets.token_bytes(16)
        return Desk(view=self.view, council=self.council, now=self.now, salt=salt)

    def draft(self, draft: Draft) -> Reply:
        """A draft as it goes to the signer: the bytes, and whose signatures they need."""
        step = self.view.authorities[self.council].charter
        return {
            "payload": draft.payload.hex(),
            "part": draft.part.hex() if draft.part is not None else None,
            "keys": [text.encode_key(key) for key in step.charter.keys] if step else [],
            "threshold": step.charter.threshold if step else 0,
        }


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request's arguments; unknown ones are refused."""


R = TypeVar("R", bound=Request)
Handle = Callable[[Desktop, Any], Awaitable[Reply]]
OPS: Final[dict[str, tuple[type[Request], Handle]]] = {}

Hex = Annotated[str, Meta(pattern="^([0-9a-f]{2})*$")]
Id = Annotated[str, Meta(max_length=128)]
Ballots = Annotated[int, Meta(ge=0)]


def op(name: str, request: type[R]) -> Callable[[Callable[[Desktop, R], Awaitable[Reply]]], Any]:
    """Register a handler."""

    def register(handle: Callable[[Desktop, R], Awaitable[Reply]]) -> Any:
        OPS[name] = (request, handle)
        return handle

    return register


async def answer(desk: Desktop, name: str, args: Mapping[str, Any]) -> Reply:
    """Answer one request. Raises ControlError CONTROL_REQUEST for one that is not of its form."""
    if name not in OPS:
        raise ControlError(NodeReason.CONTROL_REQUEST, f"unknown request {name[:40]!r}")
    request, handle = OPS[name]
    try:
        typed = msgspec.convert(dict(args), request)
    except msgspec.ValidationError as error:
        raise ControlError(NodeReason.CONTROL_REQUEST, str(error)) from None
    return await handle(desk, typed)


class Nothing(Request, frozen=True, kw_only=True):
    """No arguments."""


class OneId(Request, frozen=True, kw_only=True):
    """The id of a record, as text."""

    id: Id
