"""What an act says, as options, and its payload: for `delegate act` and `delegate ask`."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from confednode.commands.base import read_file
from confednode.errors import KeyringError, NodeReason
from confedproto import bundle, text
from confedproto.bodies.act import Act
from confedproto.bodies.mandate import Mandate
from confedproto.ids import RecordId
from confedproto.limits import BUNDLE_MAX_BYTES

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--motion", required=True, help="What it is about."),
    click.option("--value", required=True, help="yes, no, refer-back..."),
    click.option("--kind", help="Kind of act; else the first in the mandate's scope."),
    click.option(
        "--after", type=click.Path(path_type=Path), help="The file of your act before this one."
    ),
    click.option("--amount", type=click.IntRange(min=0), help="For a spending-order."),
    click.option("--currency"),
)


def acting(function: F) -> F:
    """Give a command the options that say what an act says."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def drafted(data: bytes, mandate_file: Path, said: Mapping[str, Any]) -> tuple[bytes, int]:
    """The payload of an act under the mandate in `data`, dated now, and its number."""
    proved = bundle.mandate_of(data)
    granted = proved.subject.body
    if not isinstance(granted, Mandate):
        raise KeyringError(NodeReason.FILE_UNREADABLE, f"{mandate_file} is no mandate")
    number, previous = _after(said["after"], proved.subject.id)
    payload = bundle.draft_act(
        data,
        motion=RecordId(text.decode_record(said["motion"])),
        kind=said["kind"] or granted.kinds[0],
        value=said["value"],
        now=int(time.time()),
        number=number,
        previous=previous,
        amount=said["amount"],
        currency=said["currency"],
    )
    return payload, number


def _after(path: Path | None, mandate: RecordId) -> tuple[int, RecordId | None]:
    """The number of the next act, and the act that it names."""
    if path is None:
        return 1, None
    decoded = bundle.prove(bundle.decode(read_file(path, BUNDLE_MAX_BYTES)))
    body = decoded.subject.body
    if not isinstance(body, Act) or decoded.subject.subject != mandate:
        raise KeyringError(NodeReason.FILE_UNREADABLE, f"{path} is no act under this mandate")
    return body.number + 1, decoded.subject.id
