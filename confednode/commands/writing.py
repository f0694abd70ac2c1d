"""What commands that write records share: typed bodies, wordings, what was asked for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from confednode import control
from confednode.commands.asked import Asked
from confednode.commands.base import Shell, read_file, write_file
from confednode.errors import KeyringError, NodeReason
from confedproto import codec
from confedproto.bodies import KIND_OF
from confedproto.bodies.types import Body
from confedproto.errors import LocalProtocolError, Reason
from confedproto.limits import PART_MAX_BYTES
from confedproto.record import SALT_BYTES

B = TypeVar("B", bound=Body)


def body_of(kind: type[B], fields: Mapping[str, Any]) -> B:
    """A body of checked fields; None leaves one out. Raises LocalProtocolError BODY_FORM."""
    given = {name: value for name, value in fields.items() if value is not None}
    try:
        return msgspec.convert(given, kind, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise LocalProtocolError(Reason.BODY_FORM, str(error)) from None


def packed(fields: Mapping[str, Any] | Body) -> str:
    """Fields in CMP, as the node takes them: hex; of an empty map nothing."""
    plain = msgspec.to_builtins(fields, builtin_types=(bytes,))
    return codec.encode(plain).hex() if plain else ""


def said(body: Body) -> dict[str, Any]:
    """The fields that a body has, typed."""
    return {k: v for k, v in msgspec.structs.asdict(body).items() if v is not None}


def write(shell: Shell, subject: str | None, body: Body) -> control.Reply:
    """Have the node draft exactly this record about another one, sign it and hand it in."""
    kind = KIND_OF[type(body)]
    asked = Asked(kind=kind, about=subject, says=said(body), filled=frozenset())
    draft = shell.ask("draft-about", id=subject, kind=kind, body=packed(body))
    return shell.submit(asked, draft)


def tell(shell: Shell, word: str, reply: control.Reply, **named: str) -> None:
    """Say what was handed in: its id, and by name what it is about."""
    shell.emit({"id": reply["id"], **named}, [f"{word}: {reply['id']}"])


def wording(path: Path) -> str:
    """The text of a motion or a version, from a UTF-8 file."""
    try:
        return read_file(path, PART_MAX_BYTES - SALT_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise click.BadParameter(f"{path} is not UTF-8", param_hint="--text") from None


def check_wording(draft: control.Reply, text_: str) -> None:
    """Raises KeyringError CONTROL_REPLY if the node drafted another text."""
    if bytes.fromhex(draft["part"] or "")[SALT_BYTES:] != text_.encode():
        raise KeyringError(NodeReason.CONTROL_REPLY, "the node drafted another text")


def export(shell: Shell, kind: str, subject: str, target: Path) -> None:
    """Write a bundle to a file and say so."""
    reply = shell.ask("bundle", kind=kind, id=subject)
    write_file(target, bytes.fromhex(reply["bundle"]))
    fields = {"file": str(target), "bytes": reply["bytes"], "id": subject}
    shell.emit(fields, [f"{target}: {reply['bytes']} bytes"])
