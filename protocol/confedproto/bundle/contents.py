"""What a `.confed` file says, as plain data; whether it is true is for `evidence.prove`."""

from dataclasses import dataclass

from confedproto.bundle.form import BundleKind
from confedproto.ids import Hash, NetworkId, RecordId


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record as it stands in a file: its envelope and its detached part, if it has one."""

    envelope: bytes
    part: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Where a record stands in the subject's log: at `index` of the tree of `size` leaves."""

    record: RecordId
    index: int
    size: int
    path: tuple[Hash, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """The newest head of the subject's log; its root is the one that the proofs lead to."""

    size: int
    time: int
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A witness record that named the subject's log at `size`.

    `node` is the node record whose key signed it under charter version `charter` at `time`;
    the log stands at `position` of its `count` heads, and `path` shows that.
    """

    node: RecordId
    charter: int
    time: int
    count: int
    position: int
    size: int
    path: tuple[Hash, ...]
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Everything that a file says, as it says it: whether it is true is for `evidence.prove`.

    `files` are others that it carries and is read together with; they carry none (BUN-20).
    """

    kind: BundleKind
    network: NetworkId
    subject: RecordId
    entries: tuple[Entry, ...]
    proofs: tuple[Proof, ...] = ()
    head: SignedHead | None = None
    receipts: tuple[Receipt, ...] = ()
    files: "tuple[Bundle, ...]" = ()
