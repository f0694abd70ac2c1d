"""The demo's files: the certificate, and the story of a mandate that is exceeded and recalled."""

import time
from pathlib import Path

import trio

from confednode import control, keyring
from confednode.demo.people import People
from confednode.demo.report import MandateStory
from confednode.demo.stage import POLL_S, Stage
from confednode.errors import DemoError, NodeReason
from confedproto import bundle, record, text
from confedproto.keys import SigningKey


async def _bundle(person: People, kind: str, subject: str, path: Path) -> bytes:
    data = bytes.fromhex((await person.ask("bundle", kind=kind, id=subject))["bundle"])
    await trio.Path(path).write_bytes(data)
    return data


async def certificate(this: Stage, motion: str) -> Path:
    """Write the certificate to its file and verify it as anyone would."""
    path = this.plan.out / "certificate.confed"
    data = await _bundle(this.people[0], "certificate", motion, path)
    checked = bundle.verify([data], [], int(time.time()))
    if not checked.ok:
        raise DemoError(NodeReason.DEMO_FAILED, f"the certificate is {checked.verdict}")
    this.say(f"the certificate verifies offline: {path} ({len(data)} bytes)")
    return path


async def mandate_story(this: Stage, mover: People, motion: str, outcome: str) -> MandateStory:
    """Grant, verify from a file, go beyond, recall, verify again."""
    delegate = SigningKey(keyring.new_seed())
    instruction = "yes" if outcome == "adopted" else "no"
    beyond = "no" if instruction == "yes" else "yes"
    draft = await mover.ask(
        "draft-mandate",
        delegate=text.encode_key(delegate.public),
        kinds=["vote"],
        instructions={motion: instruction},
        until=int(time.time()) + 86_400,
    )
    mandate = await mover.submit(draft)
    path = this.plan.out / "mandate.confed"
    data = await _with_receipt(this, mover, mandate, path)
    granted = bundle.verify([data], [mover.council], int(time.time()))
    this.say(f"{mover.row.unit} mandates a delegate to say {instruction}: {granted.verdict}")

    draft = await mover.ask("draft-act", motion=motion, value=beyond, mandate=mandate)
    payload = bytes.fromhex(draft["payload"])
    envelope = record.assemble(payload, [record.sign(mover.network, payload, delegate)])
    try:
        await mover.ask("submit", envelope=envelope.hex(), part=None)
    except control.RefusedError as error:
        this.say(f"the delegate says {beyond}: the node refuses it ({error.reason})")
    else:
        raise DemoError(NodeReason.DEMO_FAILED, "an act beyond its mandate was taken")
    act = bundle.build_act(data, envelope)
    await trio.Path(this.plan.out / "act.confed").write_bytes(act)
    acted = bundle.verify([act], [mover.council], int(time.time()))

    recall = await mover.submit(await mover.ask("draft-recall", id=mandate))
    called = await _bundle(mover, "record", recall, this.plan.out / "recall.confed")
    after = bundle.verify([data, called], [mover.council], int(time.time()))
    alone = bundle.verify([data], [mover.council], int(time.time()))
    this.say(f"recalled: both files together are {after.verdict} ({after.reason})")
    age = "no receipt" if alone.newest_receipt is None else "its newest receipt named"
    this.say(f"the mandate's file alone still says {alone.verdict}, with {age}")
    return MandateStory(
        file=str(path),
        granted=granted.verdict,
        beyond=acted.verdict,
        beyond_reason=acted.reason,
        recalled=after.verdict,
        recalled_reason=after.reason,
    )


async def _with_receipt(this: Stage, mover: People, mandate: str, path: Path) -> bytes:
    """The mandate's file, once another council has witnessed it; a lone council has none."""
    deadline = time.monotonic() + 10
    while True:
        data = await _bundle(mover, "mandate", mandate, path)
        seen = bundle.verify([data], [], int(time.time())).newest_receipt
        if seen is not None or len(this.people) == 1 or time.monotonic() > deadline:
            return data
        await trio.sleep(POLL_S)
