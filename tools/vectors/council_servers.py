"""Vectors of specs/04: `council`; node records, carriage and forks of a log."""

from typing import Final

from tools.vectors import trees
from tools.vectors.council_first import first_servers
from tools.vectors.council_retired import retired_keys
from tools.vectors.examples import TIME
from tools.vectors.scenes import DAY, HOME, STRANGER, envelope
from tools.vectors.signing import NODE_KEY, filler, record_id
from tools.vectors.stories import NEW, NODES, Book, Stands, Story, Told

HOUR: Final = 3_600
REPLACED: Final[Stands] = {"node": NODES[1], "number": 2}


def servers(out: Told) -> None:
    """All that is about node keys."""
    first_servers(out)
    retired_keys(out)
    _node_records(out)
    _replacement(out)
    _node_rivals(out)
    _expiry(out)
    _carriage(out)
    _forks(out)


def _node_records(out: Told) -> None:
    renewed = Story()
    renewed.renew(expires=TIME + 180 * DAY)
    renewed.lock(time=TIME + 100 * DAY)
    later: Stands = {"now": TIME + 180 * DAY, "number": 2}
    out.tells("NOD-4", "renewed", "the same key and log for longer", renewed, **later)
    wrongs: dict[str, tuple[str, str, Stands]] = {
        "node-number-skipped": ("NOD-1", "node-number", {"number": 3}),
        "node-number-again": ("NOD-1", "node-number", {"number": 1}),
        "node-previous-other": ("NOD-1", "node-previous", {"previous": filler("other")}),
        "node-previous-missing": ("NOD-1", "node-previous", {"previous": None}),
        "node-last-missing": ("NOD-3", "node-last", {"last": None}),
        "node-last-root": ("NOD-4", "node-last", {"root": filler("root")}),
        "node-last-ahead": ("NOD-4", "node-last", {"size": 3}),
    }
    for slug, (rule, fault, change) in wrongs.items():
        story = Story()
        root, size = change.pop("root", None), change.pop("size", None)
        last = story.book.last(size, root)
        story.book.put(story.node(NODE_KEY, last, **change))
        story.second()
        out.tells(rule, slug, "a renewal that is none", story, (0, 2, fault))
    other = Story()
    other.book.put(other.node(NODE_KEY, other.others[0].last()))
    why = "the same key, and a head of another log"
    out.tells("NOD-4", "node-last-other-log", why, other, (0, 2, "node-last"))
    copied = Story()
    before = copied.book.last()
    copied.rotate()
    copied.book.put(copied.node(NODES[1], before))
    why = "at the size that it names its charter is not there: it opens no log, and has no effect"
    standing: Stands = {"holders": copied.holders, "version": 2}
    out.tells("NOD-5", "replacement-in-old-log", why, copied, (0, 3, "log-id"), **standing)
    few = Story()
    few.book.put(few.node(NODE_KEY, few.book.last(), HOME.keys[0]))
    reason = (0, 2, "threshold-missing")
    out.tells("AUT-3", "node-by-one", "a signature too few", few, reason)


def _replacement(out: Told) -> None:
    for slug, size, turned in (("replaced", 3, False), ("replaced-turned", 3, True)):
        story = Story()
        story.second()
        story.second(time=TIME + 1)
        story.lock()
        story.replace(size)
        story.second()
        story.lock()
        at = 1 if turned else 0
        reason = (at, 3, "node-replaced")
        why = "what follows what the new record names is kept and void, but for a lock"
        out.tells("NOD-6", slug, why, story, reason, turned=turned, **REPLACED)
    story.books[0].put(story.say("second", {}, subject=filler("late")))
    reason = (0, 5, "node-replaced")
    story.witness([0, 1, 2], story.books[0], 3)
    story.witness([1], story.books[0], 4)
    why = "one of three others has received one more: one is enough"
    out.tells("NOD-6", "replaced-received", why, story, reason, **REPLACED)
    for slug, turned in (("lock-copied", False), ("lock-copied-turned", True)):
        story = Story()
        story.second()
        word = story.lock()
        story.replace(3)
        story.book.put(word)
        why = "a lock past the cut counts where it stands, its copy in another log does not"
        reason = (0 if turned else 1, 1, "node-key")
        out.tells("AUT-1", slug, why, story, reason, turned=turned, **REPLACED)
    third = Story()
    third.second()
    third.replace()
    third.lock()
    third.replace()
    third.lock()
    stands: Stands = {"node": NODES[2], "number": 3}
    out.tells("AUT-4", "three-logs", "each begins where the one before ends", third, **stands)
    why = "the last log first: the same"
    out.tells("AUT-5", "three-logs-turned", why, third, turned=True, **stands)
    absent = Story()
    absent.second()
    leaf = absent.replace()
    del absent.books[-1]
    absent.lock(time=TIME + 1)
    absent.book.put(leaf)
    why = "in the old log it opens the new one, and has no effect there"
    reason = (0, 4, "node-replaced")
    out.tells("NOD-6", "new-log-not-held", why, absent, reason, **REPLACED)
    again = Story()
    again.second()
    again.replace()
    again.book.put(again.node(NODE_KEY, again.book.last()))
    why = "it would open the log of an earlier key, closed for good; as a leaf here it is a copy"
    out.tells("NOD-5", "retired-key", why, again, (1, 1, "log-id"), **REPLACED)
    carried = Story()
    carried.second()
    leaf = carried.replace()
    del carried.books[-1]
    carried.carry(leaf)
    why = "another council's node carries it: the old log is closed"
    out.tells("NOD-5", "replacement-carried", why, carried, carried=[(1, 2, None)], **REPLACED)
    wrong = Story()
    wrong.second()
    leaf = wrong.node(NODES[1], wrong.book.last(root=filler("root")))
    wrong.books.append(Book(wrong.id, NODES[1], leaf))
    why = "a root that the old log never had leads nowhere"
    out.tells("AUT-6", "replaced-other-root", why, wrong, (1, 0, "log-start"))
    few = Story()
    leaf = few.node(NODES[1], few.book.last(), HOME.keys[0])
    few.books.append(Book(few.id, NODES[1], leaf))
    why = "one of two keyholders replaces nothing"
    out.tells("AUT-6", "replaced-by-one", why, few, (1, 0, "log-start"))


def _node_rivals(out: Told) -> None:
    def rivals() -> Story:
        story = Story()
        story.second()
        first = story.node(NODES[1], story.book.last())
        second = story.node(NODES[2], story.book.last())
        story.books.append(Book(story.id, NODES[1], first))
        story.books.append(Book(story.id, NODES[2], second))
        story.nodes.append(record_id(first[0]))
        return story

    forked: Stands = {"state": "node-fork"}
    for slug, turned in (("rivals", False), ("rivals-turned", True)):
        story = rivals()
        places = (1, 2) if not turned else (0, 1)
        reasons = [(place, 0, "node-fork") for place in places]
        why = "two replacements of one number: neither counts"
        out.tells("NOD-7", slug, why, story, *reasons, turned=turned, **forked)
    story.books[1].put(story.say("second", {}, subject=filler("motion")))
    story.witness([0, 1, 2], story.books[1])
    why = "of each branch counts what another council received"
    out.tells("NOD-7", "rivals-received", why, story, (2, 0, "node-fork"), **forked)
    story = rivals()
    repair = story.node(NODES[3], story.books[1].last(), number=3)
    story.books.append(Book(story.id, NODES[3], repair))
    why = "the next number names one of them: that branch is kept"
    stands: Stands = {"node": NODES[3], "number": 3}
    out.tells("NOD-7", "rivals-repaired", why, story, (2, 0, "node-fork"), **stands)
    for slug, again in (("retired", NODE_KEY), ("rival", NODES[2])):
        story = rivals()
        story.carry(story.node(again, story.books[1].last(), number=3))
        why = "the log of a key that was named before is closed for good: no repair"
        out.tells(
            "NOD-7",
            f"rivals-repaired-by-{slug}",
            why,
            story,
            (1, 0, "node-fork"),
            (2, 0, "node-fork"),
            carried=[(3, 2, "carried-head")],
            **forked,
        )
    story = rivals()
    repair = story.node(NODES[3], story.books[1].last(), HOME.keys[0], number=3)
    story.books.append(Book(story.id, NODES[3], repair))
    why = "by one of two keyholders: no repair"
    reasons = [(1, 0, "node-fork"), (2, 0, "node-fork"), (3, 0, "log-start")]
    out.tells("NOD-7", "rivals-not-repaired", why, story, *reasons, **forked)


def _expiry(out: Told) -> None:
    end = TIME + 90 * DAY
    story = Story()
    story.lock(time=end)
    out.tells("NOD-8", "last-second", "at `expires` the key still speaks", story, now=end)
    story = Story()
    story.lock(time=end + 1)
    story.second(time=end + 1)
    reason = (0, 2, "node-expired")
    why = "the node's own records do not count, the keyholders' do"
    stands: Stands = {"now": end + 1, "state": "expired"}
    out.tells("NOD-8", "expired", why, story, reason, **stands)
    why = "expiry is read from the time that a record claims"
    early: Stands = {"now": end, "state": "active"}
    out.tells("LIF-2", "expired-by-claim", why, story, reason, **early)
    story.renew(time=end + 1, expires=end + 90 * DAY)
    story.lock(time=end + 2)
    why = "a renewal after it: the node speaks again"
    out.tells("NOD-8", "expired-renewed", why, story, reason, number=2, now=end + 2)
    story = Story()
    story.replace()
    story.lock(time=end + 1)
    reason = (1, 1, "node-expired")
    stands = {"now": end + 1, "state": "expired", **REPLACED}
    out.tells("NOD-8", "replaced-expired", "each node record has its end", story, reason, **stands)


def _carriage(out: Told) -> None:
    story = Story()
    story.carry(story.say("recall", {}, subject=story.grant()))
    out.tells("CAR-1", "carried-recall", "said elsewhere", story, carried=[(1, 2, None)])
    story = Story()
    story.carry(story.say("second", {}, subject=filler("motion")))
    reason = (1, 2, "carried-kind")
    out.tells("CAR-1", "carried-second", "no kind that is carried", story, reason)
    story = Story()
    theirs = story.others[0]
    inner = story.say("recall", {}, NODES[0], subject=filler("mandate"), council=theirs.council)
    story.carry(inner)
    out.tells("CAR-1", "carried-of-itself", "a council carries others' records", story, reason)
    story = Story()
    story.carry(story.say("recall", {}, subject=filler("mandate")), signer=STRANGER)
    out.tells("AUT-1", "carried-by-stranger", "by the node alone", story, (1, 2, "node-key"))
    inners = {
        "by-one": ("threshold-missing", {}, HOME.keys[:1]),
        "version-ahead": ("charter-version", {"charter": 2}, ()),
    }
    for slug, (fault, change, keys) in inners.items():
        story = Story()
        story.carry(story.say("recall", {}, *keys, subject=filler("mandate"), **change))
        why = "judged by what stood at the head"
        rule = "AUT-3" if keys else "CHA-4"
        out.tells(rule, f"carried-{slug}", why, story, carried=[(1, 2, fault)])
    story = Story()
    mandate = story.grant()
    old = story.book.head()
    inner = story.say("recall", {}, subject=mandate)
    story.rotate()
    story.carry(inner, head=old)
    stands: Stands = {"version": 2, "holders": NEW[:3]}
    why = "by the charter of that head, not by today's"
    out.tells("CAR-2", "carried-old-head", why, story, carried=[(1, 2, None)], **stands)
    for slug, why, size, root in (
        ("carried-head-other-root", "a head that the log never had", 2, filler("root")),
        ("carried-head-ahead", "a head that nobody holds yet", 9, filler("root")),
    ):
        story = Story()
        head = story.book.head(size=size, root=root)
        story.carry(story.say("recall", {}, subject=filler("mandate")), head=head)
        out.tells("CAR-2", slug, why, story, carried=[(1, 2, "carried-head")])
    story = Story()
    story.second()
    story.second(time=TIME + 1)
    past = story.book.head()
    inner = story.say("recall", {}, subject=filler("mandate"))
    story.carry(inner, head=past)
    story.replace(3)
    reason = (0, 3, "node-replaced")
    why = "past what counts of the old log"
    stands = {**REPLACED, "carried": [(2, 2, "carried-head")]}
    out.tells("CAR-2", "carried-past-cut", why, story, reason, **stands)
    story = Story()
    inner = story.say("recall", {}, subject=story.grant())
    story.carry(inner)
    story.carry(inner, by=1)
    carried = [(1, 2, None), (2, 2, None)]
    out.tells("CAR-3", "carried-by-two", "two carry one record", story, carried=carried)
    story = Story()
    story.carry(inner)
    body = story.others[0].rows.pop()
    story.others[0].put((body[0], [[*body[1][0][:2], NODE_KEY.sign(b"")]], None))
    out.tells("CAR-3", "carried-leaf-forged", "no record at all", story, (1, 2, "sig-invalid"))
    story = Story()
    story.book.put(story.node(NODE_KEY, story.book.last()))
    renewal = story.book.rows.pop()
    story.carry(renewal)
    why = "a renewal counts in its own log alone"
    out.tells("NOD-4", "carried-renewal", why, story, carried=[(1, 2, "log-id")])


def _forks(out: Told) -> None:
    forked: Stands = {"state": "log-fork"}

    def long() -> Story:
        story = Story()
        for second in range(3):
            story.second(time=TIME + second)
        story.lock()
        return story

    story = long()
    story.forked(3)
    reasons = [(0, index, "log-fork") for index in (3, 4)]
    why = "two roots of size 3: below it all counts, above it votes and locks"
    out.tells("FRK-4", "fork-same-size", why, story, *reasons, **forked)
    turned = [(1, index, "log-fork") for index in (3, 4)]
    out.tells("FRK-4", "fork-first", why, story, *turned, turned=True, **forked)
    story = long()
    story.forked(4)
    story.forked(3)
    out.tells("FRK-4", "fork-two-proofs", "the least counts", story, *reasons, **forked)
    story = long()
    story.forked(2)
    story.witness([0, 1, 2], story.book, 4)
    why = "what another council has received counts"
    out.tells("FRK-4", "fork-received", why, story, (0, 4, "log-fork"), **forked)
    story = long()
    story.forked(3)
    story.replace(4)
    story.lock()
    why = "a replacement says which branch is kept, and how far"
    reason = (0, 4, "node-replaced")
    out.tells("FRK-5", "fork-replaced", why, story, reason, **REPLACED)
    story = long()
    leaves = [envelope(leaf) for leaf in story.book.rows]
    small = story.book.head(size=3, root=filler("other root"))
    proof = {"root": story.book.root(3), "path": trees.proof(3, leaves)}
    story.prove(story.book, small, story.book.head(), **proof)
    reasons = [(0, index, "log-fork") for index in (3, 4)]
    out.tells("FRK-4", "fork-two-sizes", "the larger had another root", story, *reasons, **forked)
    story = long()
    wrongs = {
        "fork-same-root": (story.book.head(size=3), story.book.head(TIME + 1, size=3), {}),
        "fork-consistent": (story.book.head(size=3), story.book.head(), proof),
        "fork-no-path": (small, story.book.head(), {}),
        "fork-same-size-path": (small, story.book.head(size=3), proof),
        "fork-path-wrong": (
            small,
            story.book.head(),
            {**proof, "path": [filler("x"), *proof["path"][1:]]},
        ),
    }
    for slug, (one, other, more) in wrongs.items():
        story = long()
        story.prove(story.book, one, other, **more)
        fault = "proof-root" if slug == "fork-path-wrong" else "fork-proof"
        out.tells("FRK-2", slug, "no proof of anything", story, (1, 2, fault))
    story = long()
    forged = Book(story.id, STRANGER, *story.book.rows)
    story.prove(story.book, story.book.head(size=3), forged.head(size=3, root=filler("r")))
    out.tells(
        "FRK-1",
        "fork-by-another-key",
        "another signed it",
        story,
        (1, 2, "head-signature"),
    )
