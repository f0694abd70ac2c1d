"""node, charter, suspend, recover: the council's servers and keyholders."""

from pathlib import Path
from typing import Any, Final

import click

from confednode import app, config, keyring, sshagent
from confednode.commands import marks
from confednode.commands.asked import Asked
from confednode.commands.base import Shell, command
from confednode.commands.failing import fail_usage
from confednode.commands.signing import described, write_request
from confednode.config import Settings
from confednode.store import Peer
from confedproto import signrequest, text
from confedproto.ids import CouncilId, PublicKey
from confedproto.signrequest import SignRequest

_NODE_FILLED: Final = frozenset({"number", "expires", "addresses", "previous", "last"})
"""What a node's draft of a node record says of its own."""
_TO = click.option("--to", "target", type=click.Path(path_type=Path), help="The sign request.")


def propose(shell: Shell, asked: Asked, draft: dict[str, Any], target: Path | None) -> None:
    """Sign with the keys that lie here; hand in what is complete, write down what is not.

    The draft is held against what was asked for before any key is read: whoever has the
    server cannot have the keyholders sign another server or other keyholders.
    """
    payload, kind = bytes.fromhex(draft["payload"]), asked.kind
    asked.check(payload)
    request = SignRequest(
        network=config.network_of(config.load(shell.home)),
        payload=payload,
        part=None,
        keys=tuple(PublicKey(text.decode_key(key)) for key in draft["keys"]),
        threshold=int(draft["threshold"]),
    )
    most = len(request.keys) if kind == "charter" else request.threshold
    if shell.home.keys.is_dir():
        for key in keyring.keys_for(shell.home.keys, request.keys, most, shell.passphrase()):
            request = request.sign(key)
    reply = shell.ask("collect", files=[signrequest.encode(request).hex()])
    fields = described(request) | {"kind": kind, "submitted": reply["submitted"]}
    if reply["submitted"]:
        shell.emit(fields, [f"{kind} {fields['id']}: taken up"])
        return
    path = target or Path(f"{kind}.confed-sign")
    write_request(path, request, armored=False)
    lines = [
        f"{kind} {fields['id']}: {fields['progress']}",
        f"Keyholders sign {path} with: confed sign {path} --key KEYFILE",
        f"Then: confed submit {path}",
    ]
    shell.emit(fields | {"file": str(path)}, lines)


def _addresses(given: tuple[str, ...]) -> dict[str, object]:
    """What a node record then says of addresses; nothing given: what it says now."""
    parsed = tuple(text.parse_address(address).text for address in given)
    return {"addresses": parsed} if parsed else {}


@click.group()
def node() -> None:
    """The server that keeps the council's log."""


@node.command("renew")
@click.option("--address", "addresses", multiple=True, help="HOST:PORT that others dial.")
@_TO
@command
def node_renew(shell: Shell, addresses: tuple[str, ...], target: Path | None) -> None:
    """Authorise the same server for another 90 days."""
    filled = _NODE_FILLED | {"key", "transport"}
    asked = Asked(kind="node", says=_addresses(addresses), filled=filled)
    propose(shell, asked, shell.ask("draft-node", addresses=list(addresses)), target)


@node.command("prepare")
@click.option("--listen", default=config.LISTEN_DEFAULT, show_default=True, help="HOST:PORT.")
@click.option("--network", default=config.NETWORK_DEFAULT, show_default=True)
@command
def node_prepare(shell: Shell, listen: str, network: str) -> None:
    """On a new machine: make the keys of a server for a council that exists already."""
    keys = app.prepare(shell.home, config.check(Settings(network=network, listen=listen)))
    fields = {
        "key": text.encode_key(keys.signer.public),
        "transport": text.encode_transport(keys.transport),
    }
    shell.emit(
        fields,
        [
            f"Node key: {fields['key']}",
            f"Transport key: {fields['transport']}",
            "Give both to: confed node replace --key KEY --transport KEY",
        ],
    )


@node.command("replace")
@click.option("--key", required=True, help="The new server's node key (cfk1...).")
@click.option("--transport", required=True, help="Its transport key (cft1...).")
@click.option("--address", "addresses", multiple=True, help="HOST:PORT that others dial.")
@click.option("--council", help="Another council's id: on a linked council's node, for it.")
@click.option("--size", type=click.IntRange(1), help="How far the old log is good.")
@click.option("--keep", help="Of two rival servers: the node key of the one whose log goes on.")
@_TO
@command
def node_replace(
    shell: Shell,
    key: str,
    transport: str,
    addresses: tuple[str, ...],
    council: str | None,
    size: int | None,
    keep: str | None,
    target: Path | None,
) -> None:
    """Replace a lost, stolen or forked server: one record that names the last good head."""
    draft = shell.ask(
        "draft-node",
        key=key,
        transport=transport,
        addresses=list(addresses),
        council=council,
        size=size,
        keep=keep,
    )
    says: dict[str, object] = {
        "key": text.decode_key(key),
        "transport": text.decode_transport(transport),
    }
    says |= _addresses(addresses)
    propose(shell, Asked(kind="node", says=says, filled=_NODE_FILLED), draft, target)


@node.command("override")
@click.option("--i-know-that-this-may-fork-the-log", "known", is_flag=True)
@command
def node_override(shell: Shell, known: bool) -> None:
    """Sign although the linked councils have not answered. May fork the log for good."""
    if not known:
        typed = click.prompt("Type: may fork the log", default="", show_default=False, err=True)
        if str(typed).strip() != "may fork the log":
            fail_usage("not overridden", json_mode=shell.json_mode)
    shell.emit(shell.ask("override"), ["The node signs again, at your own risk."])


@click.group()
def charter() -> None:
    """Who the keyholders are, and how many must sign."""


@charter.command("show")
@command
def charter_show(shell: Shell) -> None:
    """The charter in force."""
    reply = shell.ask("charter")
    lines = [f"Version {reply['version']}: {reply['threshold']} of {len(reply['keys'])} must sign"]
    lines += [f"key {number}: {key}" for number, key in enumerate(reply["keys"], 1)]
    lines += [
        f"{row['kind']} {row['number']}: received by {row['received_by']} other councils"
        f"{marks.unwitnessed(row)}"
        for row in reply["steps"]
    ]
    shell.emit(reply, lines)


@charter.command("rotate")
@click.option("--add", "added", multiple=True, help="A key (cfk1...), or an OpenSSH .pub file.")
@click.option("--remove", "removed", multiple=True, help="A key, or its number as shown.")
@click.option("--threshold", type=click.IntRange(1), help="How many must sign from now on.")
@click.option("--name", help="The council's name from now on.")
@_TO
@command
def charter_rotate(
    shell: Shell,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    threshold: int | None,
    name: str | None,
    target: Path | None,
) -> None:
    """Change keyholders: old and new thresholds have to sign."""
    now = shell.ask("charter")
    gone = {now["keys"][int(r) - 1] if _is_number(r, now["keys"]) else r for r in removed}
    if not gone <= set(now["keys"]):
        fail_usage("--remove names no keyholder", json_mode=shell.json_mode)
    keys = [key for key in now["keys"] if key not in gone] + [_key_of(key) for key in added]
    draft = shell.ask(
        "draft-charter", threshold=threshold or now["threshold"], keys=keys, name=name
    )
    says: dict[str, object] = {
        "threshold": threshold or now["threshold"],
        "keys": tuple(sorted({text.decode_key(key) for key in keys})),
    }
    says |= {} if name is None else {"name": name}
    filled = frozenset({"name", "rules", "previous", "delegation"})
    propose(shell, Asked(kind="charter", says=says, filled=filled), draft, target)


def _is_number(value: str, keys: list[str]) -> bool:
    return value.isdecimal() and 1 <= int(value) <= len(keys)


def _key_of(value: str) -> str:
    path = Path(value)
    return text.encode_key(sshagent.read_public(path)[2]) if path.suffix == ".pub" else value


@click.command()
@click.option("--key", help="A keyholder's key; without it the server's.")
@click.option("--lift", is_flag=True, help="Let it go on: the threshold signs.")
@click.option("--council", help="Another council's id: on a linked council's node, for it.")
@_TO
@command
def suspend(
    shell: Shell, key: str | None, lift: bool, council: str | None, target: Path | None
) -> None:
    """One keyholder stops the server, or another keyholder, for 72 hours."""
    draft = shell.ask("draft-suspension", key=key, lift=lift, council=council)
    says: dict[str, object] = {"lift": lift}
    says |= {} if key is None else {"key": text.decode_key(key)}
    asked = Asked(kind="suspension", says=says, filled=frozenset({"key"}))
    propose(shell, asked, draft, target)


@click.command()
@click.option("--council", required=True, help="The council's id (cfr1...).")
@click.option("--peer", "peers", multiple=True, required=True, help="COUNCIL,TRANSPORT,HOST:PORT")
@command
def recover(shell: Shell, council: str, peers: tuple[str, ...]) -> None:
    """Make an empty database beside node.key that fills itself from linked councils."""
    rows: list[Peer] = []
    for peer in peers:
        parts = peer.split(",")
        if len(parts) != 3:
            fail_usage("--peer is COUNCIL,TRANSPORT,HOST:PORT", json_mode=shell.json_mode)
        rows.append(
            Peer(
                council=CouncilId(text.decode_council(parts[0])),
                transport=text.decode_transport(parts[1]),
                address=text.parse_address(parts[2]).text,
            )
        )
    chosen = CouncilId(text.decode_council(council))
    app.recover(shell.home, config.load(shell.home), chosen, rows)
    shell.emit(
        {"council": council, "peers": len(rows)},
        ["Now start it: confed serve. It signs nothing before its peers have answered."],
    )
