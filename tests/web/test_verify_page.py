"""The verify page in headless Chromium: one file from disk, the same verdicts as Python."""

import json
import re
from pathlib import Path

import pytest

from confednode import pages
from confedproto import bundle, testee, text
from confedproto.bundle.terms import mandate_terms, moment
from confedproto.limits import BUNDLE_MAX_BYTES
from confedproto.text import parts
from tests.support.pages import run
from tests.support.worlds import decided, four, grant, granted, make_world
from tools.js.browser import find_chromium

VECTORS = Path(__file__).resolve().parents[2] / "specs" / "vectors" / "bundle.json"


@pytest.fixture(scope="session", autouse=True)
def _chromium_is_there() -> None:
    assert find_chromium() is not None, "run this by `make test-web`, which brings Chromium"


@pytest.mark.parametrize("name", pages.PAGES)
def test_page_fetches_nothing_and_lets_nothing_else_run(name: str) -> None:
    page = pages.page(name)
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


def test_page_says_of_a_mandate_what_the_terminal_says() -> None:
    file = granted().file
    mandate = bundle.verify([file], [], four().now).mandate
    assert mandate is not None
    _, words = answered("\n".join(parts.encode_parts(file)), four().now)
    for name, value in mandate_terms(mandate):
        assert f"{name.lower()}\n{value}" in words.replace("\n\n", "\n")
    assert f"Asked about {moment(four().now)}." in words


def chosen(file: bytes, then: str) -> list[str]:
    """The verdict after this file was chosen, as a person does it; `then` adds to the answer."""
    script = f"""
    (async () => {{
      const bytes = Uint8Array.from("{file.hex()}".match(/../g) ?? [], (x) => parseInt(x, 16));
      const chosen = new DataTransfer();
      chosen.items.add(new File([bytes], "given.confed"));
      const files = document.getElementById("files");
      document.getElementById("at").value =
        new Date({four().now} * 1000).toISOString().slice(0, 19);
      files.files = chosen.files;
      files.dispatchEvent(new Event("change"));
      const answer = document.getElementById("answer");
      await until(() => answer.dataset.verdict !== undefined);
      done([answer.dataset.verdict, {then}]);
    }})();
    """
    told: list[str] = run(script)
    return told


def test_page_checks_a_file_as_soon_as_it_is_chosen() -> None:
    assert chosen(granted().file, "answer.dataset.reason") == ["VALID", ""]


def test_page_reads_a_file_of_pasted_text() -> None:
    armor = text.encode_armor(text.Armor(label=text.ArmorLabel.BUNDLE, data=granted().file))
    assert chosen(armor.encode(), "answer.dataset.reason") == ["VALID", ""]
    assert chosen(b"CONFED:\xff", "answer.dataset.reason") == ["UNKNOWN", "text-character"]


def test_page_refuses_a_file_that_is_too_large_unread() -> None:
    told = chosen(bytes(BUNDLE_MAX_BYTES + 1), "answer.dataset.reason")
    assert told == ["UNKNOWN", "enc-size"]


def test_page_sets_names_apart_from_what_stands_beside_them() -> None:
    names = '[...document.querySelectorAll("#answer bdi")].map((one) => one.textContent)[0]'
    assert chosen(granted().file, names) == ["VALID", "Council number 0"]


def test_page_tries_itself_and_finds_nothing_wrong() -> None:
    script = """
    globalThis.confed.tried.then(() => done(
      ["unfit", "given"].map((id) => document.getElementById(id).hidden)));
    """
    assert run(script) == [True, False]


BROKEN = {
    "no WebCrypto": "Object.defineProperty(globalThis.crypto, 'subtle', { value: undefined });",
    "no Ed25519": "SubtleCrypto.prototype.generateKey = () =>"
    " Promise.reject(new DOMException('', 'NotSupportedError'));",
    "takes anything": "SubtleCrypto.prototype.verify = async () => true;",
    "takes nothing": "SubtleCrypto.prototype.verify = async () => false;",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_page_in_a_browser_that_cannot_verify_says_so(broken: str) -> None:
    script = f"""
    {broken}
    globalThis.confed.tried.then(() => done(
      [document.getElementById("unfit").innerText, document.getElementById("given").hidden]));
    """
    words, hidden = run(script)
    assert words.startswith("This browser ")
    assert hidden is True


def test_page_asked_again_while_it_checks_answers_the_last_question() -> None:
    pasted = json.dumps("\n".join(parts.encode_parts(granted().file)))
    script = f"""
    const [given, files] = ["pasted", "files"].map((id) => document.getElementById(id));
    document.getElementById("at").value = new Date({four().now} * 1000).toISOString().slice(0, 19);
    given.value = "nonsense";
    document.getElementById("check").click();
    given.value = {pasted};
    files.dispatchEvent(new Event("change"));
    (async () => {{
      const answer = document.getElementById("answer");
      await until(() => answer.dataset.verdict === "VALID");
      done(answer.innerText);
    }})();
    """
    assert run(script).startswith("VALID")


def test_page_given_a_file_before_it_tried_itself_says_so_too() -> None:
    pasted = json.dumps("\n".join(parts.encode_parts(granted().file)))
    script = f"""
    {BROKEN["no Ed25519"]}
    document.getElementById("pasted").value = {pasted};
    document.getElementById("check").click();
    (async () => {{
      const answer = document.getElementById("answer");
      await until(() => answer.dataset.verdict !== undefined);
      done([answer.dataset.verdict, answer.innerText, document.getElementById("check").disabled]);
    }})();
    """
    verdict, words, disabled = run(script)
    assert (verdict, disabled) == ("", False)
    assert words.startswith("This browser has no Ed25519")


def test_page_reads_a_mandate_in_brief_once_it_knows_the_council(tmp_path: Path) -> None:
    world = make_world(2, "majority")
    mandate = grant(world)
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


@pytest.mark.parametrize("name", pages.PAGES)
def test_every_control_has_a_name_and_none_is_cut_off(name: str) -> None:
    """Who hears the page, or works it by keyboard on a narrow screen, gets at all of it."""
    script = """
    (async () => {
      const named = (one) => one.labels?.length > 0 || one.ariaLabel || one.innerText.trim() !== "";
      const controls = [...document.querySelectorAll("input, textarea, button, summary, video")];
      const page = document.documentElement;
      done([
        controls.length,
        controls.filter((one) => !one.hidden && !named(one)).map((one) => one.outerHTML),
        controls.filter((one) => one.tabIndex < 0 && one.tagName !== "VIDEO").length,
        page.scrollWidth <= page.clientWidth,
        page.lang,
      ]);
    })();
    """
    count, nameless, unreachable, fits, language = run(
        script, name, flags=("--window-size=360,740",)
    )
    assert count > 5
    assert (nameless, unreachable, fits, language) == ([], 0, True, "en")
