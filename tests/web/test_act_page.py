"""The page for acts by link, in headless Chromium: a key that stays, an act signed, given back."""

import json
from pathlib import Path
from typing import Any

import pytest

from confedproto import bundle, signrequest, text
from confedproto.bodies.mandate import Mandate
from confedproto.bundle import asking
from confedproto.ids import PublicKey
from confedproto.text import parts
from tests.support.pages import run
from tests.support.worlds import four
from tools.js.browser import find_chromium

ASKED = """
  await until(() => document.body.dataset.ready === "yes");
  const asked = document.getElementById("asked");
"""
SIGNED = """
  document.getElementById("sign").click();
  await until(() => document.getElementById("answer").dataset.done !== undefined);
  const { done: request, file } = document.getElementById("answer").dataset;
"""


def ask_page(script: str, folder: Path | None = None, fragment: str = "") -> Any:
    whole = f"(async () => {{ {script} }})().catch((error) => done(String(error.stack)));"
    return run(whole, "act.html", folder=folder, fragment=fragment)


@pytest.fixture(scope="session", autouse=True)
def _chromium_is_there() -> None:
    assert find_chromium() is not None, "run this by `make test-web`, which brings Chromium"


def mandate_of(delegate: PublicKey) -> bytes:
    """A mandate of the simulated council for a key that this test did not make."""
    world = four()
    node = world.nodes[0]
    draft = world.sim.desk(node).mandate(
        delegate=delegate,
        kinds=["vote"],
        instructions={world.motion: "yes"},
        until=world.now + 30 * 86_400,
    )
    mandate = world.sim.submit(node, draft)
    world.sim.run(4)
    return bundle.build_mandate(world.view, mandate, world.now)


def ask_for(mandate: bytes, value: str) -> bytes:
    payload = bundle.draft_act(
        mandate, motion=four().motion, kind="vote", value=value, now=four().now
    )
    return asking.encode(asking.ask_for(mandate, payload))


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A browser with a key in it, and a mandate for that key."""
    folder = tmp_path_factory.mktemp("phone")
    script = """
      await until(() => document.getElementById("key").dataset.state === "none");
      document.getElementById("make").click();
      await until(() => document.getElementById("key").dataset.key !== undefined);
      done(document.getElementById("key").dataset.key);
    """
    key = text.decode_key(ask_page(script, folder))
    return folder, mandate_of(PublicKey(key))


def test_key_stays_in_the_browser_and_cannot_be_taken_out(phone: tuple[Path, bytes]) -> None:
    folder, mandate = phone
    script = """
      await until(() => document.getElementById("key").dataset.key !== undefined);
      const key = document.getElementById("key").dataset.key;
      const database = await new Promise((resolve) => {
        const opening = indexedDB.open("confed", 1);
        opening.onsuccess = () => resolve(opening.result);
      });
      const pair = await new Promise((resolve) => {
        const reading = database.transaction("keys").objectStore("keys").get("delegate");
        reading.onsuccess = () => resolve(reading.result);
      });
      const taken = await Promise.all(["pkcs8", "jwk"].map((form) =>
        crypto.subtle.exportKey(form, pair.privateKey).then(() => form, (error) => error.name)));
      done([key, pair.privateKey.extractable, taken]);
    """
    key, extractable, taken = ask_page(script, folder)
    [granted] = list(bundle.prove(bundle.decode(mandate)).of_kind("mandate"))
    assert isinstance(granted.body, Mandate)
    assert text.decode_key(key) == granted.body.delegate
    assert extractable is False
    assert taken == ["InvalidAccessError", "InvalidAccessError"]


def test_act_by_link_is_shown_signed_and_given_back(phone: tuple[Path, bytes]) -> None:
    folder, mandate = phone
    data = ask_for(mandate, "yes")
    script = f"""{ASKED}
      const words = asked.innerText;
      {SIGNED}
      const links = [...document.querySelectorAll("#answer a")].map((one) => one.download);
      const armor = document.querySelector("#answer textarea").value;
      const codes = document.querySelectorAll("#answer canvas").length;
      done([asked.dataset.reason, words, request, file, armor, codes, links]);
    """
    reason, words, request, file, armor, codes, links = ask_page(
        script, folder, fragment=asking.link_of("", data)
    )
    assert reason == "receipts-missing"
    assert 'You act for "Council number 0": vote "yes". Your mandate covers it.' in words
    assert text.encode_record(four().motion) in words
    signed = signrequest.decode(bytes.fromhex(request))
    assert signed.complete
    assert signed.payload == asking.decode(data).request.payload
    assert bytes.fromhex(file) == bundle.build_act(mandate, signed.envelope)
    assert text.decode_armor(armor).data == bytes.fromhex(request)
    assert codes == len(parts.encode_parts(bytes.fromhex(request)))
    assert sorted(link.partition(".")[2] for link in links) == ["confed", "confed-sign"]


def test_act_beyond_the_mandate_is_named_and_not_signed(phone: tuple[Path, bytes]) -> None:
    folder, mandate = phone
    pasted = "\n".join(parts.encode_parts(ask_for(mandate, "no")))
    script = f"""{ASKED}
      document.getElementById("pasted").value = {json.dumps(pasted)};
      document.getElementById("read").click();
      await until(() => asked.dataset.verdict !== undefined);
      done([asked.dataset.verdict, asked.innerText, document.getElementById("sign").disabled,
        document.getElementById("why").textContent]);
    """
    verdict, words, disabled, why = ask_page(script, folder)
    assert verdict == "VOID"
    assert "Do not sign: the act goes against the delegate's instruction (instruction)." in words
    assert disabled is True
    assert "void" in why


def test_act_for_another_key_is_not_signed() -> None:
    link = asking.link_of("", ask_for(mandate_of(four().nodes[1].keyholders[0].public), "yes"))
    script = f"""{ASKED}
      document.getElementById("make").click();
      await until(() => document.getElementById("key").dataset.key !== undefined);
      done([asked.dataset.verdict, document.getElementById("sign").disabled,
        document.getElementById("why").textContent]);
    """
    verdict, disabled, why = ask_page(script, fragment=link)
    assert (verdict, disabled) == ("UNKNOWN", True)
    assert "not one of this mandate" in why


@pytest.mark.parametrize("pasted", ["x", "CONFED:PART/AAAA", "https://example.org/#ask=AAAA"])
def test_pasted_nonsense_is_refused_by_name(pasted: str) -> None:
    script = f"""{ASKED}
      document.getElementById("pasted").value = {json.dumps(pasted)};
      document.getElementById("read").click();
      await until(() => asked.dataset.reason !== undefined);
      done([asked.dataset.verdict, asked.dataset.reason, document.getElementById("sign").disabled]);
    """
    verdict, reason, disabled = ask_page(script)
    assert (verdict, disabled) == ("", True)
    assert reason


@pytest.mark.parametrize("fragment", ["#ask=A*", "#ask=AAAA", "#x"])
def test_broken_link_is_refused_by_name(fragment: str) -> None:
    script = f"{ASKED} done([asked.dataset.verdict, asked.dataset.reason]);"
    verdict, reason = ask_page(script, fragment=fragment)
    assert verdict == ""
    assert reason


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ("Object.defineProperty(globalThis, 'indexedDB', { value: undefined });", "no-storage"),
        (
            "Object.defineProperty(globalThis.crypto, 'subtle', { value: undefined });",
            "no-webcrypto",
        ),
        (
            "SubtleCrypto.prototype.generateKey = () =>"
            " Promise.reject(new DOMException('', 'NotSupportedError'));",
            "no-ed25519",
        ),
    ],
)
def test_browser_that_cannot_keep_a_key_is_told_so(broken: str, code: str) -> None:
    script = f"""{ASKED}
      {broken}
      document.getElementById("make").click();
      const key = document.getElementById("key");
      await until(() => key.dataset.state !== "none");
      done([key.dataset.state, key.innerText]);
    """
    state, words = ask_page(script)
    assert state == code
    assert words.startswith("This browser ")
