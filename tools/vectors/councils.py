"""Vectors of specs/04: `council`, what stands after a council's logs; charters and authority."""

from collections.abc import Sequence
from typing import Final

from tools.vectors.council_servers import servers
from tools.vectors.council_stops import stops
from tools.vectors.examples import TIME
from tools.vectors.scenes import DAY, DELEGATE, HOME, STRANGER, Council, payload, signed
from tools.vectors.signing import KEYS, NODE_KEY, Key, filler, record_id
from tools.vectors.stories import (
    NEW,
    NODES,
    Stands,
    Story,
    Told,
    for_another_network,
    forms,
    public,
)

IDENTITY: Final = b"\x01" + bytes(31)
"""The neutral point of the curve: no key (KEY-3)."""


def council() -> Told:
    """What stands after a council's logs, and why what else is in them does not count."""
    out = Told("council")
    _thresholds(out)
    _founding(out)
    _rotation(out)
    _rivals(out)
    _authority(out)
    servers(out)
    stops(out)
    return out


def _founded(holders: Sequence[Key], threshold: int, *signers: Key, **change: object) -> Story:
    """A council of one charter, signed by its threshold or by these."""
    made = Council("Council of the Mill", holders, threshold, NODE_KEY)
    story = Story(made)
    if signers or change:
        body = {
            "name": "Council of the Mill",
            "threshold": threshold,
            "keys": public(holders),
            **change,
        }
        raw = payload("charter", body, None, charter=0)
        story.id, story.books[0].council = record_id(raw), record_id(raw)
        story.books[0].rows[0] = signed(raw, *(signers or holders[:threshold]))
    del story.books[0].rows[1]
    return story


def _thresholds(out: Told) -> None:
    """Every m of n with n <= 9, and one beyond n."""
    many = sorted((Key(f"holder {number}") for number in range(9)), key=lambda k: k.public)
    for n in range(1, 10):
        for m in range(n + 2):
            holders = many[:n]
            story = _founded(holders, m, *holders)
            legal = (m, n) == (1, 1) or (n > 2 and n / 2 < m < n)
            if legal:
                stands: Stands = {"version": 1, "threshold": m, "state": "chartered", "number": 0}
                why = f"{m} of {n} is legal"
                out.tells("CHA-2", f"{m}-of-{n}", why, story, holders=holders, node=None, **stands)
                continue
            reason = "threshold-two" if n == 2 else "threshold-range"
            rule, reason = ("AUT-6", "log-start") if m == 0 else ("CHA-2", reason)
            why = "no charter at all, so no log" if m == 0 else f"{m} of {n} is not legal"
            _nothing(out, rule, f"{m}-of-{n}", why, story, reason)


def _nothing(out: Told, rule: str, slug: str, why: str, story: Story, *reasons: str) -> None:
    """No council comes of it."""
    stands: Stands = {"version": 0, "threshold": None, "state": "unknown", "number": 0}
    refused = [(0, index, reason) for index, reason in enumerate(reasons)]
    out.tells(rule, slug, why, story, *refused, holders=(), node=None, **stands)


def _founding(out: Told) -> None:
    story = Story()
    out.tells("CHA-1", "founded", "a charter and a node record", story)
    few = _founded(HOME.keys[:3], 2, HOME.keys[0])
    _nothing(out, "CHA-1", "founded-by-one", "a signature too few", few, "threshold-missing")
    few.second(*HOME.keys[:2])
    why = "nothing counts before a charter does"
    _nothing(out, "AUT-1", "before-charter", why, few, "threshold-missing", "council-unknown")
    strange = _founded(HOME.keys[:3], 2, HOME.keys[0], STRANGER)
    why = "two signatures, one of a keyholder"
    _nothing(out, "CHA-1", "stranger-signs", why, strange, "threshold-missing")
    after = _founded(HOME.keys[:3], 2, previous=filler("before"))
    why = "a first charter has none before it"
    _nothing(out, "CHA-3", "first-with-previous", why, after, "charter-previous")
    body = {"name": "Mill", "threshold": 2, "keys": public(HOME.keys), "previous": filler("x")}
    late = Story()
    late.id = filler("council")
    late.books[0].council = late.id
    late.books[0].rows[:] = [signed(payload("charter", body, late.id), *KEYS[:3])]
    why = "a log whose first leaf is no first charter begins no chain"
    _nothing(out, "AUT-6", "begins-with-second", why, late, "log-start")
    twice = [HOME.keys[0].public, HOME.keys[0].public, HOME.keys[1].public]
    for slug, keys, reason in (
        ("keys-twice", twice, "signer-order"),
        ("keys-turned", [key.public for key in reversed(HOME.keys)], "signer-order"),
        ("key-identity", sorted([IDENTITY, *public(HOME.keys[:2])]), "key-order"),
        ("key-off-curve", sorted([b"\x02" + bytes(31), *public(HOME.keys[:2])]), "key-encoding"),
    ):
        why = "not three keys in order"
        wrong = _founded(HOME.keys[:3], 2, keys=keys)
        rule = {"key-order": "KEY-3", "key-encoding": "KEY-2"}.get(reason, "CHA-2")
        _nothing(out, rule, slug, why, wrong, reason)


def _rotation(out: Told) -> None:
    def after(
        slug: str, why: str, story: Story, *refused: tuple[int, int, str], rule: str = "CHA-4"
    ) -> None:
        holders = story.holders
        stands: Stands = {"version": len(story.charters), "threshold": story.threshold}
        out.tells(rule, slug, why, story, *refused, holders=holders, **stands)

    story = Story()
    story.second()
    story.rotate()
    story.second()
    after("rotated", "three other keyholders", story)
    out.tells(
        "CHA-5",
        "old-still-counts",
        "what was said under version 1 counts on; its number says so",
        story,
        holders=NEW[:3],
        version=2,
    )
    removed = Story()
    removed.rotate([*HOME.keys[1:3], NEW[0]])
    removed.second(HOME.keys[0], HOME.keys[1])
    stands: Stands = {"holders": removed.holders, "version": 2}
    reason = (0, 3, "threshold-missing")
    out.tells("AUT-3", "removed-keyholder", "its key is retired", removed, reason, **stands)
    wrongs: dict[str, tuple[str, str, Stands, Sequence[Key]]] = {
        "old-alone": ("threshold-missing", "not of the new", {}, HOME.keys[:2]),
        "new-alone": ("threshold-missing", "not of the old", {}, NEW[:2]),
        "one-too-few": ("threshold-missing", "one of the new", {}, (*HOME.keys[:2], NEW[0])),
        "previous-other": ("charter-previous", "of another", {"previous": filler("x")}, ()),
        "rules-other": ("rule-unknown", "of other rules", {"body": {"rules": 2}}, ()),
        "version-skipped": ("charter-version", "version 3 after 1", {"charter": 2}, ()),
        "version-again": ("payload-form", "version 1 after 1", {"charter": 0}, ()),
        "charter-of-other": ("council-foreign", "of another council", {"council": filler("c")}, ()),
    }
    for slug, (reason_, why, change, keys) in wrongs.items():
        story = Story()
        story.book.put(story.charter(NEW[:3], 2, *keys, **change))
        rules = {"payload-form": "PAY-2", "council-foreign": "AUT-1", "rule-unknown": "VER-1"}
        after(slug, why, story, (0, 2, reason_), rule=rules.get(reason_, "CHA-3"))
    for slug, m, holders, fault in (
        ("to-m-beyond-n", 4, NEW[:3], "threshold-range"),
        ("to-two", 1, NEW[:2], "threshold-two"),
        ("to-all", 3, NEW[:3], "threshold-range"),
        ("to-none", 0, NEW[:3], "body-form"),
    ):
        story = Story()
        story.book.put(story.charter(holders, m, *HOME.keys, *NEW[:3]))
        out.tells("CHA-2", slug, "an illegal pair as the next one", story, (0, 2, fault))
    back = Story()
    back.rotate()
    back.rotate(NEW[1:4])
    back.book.put(back.charter(NEW[2:5], 2, previous=back.charters[0], charter=1))
    why = "a version that two others have followed"
    reason = (0, 4, "charter-version")
    stands = {"holders": NEW[1:4], "version": 3}
    out.tells("CHA-3", "back-to-one", why, back, reason, **stands)
    late = Story()
    before = late.say("second", {}, subject=filler("motion"))
    late.rotate()
    late.book.put(before)
    why = "it was signed under version 1, and comes after version 2"
    reason = (0, 3, "charter-version")
    stands = {"holders": NEW[:3], "version": 2}
    out.tells("CHA-4", "late-record", why, late, reason, **stands)
    story = Story()
    leaf = story.rotate()
    story.book.put(leaf)
    out.tells("AUT-2", "charter-copied", "the same record again is no other", story, **stands)


def _rivals(out: Told) -> None:
    forked: Stands = {"holders": NEW[:3], "version": 2, "state": "charter-fork"}
    story = Story()
    story.rotate()
    story.book.put(story.rival())
    story.second()
    story.lock()
    why = "a second version 2 with both thresholds"
    reasons = [(0, index, "charter-fork") for index in (3, 4, 5)]
    out.tells("CHA-6", "rival", why, story, *reasons, **forked)
    node = story.node(NODES[1], story.book.last(3))
    story.books.append(type(story.book)(story.id, NODES[1], node))
    server: Stands = forked | {"state": "active", "number": 2, "node": NODES[1]}
    out.tells(
        "NOD-6",
        "rival-and-new-server",
        "a new server, whose record says that the log ended before the rival",
        story,
        (0, 3, "node-replaced"),
        (0, 4, "node-replaced"),
        (0, 5, "charter-fork"),
        **server,
    )
    for slug, names in (("first", 0), ("second", 1)):
        story = Story()
        story.rotate()
        rival = story.book.put(story.rival())
        named = (story.charters[1], record_id(rival[0]))[names]
        both = (*HOME.keys[:2], *KEYS[3:5])
        three = sorted([HOME.keys[0], *KEYS[3:5]], key=lambda k: k.public)
        story.book.put(story.charter(three, 2, *both, previous=named))
        story.charters.append(record_id(story.book.rows[-1][0]))
        story.holders = three
        story.second()
        why = "version 3 names one of the two, with the threshold of version 1"
        stands: Stands = {"holders": three, "version": 3}
        reason = (0, 3, "charter-fork")
        out.tells("CHA-6", f"repaired-{slug}", why, story, reason, **stands)
    wrongs = {
        "repair-by-newest": ("threshold-missing", "not of version 1", (*NEW[:2],), None),
        "repair-of-neither": (
            "charter-previous",
            "it names version 1",
            (*HOME.keys[:2], *NEW[:2]),
            record_id(HOME.charter[0]),
        ),
    }
    for slug, (fault, why, keys, previous) in wrongs.items():
        story = Story()
        story.rotate()
        story.book.put(story.rival())
        story.book.put(story.charter(NEW[:3], 2, *keys, previous=previous))
        reasons = [(0, 3, "charter-fork"), (0, 4, fault)]
        out.tells("CHA-6", slug, why, story, *reasons, **forked)
    for slug, why, some in (
        ("rival-by-few", "not the threshold of version 1", NEW[2:4]),
        ("rival-not-by-its-own", "not its own threshold", HOME.keys[:2]),
    ):
        story = Story()
        story.rotate()
        story.book.put(story.rival(keys=some))
        story.second()
        reason = (0, 3, "threshold-missing")
        stands = {"holders": NEW[:3], "version": 2}
        out.tells("CHA-3", slug, why, story, reason, **stands)
    story = Story()
    story.rotate()
    story.book.put(story.rival())
    story.renew()
    story.add("suspension", {"key": NODE_KEY.public}, NEW[0])
    reasons = [(0, index, "charter-fork") for index in (3, 4, 5)]
    why = "the fork's state knows one step alone"
    out.tells("LIF-1", "rival-and-other-steps", why, story, *reasons, **forked)
    _carried_rivals(out)


def _carried_rivals(out: Told) -> None:
    forked: Stands = {"holders": NEW[:3], "version": 2, "state": "charter-fork"}

    def story() -> Story:
        made = Story()
        head = made.book.head()
        made.rotate()
        made.second()
        made.second(time=TIME + 1)
        made.carry(made.rival(), head=head)
        return made

    for slug, turned in (("carried-rival", False), ("carried-rival-turned", True)):
        at = 1 if turned else 0
        reasons = [(at, index, "charter-fork") for index in (3, 4)]
        carried = [(1 - at, 2, None)]
        why = "it meets the log's own just after that" + (", in any order" if turned else "")
        made = story()
        out.tells("CHA-7", slug, why, made, *reasons, carried=carried, turned=turned, **forked)
    made = story()
    made.witness([1], made.book, 3)
    why = "another council has received the log's own: it meets nothing"
    stands: Stands = {"holders": NEW[:3], "version": 2}
    out.tells("CHA-7", "carried-rival-late", why, made, carried=[(1, 2, None)], **stands)
    made = Story()
    made.carry(made.charter())
    made.second()
    why = "carried, and no log of the council has it: no effect yet"
    out.tells("CHA-7", "carried-alone", why, made, carried=[(1, 2, None)])


def _authority(out: Told) -> None:
    def one(
        rule: str, slug: str, why: str, story: Story, reason: str | None = None, at: int = 2
    ) -> None:
        refused = [(0, at, reason)] if reason is not None else []
        out.tells(rule, slug, why, story, *refused)

    good = Story()
    good.second()
    good.lock()
    one("AUT-1", "each-by-its-own", "keyholders' record, node's record", good)
    for slug, why, keys, reason in (
        ("one-of-two", "a signature too few", HOME.keys[:1], "threshold-missing"),
        ("node-for-keyholders", "the server has no authority", [NODE_KEY], "threshold-missing"),
        ("strangers", "nobody of the council", [STRANGER, DELEGATE], "threshold-missing"),
    ):
        story = Story()
        story.second(*keys)
        one("AUT-3", slug, why, story, reason)
    for slug, why, keys in (
        ("keyholders-for-node", "a lock is the node's alone", HOME.keys[:2]),
        ("node-and-keyholder", "the node key alone", [NODE_KEY, HOME.keys[0]]),
        ("old-node", "a key that was never in force", [NODES[1]]),
    ):
        story = Story()
        story.lock(*keys)
        one("AUT-1", slug, why, story, "node-key")
    foreign = Story()
    foreign.second(council=filler("another council"))
    one("AUT-1", "of-other", "of another council", foreign, "council-foreign")
    every = Story()
    every.second(*HOME.keys, STRANGER, NODE_KEY)
    one("AUT-3", "others-too", "who else signed changes nothing", every)
    for slug, pair in (("native-ssh", (0, 1)), ("ssh-fido", (1, 2)), ("fido-native", (2, 0))):
        story = Story()
        raw = payload("second", {}, story.id, subject=filler("motion"))
        story.book.put(forms(raw, *zip(HOME.keys[:2], pair, strict=True)))
        one("AUT-3", f"forms-{slug}", "each in a form of its own", story)
    raw = payload("second", {}, HOME.id, subject=filler("motion"))
    for slug, why, by, reason in (
        ("one-key-two-forms", "one key, native and by ssh", (0, 1), "signer-duplicate"),
        ("one-key-twice", "the same signature twice", (0, 0), "signer-duplicate"),
    ):
        story = Story()
        story.book.put(forms(raw, *((HOME.keys[0], form) for form in by)))
        one("AUT-3", slug, why, story, reason)
    other = Story()
    other.book.put(for_another_network(raw, *HOME.keys[:2]))
    one("AUT-1", "network-other", "signed for another network", other, "sig-invalid")
    moved = Story()
    theirs = payload("second", {}, filler("another council"), subject=filler("motion"))
    moved.book.put((raw, signed(theirs, *HOME.keys[:2])[1], None))
    one("AUT-1", "signature-of-other", "signatures for another council", moved, "sig-invalid")
    kind = Story()
    withdrawn = payload("withdraw", {}, HOME.id, subject=filler("motion"))
    kind.book.put((raw, signed(withdrawn, *HOME.keys[:2])[1], None))
    one("AUT-1", "signature-of-kind", "signatures for another kind", kind, "sig-invalid")
    unknown = Story()
    unknown.add("example-festival", {"any": 1})
    one("KND-2", "kind-unknown", "kept, and never counted", unknown, "kind-unknown")
    early = Story()
    early.second(charter=2)
    one("CHA-4", "version-ahead", "under a charter that is not there yet", early, "charter-version")
    _delegates(out)
    loose = Story()
    loose.books.append(type(loose.book)(loose.id, NODES[1]))
    loose.second()
    why = "a log that nothing leads to"
    out.tells("AUT-6", "log-loose", why, loose, (1, 0, "log-start"))


def _delegates(out: Told) -> None:
    def acting(key: Key, *, known: bool = True) -> Story:
        story = Story()
        fields = {
            "delegate": DELEGATE.public,
            "starts": TIME,
            "until": TIME + DAY,
            "kinds": ["vote"],
        }
        granted = story.add("mandate", fields)
        body = {
            "motion": filler("motion"),
            "kind": "vote",
            "value": "yes",
            "number": 1,
            "head": story.book.head(),
        }
        about = record_id(granted[0]) if known else filler("no mandate")
        story.add("act", body, key, subject=about)
        return story

    out.tells("AUT-1", "act", "by the mandate's delegate", acting(DELEGATE))
    for slug, key, known, reason in (
        ("act-by-other", STRANGER, True, "mandate-delegate"),
        ("act-by-node", NODE_KEY, True, "mandate-delegate"),
        ("act-without", DELEGATE, False, "mandate-unknown"),
    ):
        story = acting(key, known=known)
        out.tells("AUT-1", slug, "an act that no mandate covers", story, (0, 3, reason))
