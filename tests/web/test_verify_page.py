"""The verify page in headless Chromium: one file from disk, the same verdicts as Python."""

import json
import re
from pathlib import Path

import pytest

from confedproto import bundle, testee, text
from confedproto.text import parts
from tests.support.pages import run
from tests.support.worlds import decided, four, granted
from tools.js import make_page
from tools.js.browser import find_chromium

VECTORS = Path(__file__).resolve().parents[2] / "specs" / "vectors" / "bundle.json"


@pytest.fixture(scope="session", autouse=True)
def _chromium_is_there() -> None:
    assert find_chromium() is not None, "run this by `make test-web`, which brings Chromium"


@pytest.mark.parametrize("name", make_page.PAGES)
def test_page_fetches_nothing_and_lets_nothing_else_run(name: str) -> None:
    page = make_page.page(name)
    assert "default-src 'none'" in page
    assert not re.search(r'(src|href)\s*=\s*["\']?(https?:)?//', page)
    assert re.findall(r"https?://[^\s\"'<]+", page) == []
    assert "innerHTML" not in page
    assert "eval(" not in page


def test_page_gives_the_verdicts_of_python_on_every_vector() -> None:
    vectors = json.loads(VECTORS.read_text("utf-8"))["vectors"]
    asked = [vector["in"] for vector in vectors]
    script = f"""
    const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (x) => parseInt(x, 16));
    (async () => {{
      const out = [];
      for (const {{ files, trust, at }} of {json.dumps(asked)}) {{
        const told = await globalThis.confed.check(files.map(unhex), trust.map(unhex), at);
        out.push([told.verdict, told.reason]);
      }}
      done(out);
    }})();
    """
    told = run(script)
    expected = [
        (answer["verdict"], answer["reason"]) if answer["ok"] else ("UNKNOWN", answer["why"])
        for answer in (testee.answer(json.dumps({"op": "bundle", **one})) for one in asked)
    ]
    assert [tuple(one) for one in told] == expected


def test_page_shows_the_answer_on_pasted_parts_and_says_what_is_unknown() -> None:
    pasted = "\n".join(reversed(parts.encode_parts(granted().file)))
    verdict, words = answered(pasted, four().now)
    assert verdict == "VALID"
    assert '"Council number 0"' in words
    assert "as of the head" in words
    assert "What these files cannot tell" in words
    assert "newest receipt is less than a day old" in words


def test_page_shows_a_decision_with_its_figures() -> None:
    world, file = decided(4, "double")
    report = world.verify(file)
    assert report.decision is not None
    told, words = answered("\n".join(parts.encode_parts(file)), world.now)
    assert told == "VALID"
    assert 'the councils decided "A common mill": adopted' in words
    assert f"{report.decision.people_yes} yes, {report.decision.people_no} no" in words
    assert f"{report.decision.signers} of 4 councils, 3 needed" in words
    assert "no record that is not in these files can change this" in words


def answered(
    pasted: str, at: int, *, folder: Path | None = None, then: str = ""
) -> tuple[str, str]:
    """The verdict and the words of the page on pasted text."""
    script = f"""
    document.getElementById("pasted").value = {json.dumps(pasted)};
    document.getElementById("at").value = new Date({at} * 1000).toISOString().slice(0, 19);
    document.getElementById("check").click();
    const wait = () => {{
      const answer = document.getElementById("answer");
      if (answer.dataset.verdict === undefined) return setTimeout(wait, 20);
      {then}
      done([answer.dataset.verdict, answer.innerText]);
    }};
    wait();
    """
    verdict, words = run(script, folder=folder)
    return verdict, words


def test_page_reads_a_mandate_in_brief_once_it_knows_the_council(tmp_path: Path) -> None:
    world, mandate = four(), granted()
    node = world.view.authorities[world.nodes[0].council].node
    assert node is not None
    card = bundle.build_record(world.view, node.record.id, world.now)
    short = world.nodes[0].engine.keeper.brief(mandate.mandate, world.now)
    code = text.encode_qr(text.QrData(kind=text.QrKind.BUNDLE, data=short))
    assert answered(code, world.now, folder=tmp_path)[0] == "UNKNOWN"
    whole = "\n".join(parts.encode_parts(card))
    then = 'document.getElementById("keep").click();'
    assert answered(whole, world.now, folder=tmp_path, then=then)[0] == "VALID"
    verdict, words = answered(code, world.now, folder=tmp_path)
    assert verdict == "VALID"
    assert "Its place there is not shown" in words
    assert "yes on cfr1" in words


@pytest.mark.parametrize("pasted", ["<img src=x onerror=alert(1)>", "CONFED:PART/", "x\u202ey"])
def test_page_on_pasted_nonsense_says_unknown(pasted: str) -> None:
    script = f"""
    document.getElementById("pasted").value = {json.dumps(pasted)};
    document.getElementById("check").click();
    const wait = () => {{
      const answer = document.getElementById("answer");
      if (answer.dataset.verdict === undefined) return setTimeout(wait, 20);
      done([answer.dataset.verdict, document.querySelectorAll("#answer img").length]);
    }};
    wait();
    """
    assert run(script.replace("</", "<\\/")) == ["UNKNOWN", 0]
