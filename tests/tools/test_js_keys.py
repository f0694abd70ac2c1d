"""Keys in the second implementation: the verdict of plain integers and of Python on each."""

import json
import random

from confedproto import keys
from confedproto.errors import VerificationError
from tests.support.ed25519 import BASE, L, P, key_verdict, torsion
from tests.support.js import module

POINTS_PER_COSET = 12


def candidates() -> list[bytes]:
    """Points of each of the eight cosets of the subgroup, both signs; any bytes; edges of y."""
    rng = random.Random(20261122)
    out = [
        (rng.randrange(L) * BASE + small).encode()
        for small in torsion()
        for _ in range(POINTS_PER_COSET)
    ]
    out += [small.encode() for small in torsion()]
    out = [one[:31] + bytes([one[31] ^ sign]) for one in out for sign in (0, 0x80)]
    out += [rng.randbytes(32) for _ in range(200)]
    edges = [y % 2**255 for around in (0, 1, P - 1, P) for y in range(around - 8, around + 9)]
    return out + [(y | sign << 255).to_bytes(32, "little") for y in edges for sign in (0, 1)]


def by_python(key: bytes) -> str | None:
    try:
        keys.check_public_key(key)
    except VerificationError as error:
        return error.reason.value
    return None


def test_key_check_on_every_coset_and_edge_is_that_of_integers_and_of_python() -> None:
    given = candidates()
    source = """
        import { fromHex } from "./confed/bytes.js";
        import { checkPublicKey } from "./confed/ed25519.js";
        const verdict = (key) => {
          try { return checkPublicKey(fromHex(key)) ?? null; } catch ({ reason }) { return reason; }
        };
        let text = "";
        for await (const piece of process.stdin) text += piece;
        console.log(JSON.stringify(JSON.parse(text).map(verdict)));
    """
    told = json.loads(module(source, json.dumps([key.hex() for key in given])))
    wrong = [
        (key.hex(), mine, by_python(key))
        for key, mine in zip(given, told, strict=True)
        if not mine == key_verdict(key) == by_python(key)
    ]
    assert wrong == []
    assert told.count(None) > 2 * POINTS_PER_COSET - 1
    assert set(told) == {None, "key-order", "key-encoding"}
