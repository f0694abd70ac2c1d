"""Values of options: ids in their text forms, hashes, times; and several options at once."""

import datetime
from collections.abc import Callable, Sequence
from typing import Any

import click

from confedproto import text
from confedproto.errors import DecodeError

SECONDS = click.IntRange(min=0)
Command = Callable[..., Any]


class Instant(click.ParamType[int]):
    """A time: whole seconds UTC, or a date and time in ISO 8601 with its zone."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds UTC. Fails for a time without a zone."""
        if value.isascii() and value.isdigit() and len(value) <= 12:
            return int(value)
        try:
            moment = datetime.datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither seconds nor ISO 8601", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} has no time zone: end it with Z", param, ctx)
        return int(moment.timestamp())


class TextForm(click.ParamType[bytes]):
    """An id in its text form: a council, a record or a hash in 64 hex digits."""

    def __init__(self, name: str, decode: Callable[[str], bytes]) -> None:
        self.name, self._decode = name, decode

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> bytes:
        """The 32 bytes behind it."""
        try:
            return self._decode(value)
        except (DecodeError, ValueError):
            self.fail(f"{value!r} is no {self.name}", param, ctx)


def _hash(value: str) -> bytes:
    if len(value) != 64:
        raise ValueError(value)
    return bytes.fromhex(value)


COUNCIL = TextForm("council", text.decode_council)
RECORD = TextForm("record", text.decode_record)
HASH = TextForm("hash", _hash)


def with_options(made: Sequence[Callable[[Command], Command]]) -> Callable[[Command], Command]:
    """One decorator for several options, in this order."""

    def add(function: Command) -> Command:
        for option in reversed(made):
            function = option(function)
        return function

    return add
