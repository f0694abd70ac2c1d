"""invite, link, links: consent between two councils."""

import secrets
import time

import click

from confednode.commands import marks
from confednode.commands.base import Shell, command
from confednode.errors import ConfigError, LinkError, NodeReason
from confedproto import text
from confedproto.council import token_key
from confedproto.ids import CouncilId, TransportKey
from confedproto.text import Invitation

_ANY_HOST = ("0.0.0.0", "::")
LINK_WAIT_S = 15.0


@click.command()
@click.option("--address", help="HOST:PORT under which the other node reaches this one.")
@click.option("--days", type=click.IntRange(1, 30), default=7, show_default=True)
@command
def invite(shell: Shell, address: str | None, days: int) -> None:
    """Invite one other council to link: prints a URI that works once."""
    status = shell.ask("status")
    reach = address or status["listen"]
    if address is None and reach.rpartition(":")[0].strip("[]") in _ANY_HOST:
        raise ConfigError(
            NodeReason.ADDRESS_INVALID,
            f"{reach} is no address that others can dial",
            "Say with --address HOST:PORT how this node is reached.",
        )
    token = secrets.token_bytes(16)
    expires = int(time.time()) + days * 86_400
    key = text.encode_key(token_key(token).public)
    reply = shell.submit("link", shell.ask("draft-invite", key=key, expires=expires))
    uri = text.encode_invitation(
        Invitation(
            address=text.parse_address(reach).text,
            transport=TransportKey(text.decode_transport(status["transport"])),
            council=CouncilId(text.decode_council(status["council"])),
            token=token,
            expires=expires,
        )
    )
    shell.emit(
        {"uri": uri, "record": reply["id"], "expires": expires},
        [uri, "Good for one council, once. Hand it over where nobody else can read it."],
    )


@click.command()
@click.argument("uri")
@command
def link(shell: Shell, uri: str) -> None:
    """Answer an invitation and link with the council that made it."""
    invitation = text.decode_invitation(uri)
    if invitation.expires < int(time.time()):
        raise ConfigError(NodeReason.LINK_FAILED, "the invitation has expired", "Ask for another.")
    key = token_key(invitation.token)
    council = text.encode_record(invitation.council)
    draft = shell.ask("draft-answer", council=council, key=text.encode_key(key.public))
    reply = shell.submit("link", draft, extra=[key])
    shell.ask(
        "peer",
        council=council,
        address=invitation.address,
        transport=text.encode_transport(invitation.transport),
    )
    row = _wait(shell, council)
    shell.emit(
        {**row, "record": reply["id"]},
        [f"Linked with {row['name'] or council}: {row['state']}"],
    )


def _wait(shell: Shell, council: str) -> dict[str, str | None]:
    """The link's row once it is connected and the other council's log is here."""
    deadline = time.monotonic() + LINK_WAIT_S
    reason = ""
    while time.monotonic() < deadline:
        for row in shell.ask("links")["links"]:
            if row["council"] == council:
                if row["state"] == "connected" and row["name"] is not None:
                    return dict(row)
                reason = row["reason"] or row["state"]
        time.sleep(0.05)
    raise LinkError(
        NodeReason.LINK_TIMEOUT,
        f"not connected yet: {reason}",
        "The consent is signed and the node keeps dialling; see `confed links`.",
    )


@click.command()
@command
def links(shell: Shell) -> None:
    """Every link, its state, and why it is down; --json: the list in `links`."""
    rows = shell.ask("links")["links"]
    shell.emit(
        {"links": rows},
        (
            f"{row['name'] or row['council']}: {row['state']}"
            + (f" ({row['reason']})" if row["reason"] else "")
            + marks.overrode(row)
            for row in rows
        ),
    )


@click.command()
@click.argument("council")
@command
def unlink(shell: Shell, council: str) -> None:
    """End the link with a council, alone and at once; linking again takes a new invitation."""
    reply = shell.submit("unlink", shell.ask("draft-unlink", council=council))
    shell.emit(
        {"record": reply["id"], "council": council},
        ["The link is ended. What both hold stays; nothing new is exchanged."],
    )
