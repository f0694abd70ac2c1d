"""Vectors of specs/04: `council`; suspension."""

from tools.vectors.council_servers import HOUR, REPLACED
from tools.vectors.examples import TIME
from tools.vectors.scenes import HOME, STRANGER
from tools.vectors.signing import NODE_KEY
from tools.vectors.stories import NEW, NODES, Stands, Story, Told


def stops(out: Told) -> None:
    """Who stops a key, for how long, and what that changes."""
    first, second, third = HOME.keys
    node = {"key": NODE_KEY.public}
    over = TIME + 72 * HOUR
    story = Story()
    story.add("suspension", node, first)
    story.lock(time=over - 1)
    story.lock(time=over)
    story.second(time=TIME + 1)
    reason = (0, 3, "node-suspended")
    why = "72 hours from the time it claims, the keyholders go on"
    out.tells("SUS-3", "stop-node", why, story, reason, now=over - 1, state="suspended")
    out.tells("SUS-3", "stop-node-lapsed", "and no second more", story, reason, now=over)
    story = Story()
    story.add("suspension", node, first)
    story.add("suspension", {**node, "lift": True})
    story.lock()
    out.tells("SUS-2", "stop-lifted", "by the threshold", story)
    story = Story()
    story.add("suspension", node, first)
    story.add("suspension", {**node, "lift": True}, second)
    stands: Stands = {"state": "suspended"}
    reason = (0, 3, "threshold-missing")
    out.tells("AUT-3", "stop-lifted-by-one", "one keyholder lifts nothing", story, reason, **stands)
    wrongs = {
        "stop-by-two": ("suspension-signer", "alone", NODE_KEY, (first, second)),
        "stop-by-stranger": ("suspension-signer", "no keyholder", NODE_KEY, (STRANGER,)),
        "stop-by-node": ("suspension-signer", "the server suspends nobody", first, (NODE_KEY,)),
        "stop-of-stranger": ("suspension-target", "no key of the council", STRANGER, (first,)),
        "stop-of-old-node": ("suspension-target", "no node key in force", NODES[1], (first,)),
        "stop-of-oneself": ("suspension-target", "another keyholder's", first, (first,)),
    }
    for slug, (fault, why, target, keys) in wrongs.items():
        story = Story()
        story.add("suspension", {"key": target.public}, *keys)
        out.tells("SUS-1", slug, why, story, (0, 2, fault))
    story = Story()
    story.add("suspension", node, first)
    story.add("suspension", node, first, time=over)
    story.add("suspension", node, second, time=over)
    reason = (0, 3, "suspension-again")
    stands = {"now": over, "state": "suspended"}
    out.tells("SUS-1", "stop-again", "once each under a charter", story, reason, **stands)
    story = Story()
    story.add("suspension", node, first)
    story.rotate([first, second, NEW[0]])
    story.add("suspension", node, first, time=over)
    stands = {"now": over, "state": "suspended", "version": 2, "holders": story.holders}
    out.tells("SUS-1", "stop-again-next-charter", "once more under the next", story, **stands)
    story = Story()
    story.add("suspension", node, first)
    story.replace()
    story.lock()
    out.tells("SUS-2", "stop-new-node", "a new node key is not suspended", story, **REPLACED)
    story = Story()
    story.add("suspension", {"key": second.public}, first)
    story.second(first, second)
    story.second(first, third)
    story.add("suspension", {"key": first.public}, second)
    story.second(first, second, time=over)
    reasons = [(0, 3, "threshold-missing"), (0, 5, "suspension-signer")]
    why = "its signature counts towards nothing, and it cannot suspend"
    out.tells("SUS-4", "stop-keyholder", why, story, *reasons)
    story = Story()
    item = story.say("suspension", node, first)
    story.lock()
    story.carry(item, head=story.book.head(TIME + HOUR, size=2))
    carried = [(1, 2, None)]
    why = "it takes nothing back, and stops the node"
    stands = {"now": over + HOUR - 1, "state": "suspended", "carried": carried}
    out.tells("SUS-5", "stop-carried", why, story, **stands)
    twice = Story()
    early = twice.say("suspension", node, first)
    late = twice.say("suspension", {"key": third.public}, first)
    twice.second()
    twice.second(time=TIME + 1)
    twice.carry(early)
    twice.replace(4)
    twice.carry(late)
    why = "two by one keyholder: the first by the log it names, whatever the sizes"
    stops = [(2, 2, None), (2, 3, "suspension-again")]
    out.tells("SUS-6", "stop-carried-twice", why, twice, carried=stops, **REPLACED)
    why = "72 hours from the head that it names, which is later"
    out.tells("SUS-2", "stop-carried-lapsed", why, story, now=over + HOUR, carried=carried)
