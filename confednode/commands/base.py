"""What all commands share: the folder, output, failures, and signing before handing in."""

import functools
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from confednode import config, control, keyring
from confednode.commands.asked import Asked
from confednode.commands.failing import fail
from confednode.config import Home
from confednode.errors import KeyringError, NodeError, NodeReason
from confedproto import record, text
from confedproto.errors import ConfedError
from confedproto.keys import SigningKey
from confedproto.text.harmless import as_json, shown

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """One invocation: the folder, whether to speak JSON, where the passphrase is."""

    home: Home
    json_mode: bool
    quiet: bool
    passphrase_file: Path | None

    def ask(self, op: str, **args: Any) -> control.Reply:
        """Ask the running node."""
        return control.ask(self.home.socket, op, **args)

    def emit(self, fields: Mapping[str, Any], lines: Iterable[str]) -> None:
        """The result: one JSON object, the id alone (--quiet), or the lines for a person."""
        if self.json_mode:
            click.echo(as_json({"ok": True, **fields}))
        elif self.quiet and (short := _short(fields)) is not None:
            click.echo(shown(short))
        else:
            for line in lines:
                click.echo(shown(line))

    def passphrase(self) -> bytes | None:
        """The passphrase from its file, or from a prompt on a terminal, or None."""
        if self.passphrase_file is not None:
            return read_passphrase(self.passphrase_file)
        sealed = any(entry.sealed for entry in keyring.list_keys(self.home.keys))
        if sealed and sys.stdin.isatty():
            return str(click.prompt("Passphrase", hide_input=True, err=True)).encode()
        return None

    def submit(
        self, asked: Asked | str, draft: control.Reply, *, extra: Iterable[SigningKey] = ()
    ) -> control.Reply:
        """Sign a draft with the keyholders' keys that lie here, and hand it in.

        What is signed is checked against what was asked for: a node cannot slip another
        record under its keyholders' pen. A kind alone leaves what it says to the node.
        """
        payload = bytes.fromhex(draft["payload"])
        (Asked(kind=asked) if isinstance(asked, str) else asked).check(payload)
        wanted = [text.decode_key(key) for key in draft["keys"]]
        needed = int(draft["threshold"])
        keys = keyring.keys_for(self.home.keys, wanted, needed, self.passphrase())
        if len(keys) < needed:
            raise KeyringError(
                NodeReason.KEY_MISSING,
                f"{len(keys)} of {needed} keyholders' keys are in {self.home.keys}",
            )
        return self.hand_in(payload, draft["part"], [*keys, *extra])

    def hand_in(
        self, payload: bytes, part: str | None, keys: Iterable[SigningKey]
    ) -> control.Reply:
        """Sign a payload with exactly these keys and hand it in."""
        network = config.network_of(config.load(self.home))
        envelope = record.assemble(payload, [record.sign(network, payload, key) for key in keys])
        return self.ask("submit", envelope=envelope.hex(), part=part)


def _short(fields: Mapping[str, Any]) -> str | None:
    """What a script wants of a result: its id, URI, key, state or council."""
    for name in ("id", "uri", "key", "state", "council"):
        if name in fields:
            return str(fields[name])
    return None


def read_file(path: Path, most: int) -> bytes:
    """A file of the operator's, at most `most` bytes. Raises KeyringError FILE_*."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        raise KeyringError(NodeReason.FILE_MISSING, f"{path} is not there") from None
    except OSError as error:
        raise KeyringError(NodeReason.FILE_UNREADABLE, f"{path}: {error.strerror}") from error
    if len(data) > most:
        raise KeyringError(NodeReason.FILE_UNREADABLE, f"{path} has more than {most} bytes")
    return data


def read_input(most: int) -> bytes:
    """Standard input to its end, at most `most` bytes. Raises KeyringError FILE_UNREADABLE."""
    data = sys.stdin.buffer.read(most + 1)
    if len(data) > most:
        raise KeyringError(NodeReason.FILE_UNREADABLE, f"more than {most} bytes were given")
    return data


def read_passphrase(path: Path) -> bytes:
    """The passphrase in a file, without its line end. Raises KeyringError if it is empty."""
    passphrase = read_file(path, 4_096).rstrip(b"\r\n")
    if not passphrase:
        raise KeyringError(NodeReason.PASSPHRASE_MISSING, f"{path} is empty")
    return passphrase


def write_file(path: Path, data: bytes) -> None:
    """Write a file for the operator, replacing an older one."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise KeyringError(NodeReason.FILE_UNREADABLE, f"{path}: {error.strerror}") from error


def command(function: Callable[..., T]) -> Callable[..., T]:
    """Give a command --home, --json and --passphrase-file, and its failures one form."""

    @click.option("--home", type=click.Path(path_type=Path), help="The node's folder.")
    @click.option("-q", "--quiet", is_flag=True, help="Print the id alone, for scripts.")
    @click.option("--json", "json_mode", is_flag=True, help="One JSON object on stdout.")
    @click.option(
        "--passphrase-file",
        type=click.Path(path_type=Path),
        help="File with the passphrase of the key files.",
    )
    @functools.wraps(function)
    def wrapped(
        *args: Any,
        home: Path | None,
        json_mode: bool,
        quiet: bool,
        passphrase_file: Path | None,
        **kwargs: Any,
    ) -> T:
        shell = Shell(
            home=Home(path=home or config.default_home()),
            json_mode=json_mode,
            quiet=quiet,
            passphrase_file=passphrase_file,
        )
        try:
            return function(shell, *args, **kwargs)
        except (NodeError, ConfedError) as error:
            fail(error, json_mode=json_mode)

    return wrapped
