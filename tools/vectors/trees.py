"""Vectors of the tree and of heads (specs/03): naive, from the recursive definition."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tools.vectors import cmp
from tools.vectors.base import Fields, Vectors
from tools.vectors.signing import KEYS, NETWORK, NODE_KEY, OTHER_NETWORK, filler

LOG_MAX_SIZE: Final = 2**40
RFC6962_LEAVES: Final = [
    bytes.fromhex(leaf)
    for leaf in (
        *("", "00", "10", "2021", "3031", "40414243", "5051525354555657"),
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The leaves that Certificate Transparency's own tests use, with the published roots below."""
RFC6962_ROOTS: Final = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def leaf_hash(leaf: bytes) -> bytes:
    """MRK-1."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(count: int) -> int:
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    at = _split(len(leaves))
    return _node(root(leaves[:at]), root(leaves[at:]))


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(leaves) == 1:
        return []
    at = _split(len(leaves))
    if index < at:
        return [*path(index, leaves[:at]), root(leaves[at:])]
    return [*path(index - at, leaves[at:]), root(leaves[:at])]


def proof(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PROOF of RFC 6962, section 2.1.2."""
    return _subproof(old, leaves, complete=True)


def _subproof(old: int, leaves: Sequence[bytes], *, complete: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if complete else [root(leaves)]
    at = _split(len(leaves))
    if old <= at:
        return [*_subproof(old, leaves[:at], complete=complete), root(leaves[at:])]
    return [*_subproof(old - at, leaves[at:], complete=False), root(leaves[:at])]


def _leaves(count: int) -> list[bytes]:
    return [f"leaf {number}".encode() for number in range(count)]


def _inclusion(leaves: Sequence[bytes], index: int) -> dict[str, Any]:
    return {
        "leaf": leaves[index].hex(),
        "index": index,
        "size": len(leaves),
        "root": root(leaves).hex(),
        "path": [item.hex() for item in path(index, leaves)],
    }


def _flip(text: str, at: int = 0) -> str:
    """Hex with one bit of byte `at` changed."""
    raw = bytearray.fromhex(text)
    raw[at] ^= 1
    return raw.hex()


def inclusion() -> Vectors:
    """One leaf in a tree."""
    out = Vectors("inclusion")
    for size, published in enumerate(RFC6962_ROOTS, start=1):
        leaves = RFC6962_LEAVES[:size]
        assert root(leaves).hex() == published
        out.good("MRK-2", f"ct-last-of-{size}", "published", _inclusion(leaves, size - 1))
    out.good("MRK-5", "ct-first-of-8", "published", _inclusion(RFC6962_LEAVES, 0))
    out.good("MRK-5", "ct-6-of-8", "published", _inclusion(RFC6962_LEAVES, 5))
    for size, index in ((3, 0), (3, 2), (5, 4), (6, 4), (7, 6), (11, 8), (11, 10), (100, 64)):
        slug = f"leaf-{index}-of-{size}"
        out.good("MRK-5", slug, "a lopsided tree", _inclusion(_leaves(size), index))
    out.good("MRK-4", "largest-size", "LOG_MAX_SIZE leaves", _giant(LOG_MAX_SIZE))
    base = _inclusion(_leaves(7), 5)
    longer = _inclusion(_leaves(8), 5)
    cases: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
        ("MRK-5", "log-index", "index-is-size", "index counts from 0", {"index": 7}),
        ("MRK-5", "log-index", "empty-tree", "no leaf in it", {"index": 0, "size": 0, "path": []}),
        ("MRK-8", "proof-root", "other-leaf", "not this leaf", {"leaf": _flip(base["leaf"])}),
        ("MRK-8", "proof-root", "other-root", "not this tree", {"root": _flip(base["root"])}),
        ("MRK-8", "proof-root", "other-index", "not at this place", {"index": 4}),
        *(
            ("MRK-8", "proof-root", f"path-{n}", "one bit of the path", {"path": _with(base, n)})
            for n in range(3)
        ),
        ("MRK-8", "proof-root", "path-order", "from the root down", {"path": base["path"][::-1]}),
        ("MRK-8", "proof-length", "path-short", "one too few", {"path": base["path"][:-1]}),
        ("MRK-8", "proof-length", "path-empty", "none", {"path": []}),
        (*("MRK-8", "proof-length", "path-long", "one too many"), _more(base, base["root"])),
        (*("MRK-8", "proof-length", "path-zeros", "zeros at the end"), _more(base, "00" * 32)),
        (*("MRK-8", "proof-length", "hash-31", "31 bytes"), {"path": _cut(base)}),
        (*("MRK-8", "proof-length", "hash-33", "33 bytes"), {"path": _cut(base, "00")}),
        (*("MRK-8", "proof-length", "other-size", "too short for it"), {"size": 9}),
        (*("MRK-8", "proof-length", "one-leaf", "a single leaf needs none"), _single()),
    )
    for rule, reason, slug, why, change in cases:
        out.bad(rule, reason, slug, why, {**base, **change})
    giant = _giant(LOG_MAX_SIZE)
    beyond = {**giant, "size": LOG_MAX_SIZE + 1, "path": [*giant["path"], "00" * 32]}
    out.bad("MRK-4", "log-index", "size-too-large", "beyond LOG_MAX_SIZE", beyond)
    pair = b"".join(leaf_hash(leaf) for leaf in _leaves(8)[4:6])
    two = {**longer, "leaf": pair.hex(), "index": 2, "size": 4, "path": longer["path"][1:]}
    why = "an inner node passed off as a leaf: the prefix bytes keep them apart"
    out.bad("MRK-1", "proof-root", "node-as-leaf", why, two)
    return out


def _with(base: Fields, at: int) -> list[str]:
    return [_flip(item) if number == at else item for number, item in enumerate(base["path"])]


def _more(base: Fields, item: str) -> dict[str, Any]:
    return {"path": [*base["path"], item]}


def _cut(base: Fields, more: str = "") -> list[str]:
    first = base["path"][0]
    return [first + more if more else first[:-2], *base["path"][1:]]


def _single() -> dict[str, Any]:
    only = _inclusion(_leaves(1), 0)
    return {**only, "path": [only["root"]]}


def _giant(size: int) -> dict[str, Any]:
    """Leaf 1 of a complete tree whose other subtrees are made up."""
    siblings = [filler(f"subtree {height}") for height in range((size - 1).bit_length())]
    top = _node(siblings[0], leaf_hash(b"giant"))
    for sibling in siblings[1:]:
        top = _node(top, sibling)
    hexed = [item.hex() for item in siblings]
    return {"leaf": b"giant".hex(), "index": 1, "size": size, "root": top.hex(), "path": hexed}


def _consistency(old: int, new: int, leaves: Sequence[bytes] | None = None) -> dict[str, Any]:
    all_ = _leaves(new) if leaves is None else leaves[:new]
    return {
        "old_size": old,
        "old_root": root(all_[:old]).hex(),
        "new_size": new,
        "new_root": root(all_).hex(),
        "path": [item.hex() for item in proof(old, all_)] if 0 < old < new else [],
    }


def consistency() -> Vectors:
    """One tree begins with another."""
    out = Vectors("consistency")
    for old, new in ((1, 2), (1, 8), (2, 8), (4, 8), (6, 8), (7, 8)):
        out.good("MRK-6", f"ct-{old}-{new}", "published", _consistency(old, new, RFC6962_LEAVES))
    for old, new in (
        (3, 4),
        (3, 7),
        (4, 7),
        (5, 6),
        (6, 7),
        (8, 11),
        (9, 11),
        (64, 100),
        (99, 100),
    ):
        out.good("MRK-6", f"{old}-{new}", "a lopsided tree", _consistency(old, new))
    for old, new in ((0, 0), (0, 1), (0, 7), (1, 1), (7, 7), (8, 8)):
        out.good("MRK-7", f"{old}-{new}", "an empty path is enough", _consistency(old, new))
    base = _consistency(3, 7)
    whole = _consistency(4, 7)
    for rule, reason, slug, why, request in _broken_consistency(base, whole):
        out.bad(rule, reason, slug, why, request)
    return out


def _broken_consistency(
    base: dict[str, Any], whole: dict[str, Any]
) -> Iterator[tuple[str, str, str, str, dict[str, Any]]]:
    swapped = {**_consistency(7, 7), "new_size": 3, "new_root": base["old_root"]}
    yield "MRK-6", "log-index", "backwards", "old > new", {**swapped, "path": base["path"]}
    beyond = {**_consistency(7, 7), "old_size": LOG_MAX_SIZE + 1, "new_size": LOG_MAX_SIZE + 1}
    yield "MRK-6", "log-index", "size-too-large", "beyond LOG_MAX_SIZE", beyond
    roots: tuple[tuple[str, dict[str, Any]], ...] = (
        ("old-root", {"old_root": _flip(base["old_root"])}),
        ("new-root", {"new_root": _flip(base["new_root"])}),
        ("old-size", {"old_size": 5}),
        *((f"path-{n}", {"path": _with(base, n)}) for n in range(len(base["path"]))),
        ("path-order", {"path": base["path"][::-1]}),
    )
    for slug, change in roots:
        yield "MRK-8", "proof-root", slug, "leads to another root", {**base, **change}
    forked = {**base, "old_root": root([*_leaves(2), b"another third"]).hex()}
    yield "MRK-8", "proof-root", "fork", "two histories of one log", forked
    lengths: tuple[tuple[str, dict[str, Any]], ...] = (
        ("path-short", {"path": base["path"][:-1]}),
        ("path-empty", {"path": []}),
        ("path-long", _more(base, base["new_root"])),
        ("hash-31", {"path": _cut(base)}),
        ("hash-33", {"path": _cut(base, "00")}),
    )
    for slug, change in lengths:
        why = "another length than the sizes give"
        yield "MRK-8", "proof-length", slug, why, {**base, **change}
    extra = {**whole, "path": [whole["old_root"], *whole["path"]]}
    yield "MRK-8", "proof-length", "old-root-repeated", "left out where it is a subtree", extra
    same, other = _consistency(7, 7), _consistency(0, 7)
    differs = {**same, "new_root": _flip(same["new_root"])}
    yield "MRK-7", "proof-root", "same-size-other-root", "a fork at one size", differs
    for slug, request in (("same-size-path", same), ("from-empty-path", other)):
        longer = {**request, **_more(request, "00" * 32)}
        yield "MRK-8", "proof-length", slug, "no path there", longer
    zero = {**other, "old_root": "00" * 32}
    yield "MRK-7", "proof-root", "empty-root-zeros", "the empty root is H of nothing", zero


def _head(fields: dict[str, Any], network: bytes = NETWORK) -> bytes:
    payload = cmp.encode(fields)
    return cmp.encode([payload, NODE_KEY.sign(b"confed head 1\0" + network + payload)])


def head() -> Vectors:
    """The signed head of a log."""
    out = Vectors("head")
    base = {"log": filler("log"), "root": filler("root"), "size": 7, "time": 1_700_000_000}

    def request(raw: bytes) -> dict[str, Any]:
        return {"net": NETWORK.hex(), "key": NODE_KEY.public.hex(), "in": raw.hex()}

    for slug, change in (
        ("plain", {}),
        ("size-1", {"size": 1}),
        ("size-largest", {"size": LOG_MAX_SIZE}),
        ("time-0", {"time": 0}),
        ("time-largest", {"time": 2**40}),
    ):
        fields = {**base, **change}
        answer = {k: v.hex() if isinstance(v, bytes) else v for k, v in fields.items()}
        out.good("LOG-3", slug, "a head of this log", request(_head(fields)), **answer)
    payload = cmp.encode(base)
    signature = NODE_KEY.sign(b"confed head 1\0" + NETWORK + payload)
    for slug, raw in (
        *((f"no-{k}", _head({n: v for n, v in base.items() if n != k})) for k in base),
        ("another-field", _head({**base, "note": 1})),
        ("log-31", _head({**base, "log": bytes(31)})),
        ("root-33", _head({**base, "root": bytes(33)})),
        ("root-text", _head({**base, "root": "r" * 32})),
        ("size-0", _head({**base, "size": 0})),
        ("size-too-large", _head({**base, "size": LOG_MAX_SIZE + 1})),
        ("size-text", _head({**base, "size": "7"})),
        ("size-bool", _head({**base, "size": True})),
        ("time-negative", _head({**base, "time": -1})),
        ("time-too-large", _head({**base, "time": 2**40 + 1})),
        ("payload-array", cmp.encode([payload, signature, 0])),
        ("not-packed", cmp.encode([base, signature])),
        ("signature-missing", cmp.encode([payload])),
        ("signature-text", cmp.encode([payload, "s" * 64])),
        ("a-map", cmp.encode({"payload": payload, "signature": signature})),
        ("an-array-inside", _sealed(cmp.encode([1, 2, 3]))),
    ):
        out.bad("LOG-3", "head-form", slug, "not the form of a head", request(raw))
    for slug, raw in (
        ("flipped", cmp.encode([payload, _flip_bytes(signature)])),
        ("other-key", cmp.encode([payload, KEYS[0].sign(b"confed head 1\0" + NETWORK + payload)])),
        ("other-network", _head(base, OTHER_NETWORK)),
        ("untagged", cmp.encode([payload, NODE_KEY.sign(NETWORK + payload)])),
        ("record-tag", cmp.encode([payload, NODE_KEY.sign(b"confed signature 1\0" + NETWORK)])),
        ("signature-63", cmp.encode([payload, signature[:63]])),
        ("signature-65", cmp.encode([payload, signature + b"\x00"])),
    ):
        why = "the node key signed something else"
        out.bad("LOG-4", "head-signature", slug, why, request(raw))
    long = cmp.encode([payload, signature + bytes(100)])
    out.bad("ENC-1", "enc-size", "size-257", "more than HEAD_MAX_BYTES", request(long))
    tail = _head(base) + b"\x00"
    out.bad("ENC-3", "enc-trailing", "trailing", "a byte after it", request(tail))
    nil = _sealed(payload[:-5] + b"\xc0")
    out.bad("ENC-6", "enc-nil", "nil-inside", "the payload is CMP too", request(nil))
    return out


def _sealed(payload: bytes) -> bytes:
    return cmp.encode([payload, NODE_KEY.sign(b"confed head 1\0" + NETWORK + payload)])


def _flip_bytes(raw: bytes) -> bytes:
    return raw[:-10] + bytes([raw[-10] ^ 1]) + raw[-9:]
