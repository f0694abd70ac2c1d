"""Files by hash: kept in pieces, served to whoever may read the record, fetched on demand (FIL).

What a node serves, and to whom, follows from the record that its operator attached the file to or
fetched it for. A peer is asked for one piece at a time; what it sends must be that piece.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import trio

from confednode.disk import Disk
from confednode.store import Store
from confedproto import effects as fx
from confedproto import scopes, wire
from confedproto.engine import Engine
from confedproto.errors import Reason, VerificationError
from confedproto.ids import CouncilId, Hash
from confedproto.pieces import check_piece, count_of, tree_of
from confedproto.quotas import file_cost

ASKED_MAX: Final = 64  # questions of all links that wait; the link of another one is ended
PIECE_S: Final = 10  # for one piece from one peer; then the next is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file as a record names it: whose record, and to which scope it is limited."""

    root: Hash
    size: int
    council: CouncilId
    scope: bytes | None


class Filing:
    """The files of one node."""

    def __init__(
        self,
        engine: Engine,
        store: Store,
        disk: Disk,
        behind: Mapping[int, CouncilId],
        send: Callable[[int, wire.Message], None],
        drop: Callable[[int, Reason, str], None],
    ) -> None:
        self._engine: Final = engine
        self._store: Final = store
        self._disk: Final = disk
        self._behind: Final = behind  # whose each open link is
        self._send: Final = send
        self._drop: Final = drop
        self._give, self._take = trio.open_memory_channel[fx.ServePiece](ASKED_MAX)
        self._asked: Final[dict[tuple[int, bytes, int], trio.MemorySendChannel[wire.Piece]]] = {}

    # --- what links bring -------------------------------------------------------------------

    def take(self, effect: fx.ServePiece | fx.PieceCame) -> None:
        """A link asks for a piece, or sends one; ends it for what nobody asked for."""
        try:
            if isinstance(effect, fx.ServePiece):
                self._give.send_nowait(effect)
                return
            piece = effect.piece
            waiting = self._asked.get((effect.link, piece.root, piece.index))
            if waiting is None:
                self._drop(effect.link, Reason.LEAF_OTHER, "a piece that nobody asked for")
            else:
                waiting.send_nowait(piece)
        except trio.WouldBlock:
            self._drop(effect.link, Reason.QUOTA, "pieces of files")

    async def run(self) -> None:
        """Answer one question after the other: a piece costs a whole file to be read."""
        async for effect in self._take:
            await self._serve(effect)

    # --- keeping ----------------------------------------------------------------------------

    async def held(self, root: Hash) -> set[int]:
        """The pieces of a file that are here."""
        read = partial(self._store.shelf.pieces_of, root)
        return set(await self._disk.run(read))

    async def read(self, root: Hash, index: int) -> bytes | None:
        """One piece, if it is here."""
        read = partial(self._store.shelf.piece, root, index)
        return await self._disk.run(read)

    async def keep(self, file: Wanted, index: int, data: bytes, path: list[bytes]) -> None:
        """Keep a piece that is one. Raises VerificationError; QUOTA if there is no room."""
        check_piece(file.root, file.size, index, data, path)
        ledger, cost = self._engine.ledger, file_cost(data)
        if not ledger.admits(file.council, None, cost):
            raise VerificationError(Reason.QUOTA, "files and records of this council")
        row = (file.size, file.council, file.scope)
        write = partial(self._store.shelf.add, file.root, row, index, data)
        if await self._disk.run(write):
            ledger.note_file(file.council, cost)

    # --- serving ----------------------------------------------------------------------------

    async def _serve(self, effect: fx.ServePiece) -> None:
        """Answer a peer: the piece with its path, or that it is not to be had (FIL-3)."""
        message = wire.Piece(root=effect.root, index=effect.index)
        known = await self._disk.run(partial(self._store.shelf.file, Hash(effect.root)))
        if known is not None and self._may(effect.council, *known[1:]):
            count = count_of(known[0])
            read = partial(self._store.shelf.whole, Hash(effect.root))
            pieces = await self._disk.run(read)
            if len(pieces) == count and effect.index < count:  # a path takes the whole file
                path = tuple(tree_of(pieces).inclusion(effect.index, count))
                message = wire.Piece(
                    root=effect.root,
                    index=effect.index,
                    data=pieces[effect.index],
                    path=path or None,
                )
        self._send(effect.link, message)

    def _may(self, reader: CouncilId | None, owner: CouncilId, scope: bytes | None) -> bool:
        return scopes.may_read(self._engine.view, reader, owner, scope)

    # --- fetching ---------------------------------------------------------------------------

    async def fetch(self, file: Wanted) -> int:
        """Ask open links for what is missing, its author's first; how many are missing then."""
        links = sorted(self._behind, key=lambda link: self._behind[link] != file.council)
        held = await self.held(file.root)
        missing = [index for index in range(count_of(file.size)) if index not in held]
        for link in links:
            while missing and await self._from(link, file, missing[0]):
                del missing[0]
        return len(missing)

    async def _from(self, link: int, file: Wanted, index: int) -> bool:
        give, take = trio.open_memory_channel[wire.Piece](1)
        key = (link, bytes(file.root), index)
        self._asked[key] = give
        piece = None
        try:
            self._send(link, wire.AskPiece(root=file.root, index=index))
            with trio.move_on_after(PIECE_S):
                piece = await take.receive()
        finally:
            del self._asked[key]
        if piece is None or piece.data is None:
            return False
        try:
            await self.keep(file, index, piece.data, list(piece.path or ()))
        except VerificationError as error:
            if error.reason is Reason.QUOTA:
                raise
            self._drop(link, error.reason, "a piece of a file")
            return False
        return True
