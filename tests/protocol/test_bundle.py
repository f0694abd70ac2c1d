"""Offline proof: the container, and files that contradict each other."""

from dataclasses import replace

import pytest

from confedproto import bundle, codec, merkle, record
from confedproto.bundle import Bundle, Entry
from confedproto.bundle.container import Proof
from confedproto.errors import DecodeError, LocalProtocolError, Reason
from confedproto.limits import BUNDLE_MAX_BYTES
from confedproto.log import sign_head
from confedproto.rules.mandate import Outcome
from tests.support.bundles import answer, first, opened, unknown
from tests.support.worlds import decided, four, grant, granted, make_world, recall_file, sign

# --- the container ------------------------------------------------------------------------------


def test_container_round_trip_is_exact() -> None:
    for file in (granted().file, recall_file(), decided(4, "double")[1], granted().act("no")):
        assert bundle.encode(bundle.decode(file)) == file


def test_container_order_of_entries_does_not_matter() -> None:
    parsed = bundle.decode(granted().file)
    turned: Bundle = replace(
        parsed,
        entries=parsed.entries[::-1],
        proofs=parsed.proofs[::-1],
        receipts=parsed.receipts[::-1],
    )
    assert bundle.encode(turned) == granted().file


def test_mandate_cut_short_anywhere_is_refused() -> None:
    file = granted().file
    for length in range(len(file)):
        with pytest.raises(DecodeError) as caught:
            bundle.verify([file[:length]], [], 0)
        wanted = Reason.ENC_TRUNCATED if length else Reason.ENC_EMPTY
        assert caught.value.reason is wanted, length


def test_bytes_that_are_no_file_are_refused_by_name() -> None:
    file = granted().file
    for data, reason in [
        (b"hello", Reason.BUNDLE_MAGIC),
        (b"\x93\xa6Confed\x01" + file[9:], Reason.BUNDLE_MAGIC),
        (file[:8] + b"\x02" + file[9:], Reason.BUNDLE_VERSION),
        (file + b"\x00", Reason.ENC_TRAILING),
        (codec.encode(["confed", 1]), Reason.BUNDLE_MAGIC),
        (codec.encode(["confed", 1, 5]), Reason.BUNDLE_FORM),
        (codec.encode(["confed", 1, {"kind": "mandate"}]), Reason.BUNDLE_FORM),
        (file[:9] + b"\xc0", Reason.ENC_NIL),
        (bytes(BUNDLE_MAX_BYTES + 1), Reason.ENC_SIZE),
    ]:
        with pytest.raises(DecodeError) as caught:
            four().verify(data)
        assert caught.value.reason is reason


@pytest.mark.parametrize("twist", ["signer", "order", "hash", "unused", "page"])
def test_second_form_of_the_same_file_is_refused(twist: str) -> None:
    value = codec.decode(granted().file)
    body = value[2]
    rows = body["records"][0]
    if twist == "signer":  # a key in full where a number would do
        signed = next(row for row in rows if row[1])
        signed[1][0][0] = codec.decode(rows[0][0])["body"]["keys"][0]
    elif twist == "order":
        rows.append(rows.pop(0))
    elif twist == "hash":
        body["hashes"] += body["hashes"][:32]
        body["proofs"][0][3][0] = len(body["hashes"]) // 32 - 1
    elif twist == "unused":
        body["hashes"] += bytes(32)
    else:
        body["records"] = [rows[:3], rows[3:]]
    with pytest.raises(DecodeError):
        four().verify(codec.encode(value))


@pytest.mark.parametrize("mask", [0x01, 0x80])
def test_mandate_with_any_byte_changed_is_never_valid(mask: int) -> None:
    file, world = granted().file, four()
    for at in range(len(file)):
        changed = bytearray(file)
        changed[at] ^= mask
        try:
            report = world.verify(bytes(changed))
        except DecodeError:
            continue
        assert report.verdict is Outcome.UNKNOWN, f"byte {at} of {len(file)}"


def test_verify_without_a_file_is_the_callers_error() -> None:
    with pytest.raises(LocalProtocolError):
        bundle.verify([], [], 0)


# --- files that contradict each other -----------------------------------------------------------


def test_forked_council_is_seen_when_two_files_meet() -> None:
    """The node key signs another log of the same size, and another file shows it."""
    mandated = grant(make_world(2, "majority"))
    world, node = mandated.world, mandated.world.nodes[0]
    parsed = bundle.decode(mandated.file)
    mandate = first(mandated.file, "mandate")
    value = codec.decode(mandate.payload)
    payload = codec.encode({**value, "time": value["time"] + 1})
    other = sign(world, payload, *node.keyholders[:2])
    new = record.open(parsed.network, other).id
    log = world.view.logs[world.view.log_of[node.council]]
    tree = merkle.Tree()
    for index, leaf in enumerate(log.leaves):
        is_it = isinstance(leaf, record.VerifiedRecord) and leaf.id == mandate.id
        tree.append(merkle.leaf_hash(other) if is_it else log.tree.leaf(index))
    assert parsed.head is not None
    size = parsed.head.size
    index = world.view.records[mandate.id].index
    head = sign_head(
        parsed.network,
        node.node_key,
        log=log.id,
        size=size,
        root=tree.root_at(size),
        time=parsed.head.time,
    )
    entries = [e for one, e in opened(mandated.file) if one.id != mandate.id]
    forged = replace(
        parsed,
        subject=new,
        receipts=(),
        entries=(*entries, Entry(envelope=other)),
        head=replace(parsed.head, signature=codec.decode(head.envelope)[1]),
        proofs=(
            Proof(record=new, index=index, size=size, path=tuple(tree.inclusion(index, size))),
        ),
    )
    lie = bundle.encode(forged)
    assert world.verify(lie).ok
    assert answer(world.verify(mandated.file, lie)) == unknown(Reason.LOG_FORK)
