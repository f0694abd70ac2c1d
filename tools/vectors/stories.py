"""A council's logs for the vectors of specs/04, written record by record, and what stands after.

story = Story()                          charter and node record of the Mill, 2 of 3
story.add("second", subject=MOTION)      one more leaf in its newest log
out.tells("AUT-3", "two-of-three", "why", story)
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Final

from tools.vectors import cmp, trees
from tools.vectors.base import Vectors
from tools.vectors.examples import TIME
from tools.vectors.scenes import DAY, HOME, WITNESSES, Council, Row, envelope, payload, signed
from tools.vectors.signing import NETWORK, Key, filler, message_of, record_id, row

NODES: Final = [Key("node"), *(Key(f"node {number}") for number in range(2, 6))]
"""The node keys of the council's logs, the first that of its first node record."""
NEW: Final = sorted((Key(f"new keyholder {number}") for number in range(5)), key=lambda k: k.public)

Stands = dict[str, Any]
"""Fields of an answer that are not those of `Told.tells`."""


def public(keys: Iterable[Key]) -> list[bytes]:
    """As a charter names them."""
    return sorted(key.public for key in keys)


class Book:
    """One log."""

    def __init__(self, council: bytes, node: Key, *rows: Row) -> None:
        self.council, self.node, self.rows = council, node, list(rows)

    @property
    def log(self) -> bytes:
        """LOG-1."""
        raw = b"confed log 1\0" + NETWORK + self.council + self.node.public
        return hashlib.sha256(raw).digest()

    def put(self, leaf: Row) -> Row:
        """Append a record."""
        self.rows.append(leaf)
        return leaf

    def root(self, size: int | None = None) -> bytes:
        """The root at a size, or of all."""
        return trees.root([envelope(leaf) for leaf in self.rows[:size]])

    def last(self, size: int | None = None, root: bytes | None = None) -> list[Any]:
        """As `last` of a node record or a line of a witness says it."""
        size = len(self.rows) if size is None else size
        return [self.log, size, self.root(size) if root is None else root]

    def head(self, time: int = TIME, size: int | None = None, root: bytes | None = None) -> bytes:
        """A signed head (LOG-3)."""
        log, size, root = self.last(size, root)
        raw = cmp.encode({"log": log, "root": root, "size": size, "time": time})
        return cmp.encode([raw, self.node.sign(b"confed head 1\0" + NETWORK + raw)])

    def request(self) -> dict[str, Any]:
        """The log in a request."""
        leaves = [
            envelope(leaf).hex() if leaf[2] is None else [envelope(leaf).hex(), leaf[2].hex()]
            for leaf in self.rows
        ]
        return {"council": self.council.hex(), "key": self.node.public.hex(), "leaves": leaves}


class Story:
    """One council and three beside it. What is said is said by `holders`, as many as must."""

    def __init__(self, council: Council = HOME) -> None:
        self.id = council.id
        self.holders, self.threshold = list(council.keys), council.threshold
        self.charters = [record_id(council.charter[0])]
        self.nodes = [record_id(council.node_row[0])]
        self.books = [Book(self.id, council.node, council.charter, council.node_row)]
        self.others = [Book(c.id, c.node, c.charter, c.node_row) for c in WITNESSES]

    @property
    def book(self) -> Book:
        """The newest log."""
        return self.books[-1]

    def say(self, kind: str, body: Any = None, *keys: Key, **more: Any) -> Row:
        """A record of the council, by the threshold or by exactly these keys."""
        fields: dict[str, Any] = {"charter": len(self.charters), **more}
        raw = payload(kind, {} if body is None else body, fields.pop("council", self.id), **fields)
        return signed(raw, *(keys or self.holders[: self.threshold]))

    def add(self, kind: str, body: Any = None, *keys: Key, **more: Any) -> Row:
        """The same, appended to the newest log."""
        return self.book.put(self.say(kind, body, *keys, **more))

    def second(self, *keys: Key, **more: Any) -> Row:
        """Something that keyholders say: any record that the threshold signs."""
        return self.add("second", {}, *keys, **{"subject": filler("motion"), **more})

    def lock(self, *keys: Key, **more: Any) -> Row:
        """Something that the node says."""
        body = {"freeze": filler("freeze"), "round": 1, "outcome": "adopted"}
        return self.add(
            "lock", body, *(keys or (self.book.node,)), **{"subject": filler("motion"), **more}
        )

    def grant(self) -> bytes:
        """A mandate; its id."""
        until = TIME + DAY
        body = {"delegate": NEW[4].public, "starts": TIME, "until": until, "kinds": ["vote"]}
        return record_id(self.add("mandate", body)[0])

    # --- charters ---------------------------------------------------------------------------

    def charter(
        self,
        holders: Sequence[Key] = NEW[:3],
        threshold: int = 2,
        *keys: Key,
        previous: bytes | None = None,
        **more: Any,
    ) -> Row:
        """A next charter, signed by the threshold of both unless by exactly these keys."""
        body = {
            "name": "Council of the Mill",
            "threshold": threshold,
            "keys": public(holders),
            "previous": self.charters[-1] if previous is None else previous,
        } | more.pop("body", {})
        both = {k.public: k for k in (*self.holders[: self.threshold], *holders[:threshold])}
        return self.say("charter", body, *(keys or both.values()), **more)

    def rotate(self, holders: Sequence[Key] = NEW[:3], threshold: int = 2) -> Row:
        """A next charter that counts: from now on these say what the council says."""
        leaf = self.book.put(self.charter(holders, threshold))
        self.charters.append(record_id(leaf[0]))
        self.holders, self.threshold = list(holders), threshold
        return leaf

    def rival(self, holders: Sequence[Key] = NEW[2:], **more: Any) -> Row:
        """Another charter of the newest number, by `HOME`'s keyholders and these."""
        return self.charter(
            holders,
            2,
            *more.pop("keys", (*HOME.keys[:2], *holders[:2])),
            previous=self.charters[-2],
            charter=len(self.charters) - 1,
            **more,
        )

    # --- node records -----------------------------------------------------------------------

    def node(self, node: Key, last: list[Any] | None, /, *keys: Key, **change: Any) -> Row:
        """A next node record; `change` alters its body."""
        time = change.pop("time", TIME)
        fields: dict[str, Any] = {
            "number": len(self.nodes) + 1,
            "key": node.public,
            "transport": filler("transport"),
            "expires": TIME + 90 * DAY,
            "previous": self.nodes[-1] if self.nodes else None,
            "last": last,
            **change,
        }
        body = {name: value for name, value in fields.items() if value is not None}
        return self.say("node", body, *keys, time=time)

    def renew(self, **change: Any) -> Row:
        """The same key for longer."""
        leaf = self.book.put(self.node(self.book.node, self.book.last(), **change))
        self.nodes.append(record_id(leaf[0]))
        return leaf

    def replace(self, size: int | None = None, *, node: Key | None = None) -> Row:
        """Another key, and its log that begins with this record."""
        node = node or NODES[len(self.books)]
        leaf = self.node(node, self.book.last(size))
        self.nodes.append(record_id(leaf[0]))
        self.books.append(Book(self.id, node, leaf))
        return leaf

    # --- what others say ----------------------------------------------------------------------

    def witness(self, numbers: Iterable[int], book: Book, size: int | None = None) -> None:
        """These councils witness a log, as far as `size`."""
        heads = [book.last(size)]
        part = cmp.encode(heads)
        for number in numbers:
            other = self.others[number]
            body = {"count": 1, "root": trees.leaf_hash(cmp.encode(heads[0]))}
            raw = payload("witness", body, other.council)
            other.put(signed(raw, other.node, part=part))

    def carry(
        self, inner: Row, *, head: bytes | None = None, by: int = 0, signer: Key | None = None
    ) -> None:
        """Another council's node appends a record of this council."""
        other = self.others[by]
        body = {"envelope": envelope(inner), "head": head or self.book.head()}
        other.put(signed(payload("carried", body, other.council), signer or other.node))

    def prove(self, book: Book, first: bytes, second: bytes, **more: Any) -> None:
        """Another council's node appends a fork proof."""
        other = self.others[0]
        body = {
            "council": book.council,
            "key": book.node.public,
            "first": first,
            "second": second,
        } | more
        other.put(signed(payload("fork-proof", body, other.council), other.node))

    def forked(self, size: int | None = None) -> None:
        """A proof that the newest log has two roots of one size."""
        other = self.book.head(size=size, root=filler("other root"))
        self.prove(self.book, self.book.head(size=size), other)

    def request(self, now: int, *, turned: bool = False) -> dict[str, Any]:
        """All logs: the council's, then those of others that say anything."""
        books = [*self.books, *(book for book in self.others if len(book.rows) > 2)]
        return {
            "net": NETWORK.hex(),
            "council": self.id.hex(),
            "logs": [book.request() for book in (reversed(books) if turned else books)],
            "now": now,
        }


def forms(raw: bytes, *by: tuple[Key, int]) -> Row:
    """A record whose signers used these forms (SIG-1)."""
    return raw, sorted(row(key, raw, form) for key, form in by), None


def for_another_network(raw: bytes, *keys: Key) -> Row:
    """A record that was signed for `OTHER_NETWORK`'s id of it."""
    other = hashlib.sha256(b"confed network 1\0" + b"other").digest()
    return raw, sorted([key.public, 0, key.sign(message_of(raw, other))] for key in keys), None


class Told(Vectors):
    """Vectors of `council`: what stands after a story, with what of it does not count."""

    def tells(
        self,
        rule: str,
        slug: str,
        why: str,
        story: Story,
        *refused: tuple[int, int, str],
        now: int = TIME,
        carried: Sequence[tuple[int, int, str | None]] = (),
        turned: bool = False,
        **stands: Any,
    ) -> None:
        """`refused` and `carried`: number of the log, index, reason.

        Unless `stands` says otherwise: the council is active, under its first charter, 2 of
        the keyholders of `HOME`, with its first node record.
        """
        holders = stands.pop("holders", HOME.keys)
        node = stands.pop("node", NODES[0])
        answer: dict[str, Any] = {
            "state": "active",
            "version": 1,
            "threshold": 2,
            "keys": [key.hex() for key in public(holders)],
            "number": 1,
            "node": None if node is None else node.public.hex(),
            "refused": [list(one) for one in refused],
            "carried": [list(one) for one in carried],
            **stands,
        }
        self.good(rule, slug, why, story.request(now, turned=turned), **answer)
