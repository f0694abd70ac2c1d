"""The people of one unit: they hold the keyholders' keys and speak to their own node.

Everything goes through the node's control socket, as a secretary with `confed` would do it.
Nothing here reads a log, and no node is handed another one's records.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confednode import app, config, control, keyring
from confednode.config import Home, Settings
from confednode.control.server import ask_async
from confednode.demo.votes import UnitRow
from confedproto import record, text
from confedproto.council import token_key
from confedproto.ids import CouncilId, NetworkId
from confedproto.keys import SigningKey

KEYHOLDERS = 3
THRESHOLD = 2
NETWORK = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """One unit's council: its figures, its folder, its keyholders."""

    row: UnitRow
    home: Home
    council: CouncilId
    network: NetworkId
    keyholders: tuple[SigningKey, ...]

    @property
    def council_text(self) -> str:
        """The council's id as text."""
        return text.encode_record(self.council)

    async def ask(self, op: str, **args: Any) -> control.Reply:
        """Ask this unit's node."""
        return await ask_async(self.home.socket, op, **args)

    def signatures(self, payload: bytes) -> list[record.Signature]:
        """What THRESHOLD of the keyholders sign."""
        return [record.sign(self.network, payload, key) for key in self.keyholders[:THRESHOLD]]

    async def submit(
        self, draft: control.Reply, signatures: Sequence[record.Signature] = ()
    ) -> str:
        """Sign a draft and hand it in; returns the record's id. Raises RefusedError."""
        payload = bytes.fromhex(draft["payload"])
        envelope = record.assemble(payload, [*self.signatures(payload), *signatures])
        reply = await self.ask("submit", envelope=envelope.hex(), part=draft["part"])
        return str(reply["id"])

    async def link(self, guest: "People") -> None:
        """Invite `guest`, who answers: both consents are signed and the guest's node dials."""
        status = await self.ask("status")
        key = token_key(secrets.token_bytes(16))
        public, expires = text.encode_key(key.public), int(time.time()) + 3_600
        await self.submit(await self.ask("draft-invite", key=public, expires=expires))
        draft = await guest.ask("draft-answer", council=self.council_text, key=public)
        payload = bytes.fromhex(draft["payload"])
        await guest.submit(draft, [record.sign(self.network, payload, key)])
        await guest.ask(
            "peer",
            council=self.council_text,
            address=status["listen"],
            transport=status["transport"],
        )


def found(row: UnitRow, folder: Path, number: int) -> People:
    """Found the council of one unit in a folder of its own, on a port of its own."""
    home = Home(path=folder / f"node-{number}")
    settings = Settings(network=NETWORK, listen="127.0.0.1:0")
    founded = app.found(
        home,
        settings,
        name=row.unit,
        threshold=THRESHOLD,
        keyholders=KEYHOLDERS,
        passphrase=None,
    )
    return People(
        row=row,
        home=home,
        council=founded.council,
        network=config.network_of(settings),
        keyholders=tuple(keyring.read_key(path, None) for path in founded.key_files),
    )
