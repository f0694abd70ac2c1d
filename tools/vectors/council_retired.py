"""Vectors of specs/04: `council`; what keyholders who were replaced can still sign (NOD-11)."""

from tools.vectors.examples import TIME
from tools.vectors.scenes import HOME, Row
from tools.vectors.signing import NODE_KEY
from tools.vectors.stories import NEW, NODES, Book, Stands, Story, Told

ROTATED: Stands = {"holders": NEW[:3], "version": 2}


def retired_keys(out: Told) -> None:
    """All that is about branches that others confirmed."""
    _rival_of_the_first(out)
    _rival_of_a_replacement(out)
    _old_place(out)
    _old_suspension(out)
    _old_recall(out)


def _begun(old: Row, *leaves: Row, node: int = 3) -> Book:
    """The log that an old record begins."""
    return Book(HOME.id, NODES[node], *leaves, old)


def _rotated(story: Story) -> Row:
    """Other keyholders are in force; what they were called to sign by the old ones instead."""
    instead = story.charter(NEW[2:])
    story.rotate()
    story.second(time=TIME + 1)
    return instead


def _rival_of_the_first(out: Told) -> None:
    def story() -> tuple[Story, Row]:
        made = Story()
        old = made.node(NODES[3], None, number=1, previous=None)
        instead = _rotated(made)
        made.books.append(_begun(old, HOME.charter))
        return made, instead

    refused = (1, 1, "node-fork")
    for slug, turned in (("first", False), ("first-turned", True)):
        made, _ = story()
        made.witness([1], made.books[0])
        why = "the next charter was received in one of two first logs: that log is kept"
        out.tells("NOD-11", f"confirmed-{slug}", why, made, refused, turned=turned, **ROTATED)
    made, instead = story()
    made.book.put(instead)
    made.witness([1], made.books[0])
    why = "another next charter that nobody received changes nothing"
    reasons = (refused, (1, 2, "node-fork"))
    out.tells("NOD-11", "confirmed-against-charter", why, made, *reasons, **ROTATED)
    made.witness([2], made.book)
    forked: Stands = {"state": "node-fork", "node": None, "number": 0}
    why = "a charter was received in each: a fork, in which both count as far as received"
    out.tells("NOD-11", "confirmed-both", why, made, **forked)
    made, _ = story()
    neither = tuple((0, index, "node-fork") for index in (1, 2, 3))
    why = "nobody received a charter of either: a fork"
    out.tells("NOD-11", "confirmed-neither", why, made, *neither, refused, **forked)


def _rival_of_a_replacement(out: Told) -> None:
    made = Story()
    made.second()
    old = made.node(NODES[3], made.book.last(2))
    made.replace()
    _rotated(made)
    made.witness([1], made.book)
    made.books.append(_begun(old))
    stands: Stands = {**ROTATED, "node": NODES[1], "number": 2}
    why = "of two replacements others received the next charter of one"
    out.tells("NOD-11", "confirmed-replacement", why, made, (2, 0, "node-fork"), **stands)


def _old_place(out: Told) -> None:
    made = Story()
    old = made.node(NODES[3], made.book.last())
    instead = _rotated(made)
    made.books.append(_begun(old))
    why = "it names a place before the next charter, which nobody received: it replaces"
    reasons = tuple((0, index, "node-replaced") for index in (2, 3))
    stands: Stands = {"node": NODES[3], "number": 2}
    out.tells("NOD-6", "replaced-before-charter", why, made, *reasons, **stands)
    made.witness([1], made.books[0])
    why = "it names a place before a charter that another council received: it does not count"
    out.tells("NOD-11", "confirmed-old-place", why, made, (1, 0, "node-fork"), **ROTATED)
    made.book.put(instead)
    made.witness([2], made.book)
    why = "others received a next charter in the log and in its replacement: a fork"
    out.tells("NOD-11", "confirmed-log-and-replacement", why, made, state="node-fork")


def _old_suspension(out: Told) -> None:
    made = Story()
    item = made.say("suspension", {"key": NODE_KEY.public}, HOME.keys[0])
    made.carry(item)
    why = "a keyholder stops the server through another council"
    carried = [(1, 2, None)]
    out.tells("SUS-2", "carried-in-force", why, made, carried=carried, state="suspended")
    _rotated(made)
    why = "who held a key under an earlier charter stops nobody any more"
    out.tells("SUS-2", "carried-before-charter", why, made, carried=carried, **ROTATED)


def _old_recall(out: Told) -> None:
    for slug, late in (("known", False), ("later", True)):
        made = Story()
        head = made.book.head()
        if late:
            _rotated(made)
        mandate = made.grant()
        item = made.say("recall", {}, *HOME.keys[:2], charter=1, subject=mandate)
        made.carry(item, head=head if late else None)
        fault = "mandate-unknown" if late else None
        why = "of a mandate that was granted " + ("after that place" if late else "before")
        stands = ROTATED if late else {}
        out.tells("CAR-2", f"carried-recall-{slug}", why, made, carried=[(1, 2, fault)], **stands)
