"""What a node holds, from its store: at a start every log is folded again (specs/08).

Whole stretches of plain records come as blocks, by their roots, and stay where they are; the
signed head says whether they belong to the log. Where they do not, every record is read.
"""

import gc
import logging
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Final

from confednode import keyring
from confednode.counter import Mark
from confednode.errors import ConfigError, NodeReason, StoreError
from confednode.oldleaves import OldLeaves
from confednode.store import Store
from confedproto import marks, record, text
from confedproto.bodies import KINDS
from confedproto.engine import Engine
from confedproto.errors import ConfedError
from confedproto.guard import Memory, Reached
from confedproto.ids import CouncilId, Hash, LogId, NetworkId
from confedproto.interest import Interest
from confedproto.marks import Alike, Block, blocks
from confedproto.merkle import Tree
from confedproto.older import BLOCK_LEAVES
from confedproto.quotas import DEFAULT_QUOTAS, Quotas
from confedproto.record import WITHHELD, Leaf, PlainLeaf, VerifiedRecord, WithheldLeaf
from confedproto.view import Log

LOG: Final = logging.getLogger(__name__)

COUNCIL: Final = "council"
NETWORK: Final = "network"
RECOVERING: Final = "recovering"
"""Names under which the store keeps whose it is, in which network, and whether it fills itself."""
STEP: Final = 10_000
"""Records from one word on progress to the next."""
_Row = tuple[Leaf, bytes, int]
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
    reread: bool = False,
) -> Engine:
    """The engine with everything that the store holds; `mark` is what the counter file says.

    With `reread` every record is read again, as at the first start, and not the blocks of them.
    Raises StoreError STORE_DAMAGED, ConfigError for another network or node key.
    """
    own, founded_in = store.get(COUNCIL), store.get(NETWORK)
    if own is None or founded_in is None:
        raise StoreError(NodeReason.STORE_DAMAGED, "the database names no council")
    if founded_in != network.hex():
        raise ConfigError(NodeReason.CONFIG_INVALID, "network: the council is of another one")

    def begun() -> Engine:
        mine = CouncilId(bytes.fromhex(own))
        tree_of = partial(_tree, store)
        return Engine(network, mine, keys.signer, quotas, interest, tree_of=tree_of)

    if reread:
        store.blocks.clear()
    try:
        engine = begun()
        count = store.count()
        with _uncollected(count):
            try:
                _read(store, engine, count, progress)
            except _Astray as error:
                LOG.warning("%s: every record is read again", error)
                store.blocks.clear()
                engine = begun()
                _read(store, engine, count, progress)
    except (ConfedError, _Astray) as error:
        raise StoreError(NodeReason.STORE_DAMAGED, f"database: {error}") from error
    if engine.own not in engine.view.logs and store.get(RECOVERING) is None:
        raise ConfigError(NodeReason.KEY_MISSING, "node.key is not the key of this database's log")
    for council, held in store.shelf.takes():
        engine.ledger.note_file(council, held)
    _resume(engine, mark, (peer.council for peer in store.peers()))
    return engine


class _Astray(Exception):
    """A log is not what its head says, or not all of it is there."""


def _read(store: Store, engine: Engine, count: int, progress: Progress | None) -> None:
    """Load every log. Raises _Astray, or ConfedErrors, for what is not what was kept."""
    steps, held = _Steps(count, progress), 0
    made: list[tuple[LogId, tuple[Block, ...]]] = []
    for log in store.heads():
        size = store.held(log.log)
        found = store.blocks.of(log.log, size)
        leaves = _stored(store, engine.view.network, log.log, size, found)
        through = steps.through(leaves)
        engine.restore(log.council, log.key, through, log.head, via=log.via, stored=log.bytes)
        entry = engine.view.logs[log.log]
        if not _is_whole(entry, own=entry.id == engine.own):
            raise _Astray(f"the log of {text.encode_record(entry.council)} is not what was kept")
        made += [(log.log, new)] if (new := _unknown(entry, found)) else []
        held += size
    if held != count:
        raise _Astray("records are missing")
    if made:
        store.blocks.keep(made)


def _is_whole(entry: Log, *, own: bool) -> bool:
    """Whether a log has the root that its head says; another's first run may be on its way."""
    head = entry.head
    if head is None:
        return not own
    return head.size <= entry.tree.size and entry.tree.root_at(head.size) == head.root


def _unknown(entry: Log, found: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks of a log that was read leaf by leaf: the next start takes them whole."""
    size = entry.tree.size
    if len(found) == size // BLOCK_LEAVES:
        return ()
    return blocks(entry, 0, size, {block.number for block in found})


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


def _tree(store: Store, log: LogId) -> Tree:
    """The tree of a log whose older leaves are read again when they are asked for."""
    return Tree(older=OldLeaves(store, log))


def _stored(
    store: Store, network: NetworkId, log: LogId, size: int, found: Sequence[Block]
) -> Iterator[_Row | Alike]:
    """A stored log: blocks where the store has them, and the leaves between them.

    Raises _Astray for a block whose leaves are like one that no leaf can be like.
    """
    leaves, at = _Leaves(store, network, log), 0
    for (_, mark), group in groupby(enumerate(found), _stretch):
        alike = tuple(block for _, block in group)
        start = alike[0].number * BLOCK_LEAVES
        yield from leaves.between(at, start)
        yield Alike(leaf=leaves.like(mark), blocks=alike)
        at = start + len(alike) * BLOCK_LEAVES
    yield from leaves.between(at, size)


def _stretch(row: tuple[int, Block]) -> tuple[int, int]:
    """The same for blocks that follow each other and are alike."""
    return row[1].number - row[0], row[1].mark


class _Leaves:
    """The leaves of one stored log. What was verified before it was stored is not again."""

    def __init__(self, store: Store, network: NetworkId, log: LogId) -> None:
        self._store, self._network, self._log = store, network, log
        self._alike: dict[int, PlainLeaf] = {}
        self._due: dict[int, PlainLeaf] = {}
        self._bare: dict[int, PlainLeaf] = {}

    def like(self, mark: int) -> PlainLeaf | WithheldLeaf:
        """The leaf that a block is made of, or that was dropped."""
        first = marks.like(mark)
        if first is None:
            return WITHHELD
        if first not in self._alike:
            rows = self._store.read(self._log, first, first + 1)
            leaf = record.reopen(self._network, *rows[0]) if rows else None
            kind = KINDS.get(leaf.kind) if isinstance(leaf, VerifiedRecord) else None
            if not isinstance(leaf, VerifiedRecord) or kind is None or not kind.plain:
                raise _Astray("a leaf is like no plain record")
            self._learn(first, leaf)
        kinds = self._bare if marks.is_hash(mark) else self._alike
        return kinds[first]

    def _learn(self, index: int, leaf: VerifiedRecord) -> None:
        self._alike[index] = plain = PlainLeaf(example=leaf, first=index)
        self._due[index] = replace(plain, provisional=True)
        self._bare[index] = replace(plain, dropped=True)

    def between(self, start: int, end: int) -> Iterator[_Row]:
        """Leaves [start, end), one by one."""
        rows = self._store.leaves(self._log, start, end) if start < end else ()
        for index, (envelope, part, arrived, mark) in enumerate(rows, start):
            leaf: Leaf
            first = marks.like(mark)
            if mark is not None and marks.is_hash(mark):
                leaf = self.like(mark)
            elif mark is not None and mark <= marks.PROVISIONAL:
                due = self._due.get(first) if first is not None else None
                leaf = due or record.open_leaf(self._network, envelope, part)
            elif first is not None and first in self._alike:
                leaf = self._alike[first]
            elif mark is None:
                leaf = record.open_leaf(self._network, envelope, part)
            else:
                leaf = record.reopen(self._network, envelope, part)
                if first == index:
                    self._learn(index, leaf)
            yield leaf, envelope, arrived


class _Steps:
    """Counts what is loaded and says so now and then."""

    def __init__(self, whole: int, progress: Progress | None) -> None:
        self._done, self._next, self._whole, self._progress = 0, STEP, whole, progress

    def through(self, leaves: Iterable[_Row | Alike]) -> Iterator[_Row | Alike]:
        for leaf in leaves:
            self._done += BLOCK_LEAVES * len(leaf.blocks) if isinstance(leaf, Alike) else 1
            if self._progress is not None and self._done >= self._next:
                self._progress(self._done, self._whole)
                self._next = self._done - self._done % STEP + STEP
            yield leaf
