"""One node, wired: founding it in a folder, and running it there."""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import trio

from confednode import config, control, keyring, requests
from confednode.config import Home, Settings
from confednode.control.server import serve as serve_control
from confednode.counter import Counter
from confednode.driver import Driver, wall_clock
from confednode.errors import ConfigError, NodeError, NodeReason
from confednode.loading import COUNCIL, NETWORK, RECOVERING, Progress, load
from confednode.reach import Reach, is_inside
from confednode.requests.following import load_interest
from confednode.store import Peer, Store
from confedproto import council
from confedproto.channel import public_key
from confedproto.effects import StoreLeaves
from confedproto.engine import Engine
from confedproto.errors import LocalProtocolError
from confedproto.ids import CouncilId
from confedproto.keys import SigningKey
from confedproto.quotas import Quotas

_PORT = "port"


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """A council that was just founded, and where its keyholders' keys lie."""

    council: CouncilId
    key_files: tuple[Path, ...]


def found(
    home: Home,
    settings: Settings,
    *,
    name: str,
    threshold: int,
    keyholders: int,
    passphrase: bytes | None,
    addresses: Sequence[str] = (),
) -> Founded:
    """Found a council in a folder: keys, charter, node record, database.

    Raises ConfigError HOME_EXISTS if anything of a node is there already, and
    LocalProtocolError for an illegal (m, n). Nothing is ever overwritten.
    """
    for path in (home.config, home.database, home.node_key, home.keys):
        if path.exists():
            raise ConfigError(NodeReason.HOME_EXISTS, f"{path} exists: a council lives here")
    seeds = [keyring.new_seed() for _ in range(keyholders)]
    signer_seed, transport_private = keyring.new_seed(), secrets.token_bytes(32)
    try:
        founding = council.found(
            config.network_of(settings),
            name=name,
            threshold=threshold,
            keyholders=[SigningKey(seed) for seed in seeds],
            node_key=SigningKey(signer_seed),
            transport=public_key(transport_private),
            now=wall_clock() // 1000,
            addresses=addresses,
        )
    except LocalProtocolError as error:
        raise type(error)(error.reason, error.detail or "name or keyholders") from None
    try:
        home.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        home.keys.mkdir(mode=0o700)
    except OSError as error:
        raise ConfigError(NodeReason.HOME_ACCESS, f"{home.path}: {error.strerror}") from error
    files = [home.keys / f"keyholder-{number}.key" for number in range(1, keyholders + 1)]
    for path, seed in zip(files, seeds, strict=True):
        keyring.write_key(path, seed, passphrase)
    keyring.write_node_keys(home.node_key, signer_seed, transport_private)
    config.write(home, settings)
    store = Store(home.database, create=True)
    try:
        first = StoreLeaves(
            log=founding.log,
            council=founding.council,
            key=SigningKey(signer_seed).public,
            start=0,
            leaves=tuple((envelope, None) for envelope in founding.envelopes),
            arrived=founding.head.time,
            head=founding.head.envelope,
        )
        store.write([first])
        store.put(COUNCIL, founding.council.hex())
        store.put(NETWORK, config.network_of(settings).hex())
    finally:
        store.close()
    mark = Counter(home.counter)
    mark.write(founding.log, founding.head.size, founding.head.root)
    mark.close()
    return Founded(council=founding.council, key_files=tuple(files))


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a started node reports: its council, where it listens, and what drives it."""

    council: CouncilId
    listen: str
    driver: Driver


def prepare(home: Home, settings: Settings) -> keyring.NodeKeys:
    """Make a folder with fresh node keys for a council that exists already (RES-6)."""
    for path in (home.config, home.database, home.node_key):
        if path.exists():
            raise ConfigError(NodeReason.HOME_EXISTS, f"{path} exists: a council lives here")
    try:
        home.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        home.keys.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ConfigError(NodeReason.HOME_ACCESS, f"{home.path}: {error.strerror}") from error
    keyring.write_node_keys(home.node_key, keyring.new_seed(), secrets.token_bytes(32))
    config.write(home, settings)
    return keyring.read_node_keys(home.node_key)


def recover(home: Home, settings: Settings, council: CouncilId, peers: Sequence[Peer]) -> None:
    """Make an empty database that fills itself from `peers` when the node runs (RES-6).

    The node keys must be there; nothing is overwritten.
    """
    keyring.read_node_keys(home.node_key)
    store = Store(home.database, create=True)
    try:
        store.put(COUNCIL, council.hex())
        store.put(NETWORK, config.network_of(settings).hex())
        store.put(RECOVERING, "1")
        for peer in peers:
            store.add_peer(peer)
    finally:
        store.close()


async def serve(
    home: Home,
    settings: Settings,
    *,
    stop: trio.Event,
    progress: Progress | None = None,
    reread: bool = False,
    clock: Callable[[], int] = wall_clock,
    task_status: trio.TaskStatus[Running] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run the node in `home` until `stop`; reports once it listens.

    `progress` hears, from another thread, how many of the stored records are loaded; `reread`
    has every one of them read again; `clock` gives the time in milliseconds UTC.

    Raises NodeError: the folder is missing or in use, a key is unreadable, the port taken,
    or the store failed.
    """
    keys = keyring.read_node_keys(home.node_key)
    network = config.network_of(settings)
    store = await trio.to_thread.run_sync(partial(Store, home.database))
    counter = Counter(home.counter)
    quotas = Quotas(total=settings.disk_mb * 2**20)
    try:
        while True:
            held = partial(load, store, network, keys, counter.read(), progress, quotas=quotas)
            interest = load_interest(store)
            engine = await trio.to_thread.run_sync(partial(held, interest=interest, reread=reread))
            await _serve_loaded(
                home,
                settings,
                keys,
                engine,
                store,
                counter,
                stop=stop,
                clock=clock,
                task_status=task_status,
            )
            if stop.is_set():
                break
            # The store has another branch of a log (FRK-7): load that, and tell nobody again.
            reread, task_status = False, trio.TASK_STATUS_IGNORED
    finally:
        store.close()
        counter.close()


async def _serve_loaded(
    home: Home,
    settings: Settings,
    keys: keyring.NodeKeys,
    engine: Engine,
    store: Store,
    counter: Counter,
    *,
    stop: trio.Event,
    clock: Callable[[], int],
    task_status: trio.TaskStatus[Running],
) -> None:
    """Serve until `stop`, or until the engine no longer holds what the store does."""
    network = config.network_of(settings)
    host, port = config.split_listen(settings.listen)
    reach = Reach(proxy=settings.proxy or None, inside=settings.inside or is_inside(host))
    private = keys.transport_private
    driver = Driver(engine, store, network, private, clock=clock, counter=counter, reach=reach)
    if port == 0:
        port = int(store.get(_PORT) or 0)  # peers know the one that was chosen first
    async with trio.open_nursery() as nursery:
        bound = await nursery.start(driver.run, host, port)
        await driver.disk.run(partial(store.put, _PORT, str(bound)))
        desk = requests.Desktop(
            driver=driver,
            store=store,
            network=network,
            council=engine.council,
            transport=keys.transport,
            listen=(host, bound),
            stop=stop,
            requests=home.requests,
        )

        async def handle(op: str, args: Mapping[str, Any]) -> control.Reply:
            return await requests.answer(desk, op, args)

        await nursery.start(serve_control, home.socket, handle)
        running = Running(council=engine.council, listen=config.joined(host, bound), driver=driver)
        task_status.started(running)
        ended = trio.Event()

        async def end_after(event: trio.Event) -> None:
            await event.wait()
            ended.set()

        nursery.start_soon(end_after, stop)
        nursery.start_soon(end_after, driver.outdated)
        await ended.wait()
        await driver.unlinked()
        nursery.cancel_scope.cancel()


def run_flat(main: Callable[[], Awaitable[None]]) -> None:
    """Run an async program; of its errors the first of ours is raised bare, or Ctrl-C.

    A nursery wraps what its tasks raise; the CLI wants the one line behind it.
    """
    try:
        trio.run(main)
    except BaseExceptionGroup as group:
        if group.subgroup(KeyboardInterrupt) is not None:
            raise KeyboardInterrupt from None
        ours = _leaves(group, NodeError)
        if not ours:
            raise
        raise ours[0] from None


def _leaves(group: BaseExceptionGroup[BaseException], kind: type[NodeError]) -> list[NodeError]:
    out: list[NodeError] = []
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            out += _leaves(error, kind)
        elif isinstance(error, kind):
            out.append(error)
    return out
