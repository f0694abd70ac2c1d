"""Verdicts of the second implementation on changed files: as Python's, reason for reason."""

import contextlib
import json
import random
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from confedproto import bundle, codec, testee
from confedproto.errors import LocalProtocolError, Reason
from confedproto.ids import CouncilId
from confedproto.limits import BUNDLE_MAX_BYTES
from tests.support.differential import changed
from tools.js.find_node import TESTEE, find_node

VECTORS = Path(__file__).resolve().parents[2] / "specs" / "vectors" / "bundle.json"
GOOD = [
    vector["in"]
    for vector in json.loads(VECTORS.read_text("utf-8"))["vectors"]
    if vector["expect"]["ok"]
]
CHANGES = 1_500


def mutated(rng: random.Random) -> dict[str, Any]:
    """A vector's request with one of its files changed, at a time near by."""
    request = json.loads(json.dumps(rng.choice(GOOD)))
    number = rng.randrange(len(request["files"]))
    data = bytes.fromhex(request["files"][number])
    request["at"] = max(0, request["at"] + rng.choice((0, 0, -86_400, 86_400, 20 * 86_400)))
    kind = rng.random()
    if kind < 0.15:
        request["files"].append(rng.choice(rng.choice(GOOD)["files"]))
    elif kind < 0.5:
        raw = bytearray(data)
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        data = bytes(raw)
    else:
        *start, content = codec.decode(data, max_bytes=BUNDLE_MAX_BYTES)
        with contextlib.suppress(LocalProtocolError):
            data = codec.encode([*start, changed(rng, content)], max_bytes=BUNDLE_MAX_BYTES)
    request["files"][number] = data.hex()
    return {"op": "bundle", **request}


def agree(mine: dict[str, Any], other: dict[str, Any]) -> bool:
    """The same answer; of several faults of the bytes each may name another (CON-3)."""
    if not mine["ok"] and not other["ok"]:
        return mine["why"] == other["why"] or "bundle-form" in (mine["why"], other["why"])
    return mine == other


@pytest.mark.parametrize("seed", [5, 6])
def test_verdicts_on_changed_files_are_those_of_python(seed: int) -> None:
    node = find_node()
    assert node is not None
    rng = random.Random(seed)
    asked = [mutated(rng) for _ in range(CHANGES)]
    lines = [json.dumps(request) for request in asked]
    done = subprocess.run(
        [node, str(TESTEE)],
        input="".join(line + "\n" for line in lines),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    expected = [testee.answer(line) for line in lines]
    wrong = [
        (mine, other, line[:400])
        for mine, other, line in zip(expected, told, lines, strict=True)
        if not agree(mine, other)
    ]
    assert wrong == []
    met = Counter(one.get("verdict") or one.get("why") for one in expected)
    assert met["VALID"] > 10
    assert len(met) > 12


def test_final_and_heads_are_those_of_python_on_every_vector(tmp_path: Path) -> None:
    node = find_node()
    assert node is not None
    given = tmp_path / "given.json"
    given.write_text(json.dumps(GOOD))
    source = f"""
        import {{ readFileSync }} from "node:fs";
        import {{ fromHex, toHex }} from "{(TESTEE.parent / "confed").as_uri()}/bytes.js";
        import {{ verify }} from "{(TESTEE.parent / "confed").as_uri()}/judge.js";
        const out = [];
        for (const {{ files, trust, at }} of JSON.parse(readFileSync("{given}"))) {{
          const told = await verify(files.map(fromHex), trust.map(fromHex), at);
          const heads = (told.heads ?? []).map((one) => [toHex(one.council), one.size, one.time]);
          out.push([told.final ?? false, heads, told.council === null]);
        }}
        console.log(JSON.stringify(out));
    """
    script = tmp_path / "final.mjs"
    script.write_text(source)
    done = subprocess.run([node, script], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    finals = 0
    for request, (final, heads, nobody) in zip(GOOD, json.loads(done.stdout), strict=True):
        files = [bytes.fromhex(one) for one in request["files"]]
        trust = [CouncilId(bytes.fromhex(one)) for one in request["trust"]]
        report = bundle.verify(files, trust, request["at"])
        if nobody or report.reason is Reason.NOT_TRUSTED:
            continue
        assert final == report.final
        assert heads == [[one.council.hex(), one.size, one.time] for one in report.heads]
        finals += final
    assert finals > 10
