"""The delegate's own tool and the forms of a mandate, without a node."""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from confednode import control, keyring
from confednode.commands import granting
from confednode.commands.delegate import delegate
from confednode.commands.mandates import mandate
from confednode.errors import ControlError, NodeReason
from confedproto import bundle, codec, record, signrequest, text
from confedproto.bodies.mandate import Ceiling, Mandate
from confedproto.bundle import asking
from confedproto.text import parts
from tests.support.worlds import four, granted


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mandate's file and its delegate's key, at the time of the simulation."""
    (tmp_path / "mandate.confed").write_bytes(granted().file)
    monkeypatch.setattr(keyring, "read_key", lambda *_: granted().delegate)
    monkeypatch.setattr(time, "time", lambda: four().now)
    return tmp_path


def run(group: Any, arguments: Sequence[str | Path]) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(group, [*map(str, arguments), "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_delegate_init_makes_a_key_once(tmp_path: Path) -> None:
    code, told = run(delegate, ["init", "--key", tmp_path / "my.key", "--no-passphrase"])
    assert code == 0
    assert text.encode_key(keyring.public_of(tmp_path / "my.key")) == told["key"]
    assert run(delegate, ["init", "--key", tmp_path / "my.key", "--no-passphrase"])[0] != 0


def act(folder: Path, value: str, *more: str | Path) -> dict[str, Any]:
    motion = text.encode_record(four().motion)
    code, told = run(
        delegate,
        [
            *("act", folder / "mandate.confed", "--motion", motion, "--value", value),
            *("--key", folder / "key", "--to", folder / f"{value}.confed", *more),
        ],
    )
    assert code == 0, told
    return told


def test_delegate_act_without_a_node_says_what_it_is_worth(folder: Path) -> None:
    assert act(folder, "yes")["reason"] == "receipts-missing"
    beyond = act(folder, "no")
    assert (beyond["verdict"], beyond["reason"]) == ("VOID", "instruction")
    second = act(folder, "yes", "--after", folder / "yes.confed")
    assert second["number"] == 2


def test_delegate_acts_lists_them_with_their_verdicts(folder: Path) -> None:
    act(folder, "no")
    code, told = run(delegate, ["acts", folder / "no.confed", folder / "mandate.confed"])
    assert code == 0
    assert [row["reason"] for row in told["acts"]] == ["instruction"]


def ask(folder: Path, *more: str | Path) -> tuple[int, dict[str, Any]]:
    motion = text.encode_record(four().motion)
    return run(
        delegate,
        ["ask", folder / "mandate.confed", "--motion", motion, "--value", "yes", *more],
    )


def test_delegate_ask_and_take_make_the_act_that_act_makes(folder: Path) -> None:
    code, told = ask(folder, "--page", "https://example.org/act.html", "--qr", "--to", folder / "a")
    assert code == 0
    data = (folder / "a").read_bytes()
    assert asking.of_link(told["link"]) == parts.join_parts(told["qr"]) == data
    signed = asking.decode(data).request.sign(granted().delegate)
    armor = text.Armor(label=text.ArmorLabel.SIGN_REQUEST, data=signrequest.encode(signed))
    (folder / "signed").write_text(text.encode_armor(armor))
    (folder / "codes").write_text("\n".join(parts.encode_parts(signrequest.encode(signed))))
    taken: list[str | Path] = [
        "take",
        folder / "mandate.confed",
        folder / "signed",
        folder / "codes",
    ]
    code, made = run(delegate, [*taken, "--to", folder / "taken.confed"])
    assert (code, made["id"], made["reason"]) == (0, told["id"], "receipts-missing")
    act(folder, "yes")
    assert (folder / "taken.confed").read_bytes() == (folder / "yes.confed").read_bytes()


def test_delegate_ask_without_a_form_is_a_usage_error(folder: Path) -> None:
    motion = text.encode_record(four().motion)
    arguments = ["ask", str(folder / "mandate.confed"), "--motion", motion, "--value", "yes"]
    assert CliRunner().invoke(delegate, arguments).exit_code == 2


def test_delegate_take_of_an_unsigned_request_is_refused(folder: Path) -> None:
    ask(folder, "--to", folder / "a")
    request = asking.decode((folder / "a").read_bytes()).request
    (folder / "unsigned").write_bytes(signrequest.encode(request))
    taken: list[str | Path] = ["take", folder / "mandate.confed"]
    taken += [folder / "unsigned", "--to", folder / "x"]
    code, told = run(delegate, taken)
    assert (code, told["reason"]) == (1, "key-missing")
    assert not (folder / "x").exists()


def test_delegate_report_is_a_record_with_its_text(folder: Path) -> None:
    (folder / "report.txt").write_text("We met, and agreed on little.\n", "utf-8")
    code, _ = run(
        delegate,
        [
            *("report", folder / "mandate.confed", "--due", "1800000000"),
            *("--text", folder / "report.txt", "--key", folder / "key"),
            *("--to", folder / "report"),
        ],
    )
    assert code == 0
    made = json.loads((folder / "report").read_text("utf-8"))
    envelope, part = bytes.fromhex(made["envelope"]), bytes.fromhex(made["part"])
    opened = record.open(bundle.decode(granted().file).network, envelope, part)
    assert (opened.kind, opened.subject) == ("report", granted().mandate)
    assert part.endswith(b"agreed on little.\n")


def test_mandate_export_has_each_form(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = {"bundle": granted().file.hex(), "bytes": len(granted().file)}
    monkeypatch.setattr(control, "ask", lambda *_, **__: reply)
    name = text.encode_record(granted().mandate)
    code, told = run(
        mandate,
        [
            *("export", name, "--to", folder / "m.confed", "--qr", "--text"),
            *("--html", folder / "m.html"),
        ],
    )
    assert code == 0
    assert (folder / "m.confed").read_bytes() == granted().file
    assert parts.join_parts(told["qr"]) == granted().file
    assert text.decode_armor(told["text"]).data == granted().file
    assert (folder / "m.html").read_text("utf-8").count("<svg") == len(told["qr"])
    assert CliRunner().invoke(mandate, ["export", name]).exit_code == 2


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (None, "not installed"),
        ("raise OSError('cannot load library libpango-1.0-0')", "lacks Pango"),
    ],
    ids=["no weasyprint", "no Pango"],
)
def test_mandate_export_of_a_pdf_without_the_extra_says_what_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, module: str | None, words: str
) -> None:
    monkeypatch.setattr(control, "ask", lambda *_, **__: {"bundle": granted().file.hex()})
    if module is None:
        monkeypatch.setitem(sys.modules, "weasyprint", None)  # as where it was never installed
    else:
        (folder / "weasyprint.py").write_text(module, "utf-8")
        monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
        monkeypatch.syspath_prepend(folder)
    name, target = text.encode_record(granted().mandate), folder / "m.pdf"
    code, told = run(mandate, ["export", name, "--pdf", target])
    assert (code, told["reason"]) == (1, "extra-missing")
    assert words in told["message"]
    assert "confednode[pdf]" in told["hint"]
    assert not target.exists()


def test_mandate_grant_sends_the_terms_and_holds_the_draft_against_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = four()
    asked: dict[str, Any] = {}

    def ask(_: Path, op: str, **args: Any) -> dict[str, Any]:
        asked.update(args, op=op)
        raise ControlError(NodeReason.CONTROL_UNREACHABLE, "no node here")

    monkeypatch.setattr(control, "ask", ask)
    motion, other = text.encode_record(world.motion), text.encode_key(granted().delegate.public)
    code, _ = run(
        mandate,
        [
            *("grant", "--delegate", other, "--scope", "statement,spending-order"),
            *("--motion", motion, "--instruction", "ratify", "--until", "1900000000"),
            *("--ceiling", "chf:500:800", "--report", "1850000000", "--holdover", "86400"),
            *("--petition", "1/5", "--condition", f"in:{motion}", "--forum", "Valley"),
            *("--subject", motion, "--above", text.encode_record(bytes(32))),
        ],
    )
    assert code == 4
    terms = codec.decode(bytes.fromhex(asked["terms"]))
    draft = world.sim.desk(world.nodes[0]).mandate(
        delegate=granted().delegate.public,
        kinds=["statement", "spending-order"],
        instructions={world.motion: "ratify"},
        until=1_900_000_000,
        terms=terms,
    )
    _, _, body = record.parse_payload(draft.payload)
    assert isinstance(body, Mandate)
    for name, value in granting.said(terms).items():
        assert getattr(body, name) == value
    assert body.ceiling == Ceiling(currency="chf", act=500, total=800)
    assert (body.subjects, body.above) == ((world.motion,), bytes(32))
    assert body.holdover is not None
    assert body.holdover.kinds == ("statement",)


@pytest.mark.parametrize(
    "option", [("--ceiling", "chf"), ("--petition", "few"), ("--condition", "x")]
)
def test_mandate_grant_with_a_broken_option_ends_with_two(option: tuple[str, str]) -> None:
    motion, key = text.encode_record(bytes(32)), text.encode_key(granted().delegate.public)
    arguments = ["grant", "--delegate", key, "--scope", "vote", "--motion", motion]
    arguments += ["--instruction", "yes", "--until", "1900000000", *option]
    assert CliRunner().invoke(mandate, arguments).exit_code == 2
