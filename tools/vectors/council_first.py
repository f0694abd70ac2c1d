"""Vectors of specs/04: `council`; the first node record, and two that are rivals."""

from tools.vectors.scenes import HOME
from tools.vectors.signing import NODE_KEY, filler, record_id
from tools.vectors.stories import NODES, Book, Stands, Story, Told


def first_servers(out: Told) -> None:
    """All that is about node records of number 1."""
    _first_records(out)
    _first_rivals(out)


def _first_records(out: Told) -> None:
    bare = Story()
    del bare.books[0].rows[1]
    stands: Stands = {"state": "chartered", "node": None, "number": 0}
    out.tells("NOD-1", "no-node", "a council without a server", bare, **stands)
    bare.lock()
    reason = (0, 1, "node-key")
    out.tells("AUT-1", "node-before-node", "no node key is in force", bare, reason, **stands)
    firsts: dict[str, tuple[Stands, str]] = {
        "node-first-with-last": ({"last": Story().book.last(1)}, "node-previous"),
        "node-first-with-previous": ({"previous": filler("before")}, "node-previous"),
        "node-first-is-second": ({"number": 2}, "node-number"),
    }
    for slug, (change, fault) in firsts.items():
        story = Story()
        story.nodes = []
        del story.book.rows[1]
        story.book.put(story.node(NODE_KEY, None, **{"previous": None, **change}))
        rule = "NOD-1" if fault == "node-number" else "NOD-2"
        out.tells(rule, slug, "no number 1", story, (0, 1, fault), **stands)
    late = Story()
    late.nodes = []
    del late.book.rows[1]
    late.second()
    late.book.put(late.node(NODE_KEY, None))
    why = "number 1 is leaf 1"
    out.tells("NOD-2", "node-first-late", why, late, (0, 2, "node-previous"), **stands)
    foreign = Story()
    foreign.nodes = []
    del foreign.book.rows[1]
    foreign.book.put(foreign.node(NODES[1], None))
    why = "it names another key than that of its log"
    out.tells("NOD-2", "node-first-other-key", why, foreign, (0, 1, "log-id"), **stands)
    conveyed = Story()
    first = conveyed.book.rows[1]
    conveyed.carry(first, head=conveyed.book.head(size=1))
    why = "the first node record counts in its own log alone"
    out.tells("NOD-2", "carried-first-node", why, conveyed, carried=[(1, 2, "log-id")])


def _first_rivals(out: Told) -> None:
    """Two servers that begin with one charter."""

    def rivals() -> Story:
        story = Story()
        other = story.node(NODES[1], None, number=1, previous=None)
        story.books.append(Book(story.id, NODES[1], HOME.charter, other))
        return story

    forked: Stands = {"state": "node-fork", "node": None, "number": 0}
    both = ((0, 1, "node-fork"), (1, 1, "node-fork"))
    why = "two first node records: the charter counts, neither server does"
    out.tells("NOD-7", "first-rivals", why, rivals(), *both, **forked)
    out.tells("NOD-7", "first-rivals-turned", why, rivals(), *both, turned=True, **forked)
    story = rivals()
    story.witness([0], story.books[1])
    why = "what another council received of one counts, and the fork stands"
    out.tells("NOD-7", "first-rivals-received", why, story, (0, 1, "node-fork"), **forked)
    for kept in range(2):
        story = rivals()
        opening = story.books[kept].rows[1]
        last, before = story.books[kept].last(), record_id(opening[0])
        repair = story.node(NODES[3], last, number=2, previous=before)
        story.books.append(Book(story.id, NODES[3], repair))
        why = "number 2 names one of them: that log is kept"
        stands: Stands = {"node": NODES[3], "number": 2}
        out.tells(
            "NOD-7", f"first-rivals-kept-{kept}", why, story, (1 - kept, 1, "node-fork"), **stands
        )
    story = Story()
    alone = story.node(NODES[1], None, HOME.keys[0], number=1, previous=None)
    story.books.append(Book(story.id, NODES[1], HOME.charter, alone))
    reasons = ((1, 0, "log-start"), (1, 1, "log-start"))
    why = "one of two keyholders founds no second server"
    out.tells("AUT-6", "first-rival-by-one", why, story, *reasons)
