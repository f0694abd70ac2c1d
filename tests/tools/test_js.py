"""The second implementation: it passes every vector under Node, and agrees with Python."""

import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from confedproto import keys, limits, record, text
from confedproto.bodies import KINDS
from confedproto.bodies.charter import Charter
from confedproto.errors import Reason
from confedproto.ids import network_id
from tests.support.differential import differences, requests
from tests.support.js import module
from tools.js.find_node import TESTEE, find_node

ROOT = Path(__file__).resolve().parent.parent.parent
XFAIL = ROOT / "tools" / "js" / "xfail.toml"
REQUESTS = 4_000


@pytest.fixture(scope="session")
def node() -> str:
    found = find_node()
    assert found is not None, "the test lock brings a Node"
    return found


def answers(node: str, lines: list[str]) -> list[str]:
    """What the testee writes for these lines of input; it must end with 0 at their end."""
    given = "".join(line + "\n" for line in lines)
    done = subprocess.run(
        [node, str(TESTEE)], input=given, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_testee_passes_every_vector_and_skips_none_silently(node: str) -> None:
    command = shlex.join([node, str(TESTEE)])
    conform = [sys.executable, "tools/conform.py", "--cmd", command, "--xfail", str(XFAIL)]
    done = subprocess.run(conform, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    summary = done.stdout.splitlines()[-1]
    assert " 0 failed, " in summary
    assert summary.endswith(" 0 unsupported")


@pytest.mark.parametrize("seed", [1, 20261122])
def test_testee_on_mutated_input_answers_as_python(node: str, seed: int) -> None:
    asked = list(requests(seed, REQUESTS))
    lines = answers(node, [json.dumps(request) for request in asked])
    assert differences(asked, lines) == []
    reasons = Counter(json.loads(line).get("why", "ok") for line in lines)
    assert reasons["ok"] > REQUESTS // 20
    assert len(reasons) > 50  # the slice meets most of the reasons, or it shows little


def test_testee_on_a_hundred_thousand_brackets_refuses_and_lives(node: str) -> None:
    deep = "[" * 100_000
    lines = answers(node, [deep, "", "null", '{"op":"hello"}'])
    assert [json.loads(line)["ok"] for line in lines] == [False, False, False, True]


def test_readme_example_opens_a_record_and_names_a_refusal() -> None:
    readme = (TESTEE.parent / "README.md").read_text("utf-8")
    example = readme.split("```js\n")[1].split("```")[0]
    network, key = network_id("example"), keys.SigningKey(bytes(32))
    body = Charter(name="A council", threshold=1, keys=(key.public,))
    payload = record.build_payload(kind="charter", council=None, charter=0, time=1, body=body)
    envelope = record.assemble(payload, [record.sign(network, payload, key)])
    record_id = record.open(network, envelope).id.hex()
    shown = module(f'const envelopeInHex = "{envelope.hex()}";\n{example}')
    assert shown == f"charter {record_id} [ '{key.public.hex()}' ]\n"
    refused = module(f'const envelopeInHex = "{envelope.hex()[:-2]}";\n{example}')
    assert refused == "enc-truncated\n"


def test_encoders_of_text_give_what_python_gives() -> None:
    source = """
        import { encode } from "./confed/bech32m.js";
        import { fingerprint } from "./confed/text.js";
        const value = Uint8Array.from({ length: 32 }, (_, i) => i);
        console.log(encode("cfk", value) + "\\n" + fingerprint(value));
    """
    value = bytes(range(32))
    assert module(source).splitlines() == [text.encode_key(value), text.fingerprint(value)]


def test_limits_are_those_of_the_library() -> None:
    source = """
        import * as limits from "./confed/limits.js";
        console.log(JSON.stringify({ ...limits }));
    """
    given: dict[str, int] = json.loads(module(source))
    assert len(given) > 30
    assert given == {name: getattr(limits, name) for name in given}


def test_kinds_are_those_of_the_library() -> None:
    source = """
        import { KINDS } from "./confed/kinds.js";
        const rows = [...KINDS].map(([name, { subject, part }]) => [name, subject, part ?? "none"]);
        console.log(JSON.stringify(rows));
    """
    assert sorted(json.loads(module(source))) == sorted(
        [kind.name, kind.subject, kind.part.value] for kind in KINDS.values()
    )


def test_reasons_are_all_in_the_registry() -> None:
    sources = [path.read_text("utf-8") for path in (TESTEE.parent / "confed").glob("*.js")]
    used = {code for source in sources for code in re.findall(r'"([a-z]+(?:-[a-z0-9]+)+)"', source)}
    codes = {reason.value for reason in Reason}
    families = {code.split("-")[0] for code in codes}
    strangers = {code for code in used if code.split("-")[0] in families} - codes
    assert strangers <= {"no-quorum"}
    assert len(used & codes) > 60


def test_differences_with_another_reason_tells_it() -> None:
    asked = [{"id": 1, "op": "decode", "in": "c0"}]
    assert differences(asked, ['{"id": 1, "ok": false, "why": "enc-nil"}']) == []
    assert len(differences(asked, ['{"id": 1, "ok": false, "why": "enc-ext"}'])) == 1
