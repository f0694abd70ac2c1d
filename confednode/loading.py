"""What a node holds, from its store: at a start every log is folded again (specs/08; LOG-6)."""

import gc
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from confednode import keyring
from confednode.counter import Mark
from confednode.errors import ConfigError, NodeReason, StoreError
from confednode.store import Store
from confedproto import record, runs, text
from confedproto.engine import Engine
from confedproto.errors import ConfedError
from confedproto.guard import Memory, Reached
from confedproto.ids import CouncilId, Hash, LogId, NetworkId
from confedproto.interest import Interest
from confedproto.quotas import DEFAULT_QUOTAS, Quotas
from confedproto.record import WITHHELD, Leaf, PlainLeaf
from confedproto.runs import HASH_ONLY

COUNCIL: Final = "council"
NETWORK: Final = "network"
RECOVERING: Final = "recovering"
"""Names under which the store keeps whose it is, in which network, and whether it fills itself."""
STEP: Final = 10_000
"""Records from one word on progress to the next."""
Progress = Callable[[int, int], None]
"""Told how many records are loaded, of how many."""


def _resume(engine: Engine, mark: Mark | None, peers: Iterable[CouncilId]) -> None:
    """Signing begins: at once if counter and database agree where they were written (RES-1)."""
    own, reached = engine.view.logs.get(engine.own), None
    if mark is not None and mark.log == engine.own and mark.size > 0:
        reached = Reached(size=mark.size, root=Hash(mark.root))
    clean = mark is not None and mark.same_place and reached is not None
    if reached is not None:
        clean = clean and own is not None and own.own.has(reached.size, reached.root)
    engine.resume(clean=clean, memory=Memory(reached=reached, peers=frozenset(peers)))


def load(
    store: Store,
    network: NetworkId,
    keys: keyring.NodeKeys,
    mark: Mark | None = None,
    progress: Progress | None = None,
    *,
    quotas: Quotas = DEFAULT_QUOTAS,
    interest: Interest | None = None,
) -> Engine:
    """The engine with everything that the store holds; `mark` is what the counter file says.

    Raises StoreError STORE_DAMAGED, ConfigError for another network or node key.
    """
    own, founded_in = store.get(COUNCIL), store.get(NETWORK)
    if own is None or founded_in is None:
        raise StoreError(NodeReason.STORE_DAMAGED, "the database names no council")
    if founded_in != network.hex():
        raise ConfigError(NodeReason.CONFIG_INVALID, "network: the council is of another one")
    mine = CouncilId(bytes.fromhex(own))
    engine = Engine(network, mine, keys.signer, quotas, interest)
    try:
        count = store.count()
        steps = _Steps(count, progress)
        with _uncollected(count):
            for log in store.heads():
                leaves = steps.through(_stored_leaves(store, network, log.log))
                engine.restore(
                    log.council, log.key, leaves, log.head, via=log.via, stored=log.bytes
                )
    except ConfedError as error:
        raise StoreError(NodeReason.STORE_DAMAGED, f"database: {error}") from error
    if engine.own not in engine.view.logs and store.get(RECOVERING) is None:
        raise ConfigError(NodeReason.KEY_MISSING, "node.key is not the key of this database's log")
    for entry in engine.view.logs.values():
        head = entry.head
        if head is None:
            whole = entry.id != engine.own  # another's first run may still be on its way
        else:
            whole = head.size <= entry.tree.size and entry.tree.root_at(head.size) == head.root
        if not whole:
            told = f"database: the log of {text.encode_record(entry.council)} is not what was kept"
            raise StoreError(NodeReason.STORE_DAMAGED, told)
    for council, held in store.shelf.takes():
        engine.ledger.note_file(council, held)
    _resume(engine, mark, (peer.council for peer in store.peers()))
    return engine


@contextmanager
def _uncollected(count: int) -> Generator[None, None, None]:
    """Many records stay as long as the node runs: the collector of cycles need not look at them.

    A look at a million objects would stop the loop for seconds, now and then.
    """
    if count < STEP or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
    gc.freeze()


def _stored_leaves(
    store: Store, network: NetworkId, log: LogId
) -> Iterator[tuple[Leaf, bytes, int]]:
    """The leaves of a stored log. What was verified before it was stored is not again (LOG-6)."""
    alike: dict[int, PlainLeaf] = {}
    due: dict[int, PlainLeaf] = {}
    for index, (envelope, part, arrived, mark) in enumerate(store.leaves(log)):
        leaf: Leaf
        first = runs.like(mark)
        provisional = mark is not None and mark <= runs.PROVISIONAL
        if mark == HASH_ONLY:
            leaf = WITHHELD
        elif first in alike:
            leaf = due[first] if provisional else alike[first]
        elif mark is None or provisional:
            leaf = record.open_leaf(network, envelope, part)
        else:
            leaf = record.reopen(network, envelope, part)
            if first == index:
                alike[index] = PlainLeaf(example=leaf, first=index)
                due[index] = replace(alike[index], provisional=True)
        yield leaf, envelope, arrived


_Row = tuple[Leaf, bytes, int]


class _Steps:
    """Counts what is loaded and says so now and then."""

    def __init__(self, whole: int, progress: Progress | None) -> None:
        self._done, self._whole, self._progress = 0, whole, progress

    def through(self, leaves: Iterable[_Row]) -> Iterator[_Row]:
        for leaf in leaves:
            self._done += 1
            if self._progress is not None and self._done % STEP == 0:
                self._progress(self._done, self._whole)
            yield leaf
