"""Real nodes in processes of their own, for benchmarks: founded, filled, started, asked."""

import contextlib
import itertools
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from confednode import app, config, control, keyring
from confednode.config import Home, Settings
from confednode.store import Store
from confedproto import log, merkle, record, text
from confedproto.bodies.statement import Statement
from confedproto.council import token_key
from confedproto.effects import StoreLeaves
from confedproto.ids import CouncilId, NetworkId, log_id
from confedproto.keys import SigningKey
from confedproto.marks import Block
from confedproto.older import BLOCK_LEAVES

NETWORK: Final = "bench"
ENVELOPE_BYTES: Final = 496
BATCH: Final = 1_024
HOST: Final = "confednode.demo.host"
"""The program of a node's process."""
MANY: Final = 200_000
"""Statements that are worth a process a core to be signed."""
RUNS_A_CUT: Final = 1
"""Runs that a cut may have transferred again: the one that was coming in."""


@dataclass(slots=True, kw_only=True)
class Council:
    """A council with one keyholder, its folder and its node's process."""

    home: Home
    council: CouncilId
    network: NetworkId
    keyholder: SigningKey
    process: "subprocess.Popen[bytes] | None" = None
    listen: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    host: str = HOST

    @property
    def id(self) -> str:
        """The council's id as text."""
        return text.encode_record(self.council)

    # --- its process ------------------------------------------------------------------------

    def start(self) -> float:
        """Start the node; returns the seconds until it listened."""
        begun = time.perf_counter()
        self.launch()
        self.ready()
        return time.perf_counter() - begun

    def launch(self) -> None:
        """Start the node's process; `ready` waits for it."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.host, str(self.home.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | self.environment,
        )

    def ready(self) -> None:
        """Wait until the node listens."""
        if self.process is None or self.process.stdout is None:
            raise RuntimeError("not started")
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the node did not start")
        self.listen = str(json.loads(line)["listen"])

    def stop(self) -> None:
        """Stop the node in good order."""
        if self.process is not None:
            if self.process.stdin is not None:
                self.process.stdin.close()
            self.process.wait(120)
            self._forget()

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._forget()

    def _forget(self) -> None:
        if self.process is not None:
            for pipe in (self.process.stdin, self.process.stdout):
                if pipe is not None:
                    pipe.close()
        self.process = None

    def pids(self) -> Iterator[int]:
        """The node's process and its workers."""
        if self.process is None:
            return
        yield self.process.pid
        for thread in Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(OSError):  # the thread has ended
                yield from map(int, (thread / "children").read_text("ascii").split())

    def cpu_s(self) -> float:
        """CPU seconds of the process and its workers so far."""
        return sum(map(cpu_of, self.pids()))

    def rss_bytes(self) -> int:
        """Resident memory of the node's own process."""
        pid = next(self.pids())
        for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1_024
        return 0

    # --- requests ---------------------------------------------------------------------------

    def ask(self, op: str, **args: Any) -> control.Reply:
        """Ask the running node."""
        return control.ask(self.home.socket, op, **args)

    def sizes(self) -> dict[str, int]:
        """How far this node holds each council's log."""
        return {row["council"]: row["size"] for row in self.ask("logs")["logs"]}

    def stored(self, council: "Council", size: int) -> None:
        """Wait until this node has `size` leaves of a council's log on disk; it says so itself."""
        while self.ask("watch", council=council.id, size=size - 1)["size"] < size:
            pass  # it answers after 20 seconds at the latest

    def due(self, council: "Council") -> int:
        """How many signatures of a council's log are still to be verified (SYN-11)."""
        return sum(row["due"] for row in self.ask("logs")["logs"] if row["council"] == council.id)

    def verified(self, council: "Council", poll_s: float = 0.05) -> None:
        """Wait until no signature of a council's log is due any more."""
        while self.due(council):
            time.sleep(poll_s)

    def until(
        self, council: "Council", size: int, within_s: float = 120.0, poll_s: float = 0.02
    ) -> float:
        """Wait until this node holds `size` leaves of a council's log; the seconds it took."""
        begun = time.perf_counter()
        while self.sizes().get(council.id, 0) < size:
            if time.perf_counter() - begun > within_s:
                raise RuntimeError(f"{self.sizes().get(council.id)} of {size} after {within_s} s")
            time.sleep(poll_s)
        return time.perf_counter() - begun

    def watch(self, council: "Council", size: int, within_s: float = 120.0) -> float:
        """As `until`, of a size that a head is signed over, and without asking again and again."""
        begun = time.perf_counter()
        while (held := self.ask("watch", council=council.id, size=size - 1)["size"]) < size:
            if time.perf_counter() - begun > within_s:
                raise RuntimeError(f"{held} of {size} after {within_s} s")
        return time.perf_counter() - begun

    def submit(self, payload: bytes, *extra: SigningKey, part: str | None = None) -> str:
        """Sign a payload and hand it in."""
        rows = [record.sign(self.network, payload, key) for key in (self.keyholder, *extra)]
        envelope = record.assemble(payload, rows)
        return str(self.ask("submit", envelope=envelope.hex(), part=part)["id"])

    def link(self, guest: "Council", address: str = "") -> None:
        """Invite `guest`, who answers and dials `address` (this node's own without it)."""
        key = token_key(secrets.token_bytes(16))
        public, expires = text.encode_key(key.public), int(time.time()) + 3_600
        draft = self.ask("draft-invite", key=public, expires=expires)
        self.submit(bytes.fromhex(draft["payload"]))
        draft = guest.ask("draft-answer", council=self.id, key=public)
        guest.submit(bytes.fromhex(draft["payload"]), key)
        guest.ask(
            "peer",
            council=self.id,
            address=address or self.listen,
            transport=self.ask("status")["transport"],
        )


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far, threads that have ended too: by Linux's clock of it."""
    return time.clock_gettime((~pid << 3) | 2)


def now_ns() -> int:
    """A number that no earlier call has given."""
    return time.time_ns() % 10**9


def found(folder: Path, name: str) -> Council:
    """A council in a folder of its own."""
    home = Home(path=folder / name)
    settings = Settings(network=NETWORK, listen="127.0.0.1:0")
    founded = app.found(home, settings, name=name, threshold=1, keyholders=1, passphrase=None)
    return Council(
        home=home,
        council=founded.council,
        network=config.network_of(settings),
        keyholder=keyring.read_key(founded.key_files[0], None),
    )


def statements(who: Council, count: int, first: int = 0) -> Iterator[bytes]:
    """Signed statements of ENVELOPE_BYTES each."""

    def made(number: int, length: int) -> bytes:
        payload = record.build_payload(
            kind="statement",
            council=who.council,
            charter=1,
            time=1_700_000_000,
            body=Statement(text=f"{number:010d}".ljust(length, "x")),
        )
        return record.assemble(payload, [record.sign(who.network, payload, who.keyholder)])

    spare = 300 + ENVELOPE_BYTES - len(made(0, 300))
    for number in range(first, first + count):
        yield made(number, spare)


def _signed(who: Council, count: int) -> Iterator[bytes]:
    """As `statements`, of many by all cores."""
    if count < MANY:
        yield from statements(who, count)
        return
    parts = [
        (who.home.path, who.council, who.network, first, min(BATCH, count - first))
        for first in range(0, count, BATCH)
    ]
    with get_context("spawn").Pool() as pool:
        for part in pool.imap(_some, parts, chunksize=8):
            yield from part


def _blocks(start: int, end: int) -> range:
    """The blocks that lie whole in [start, end)."""
    return range(-(-start // BLOCK_LEAVES), end // BLOCK_LEAVES)


def _some(part: tuple[Path, CouncilId, NetworkId, int, int]) -> list[bytes]:
    path, council, network, first, count = part
    home = Home(path=path)
    keyholder = keyring.read_key(home.keys / "keyholder-1.key", None)  # no key leaves its process
    who = Council(home=home, council=council, network=network, keyholder=keyholder)
    return list(statements(who, count, first))


def _forged(made: Iterator[bytes], forged: Container[int]) -> Iterator[bytes]:
    for number, envelope in enumerate(made):
        yield envelope[:-1] + bytes((envelope[-1] ^ (number in forged),))


def fill(who: Council, count: int, forged: Container[int] = ()) -> int:
    """Put `count` statements into a council's own log while its node is down; the log's size.

    The signatures of those whose number is in `forged` do not hold.
    """
    keys = keyring.read_node_keys(who.home.node_key)
    own = log_id(who.network, who.council, keys.signer.public)
    store = Store(who.home.database)
    try:
        tree = merkle.Tree(merkle.leaf_hash(envelope) for envelope, _ in store.read(own, 0, 2**40))
        made, first = _forged(_signed(who, count), forged), tree.size
        left = count
        while left:
            batch = list(itertools.islice(made, min(BATCH, left)))
            start = tree.size
            alike = _blocks(max(start - start % BLOCK_LEAVES, first), start + len(batch))
            tree.extend(map(merkle.leaf_hash, batch))
            left -= len(batch)
            head = log.sign_head(
                who.network,
                keys.signer,
                log=own,
                size=tree.size,
                root=tree.root(),
                time=int(time.time()),
            )
            store.write(
                [
                    StoreLeaves(
                        log=own,
                        council=who.council,
                        key=keys.signer.public,
                        start=start,
                        leaves=tuple((envelope, None) for envelope in batch),
                        arrived=int(time.time()),
                        head=head.envelope,
                        marks=(first,) * len(batch),
                        blocks=tuple(
                            Block(number=number, mark=first, root=tree.block(number), total=0)
                            for number in alike
                        ),
                    )
                ]
            )
    finally:
        store.close()
    return tree.size
