"""A council's chain of logs, judged a second time: from specs/04, by another hand and style.

Nothing of the rules, the view or the engine is imported. Where they fold and remember, this
asks: each question is answered from the list of all facts so far, again and again. It is
slow, and short enough to be read beside the specification.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from confedproto.ids import PublicKey, log_id

HOURS_72 = 72 * 3_600
BY_THRESHOLD = {
    "link",
    "compact",
    "accession",
    "motion",
    "second",
    "freeze",
    "position",
    "mandate",
    "recall",
}
BY_NODE = {"witness", "vote", "lock", "carried", "fork-proof"}


class Fact(NamedTuple):
    """A record that counts, and as what."""

    role: str
    record: Any


class Carried(NamedTuple):
    """A record in another's log, with the head it names."""

    carrier: bytes
    record: Any
    log: bytes
    size: int
    root: bytes
    time: int


class Held(NamedTuple):
    """All that is held of one council."""

    network: Any
    council: bytes
    logs: Mapping[bytes, Sequence[Any]]
    root: Callable[[bytes, int], bytes]
    carried: Sequence[Carried]
    received: Mapping[bytes, int]  # log -> size that enough others witnessed
    forked: Mapping[bytes, int]  # log -> smaller size of a fork proof


class Verdict(NamedTuple):
    """What counts: places, and where the council stands in the end."""

    places: frozenset[tuple[bytes, int]]
    carried: frozenset[bytes]
    charters: tuple[bytes, ...]
    node: int
    state: str


# --- questions about the facts so far ---------------------------------------------------------


def charters(facts: Sequence[Fact]) -> list[Any]:
    return [f.record for f in facts if f.role in ("charter", "repair")]


def nodes(facts: Sequence[Fact]) -> list[Any]:
    return [f.record for f in facts if f.role == "node"]


def open_rival(facts: Sequence[Fact]) -> Any:
    """The rival charter that no repair has followed yet."""
    roles = [f for f in facts if f.role in ("charter", "rival", "repair")]
    return roles[-1].record if roles and roles[-1].role == "rival" else None


def stopped(facts: Sequence[Fact], key: bytes, time: int) -> bool:
    """Whether a key is suspended for a record of this time."""
    live: list[int] = []
    for fact in facts:
        if fact.role == "stop" and fact.record.body.key == key:
            live.append(fact.record.time + HOURS_72)
        if fact.role == "lift" and fact.record.body.key == key:
            live = []
    return any(time < end for end in live)


def enough(facts: Sequence[Fact], charter: Any, record: Any) -> bool:
    able = [k for k in record.signers if k in charter.body.keys]
    return sum(not stopped(facts, k, record.time) for k in able) >= charter.body.threshold


def sound(body: Any) -> bool:
    m, n = body.threshold, len(body.keys)
    if list(body.keys) != sorted(set(body.keys)) or body.rules != 1:
        return False
    return (m, n) == (1, 1) or (n > 2 and n > m and 2 * m > n)


def mandate_of(facts: Sequence[Fact], wanted: bytes | None) -> Any:
    found = [f.record for f in facts if f.record.kind == "mandate" and f.record.id == wanted]
    return found[0] if found else None


# --- one record after these facts -------------------------------------------------------------


def role_of(facts: Sequence[Fact], record: Any, council: bytes) -> str | None:
    """As what the record would count next, or None."""
    if record.kind == "charter":
        return role_of_charter(facts, record, council)
    so_far = charters(facts)
    if not so_far or record.council != council or record.charter != len(so_far):
        return None
    if open_rival(facts) is not None:
        return None
    now = so_far[-1]
    if record.kind == "suspension":
        return role_of_suspension(facts, record, now)
    if record.kind == "node":
        return "node" if enough(facts, now, record) and node_fits(facts, record) else None
    if record.kind in BY_THRESHOLD:
        return "other" if enough(facts, now, record) else None
    if record.kind == "act":
        granted = mandate_of(facts, record.subject)
        ours = granted is not None and record.signers == (granted.body.delegate,)
        return "other" if ours and nodes(facts) else None
    if record.kind in BY_NODE:
        return "other" if node_speaks(facts, record) else None
    return None


def role_of_charter(facts: Sequence[Fact], record: Any, council: bytes) -> str | None:
    so_far, rival = charters(facts), open_rival(facts)
    if not sound(record.body):
        return None
    if not so_far:
        first = record.charter == 0 and record.body.previous is None
        return "charter" if first and enough(facts, record, record) else None
    if record.council != council:
        return None
    if rival is None and record.charter == len(so_far) - 1 > 0:
        before = so_far[-2]
        other = record.id != so_far[-1].id and record.body.previous == before.id
        both = enough(facts, before, record) and enough(facts, record, record)
        return "rival" if other and both else None
    if record.charter != len(so_far):
        return None
    named = {so_far[-1].id} if rival is None else {so_far[-1].id, rival.id}
    voters = so_far[-1] if rival is None else so_far[-2]
    fits = record.body.previous in named and enough(facts, record, record)
    if not fits or not enough(facts, voters, record):
        return None
    return "charter" if rival is None else "repair"


def role_of_suspension(facts: Sequence[Fact], record: Any, now: Any) -> str | None:
    target, server = record.body.key, nodes(facts)
    of_server = bool(server) and server[-1].body.key == target
    if not of_server and target not in now.body.keys:
        return None
    if record.body.lift:
        return "lift" if enough(facts, now, record) else None
    if len(record.signers) != 1 or record.signers[0] not in now.body.keys:
        return None
    who = record.signers[0]
    if who == target or stopped(facts, who, record.time):
        return None
    before = [f.record for f in facts if f.role == "stop"]
    again = any(r.signers == (who,) and r.charter == record.charter for r in before)
    if again or (of_server and not server):
        return None
    return "stop"


def node_fits(facts: Sequence[Fact], record: Any) -> bool:
    so_far, body = nodes(facts), record.body
    if body.number != len(so_far) + 1:
        return False
    if not so_far:
        return body.previous is None and body.last is None
    if body.previous != so_far[-1].id or body.last is None:
        return False
    return body.key == so_far[-1].body.key or all(n.body.key != body.key for n in so_far)


def node_speaks(facts: Sequence[Fact], record: Any) -> bool:
    server = nodes(facts)
    if not server or record.signers != (server[-1].body.key,):
        return False
    live = record.time <= server[-1].body.expires
    return live and not stopped(facts, server[-1].body.key, record.time)


# --- the chain ----------------------------------------------------------------------------------


def judge(held: Held) -> Verdict:
    """All that is held of a council, judged at each record's place."""
    places: set[tuple[bytes, int]] = set()
    taken: dict[bytes, list[Fact]] = {}  # carrier -> the facts where its record is judged
    seen: set[bytes] = set()
    order: list[bytes] = []
    log = min((i for i, leaves in held.logs.items() if founds(leaves)), default=None)
    facts: list[Fact] = []
    opening: Any = None
    forced: Any = None
    state = "unknown"
    twins = firsts(held)
    if twins:
        log = opens(held, twins[0])
    if len(twins) > 1:  # rivals that begin after the charter, which counts (NOD-7)
        charter = held.logs[opens(held, twins[0])][0]
        facts, seen = [Fact("charter", charter)], {charter.id}
        kept = confirmed(held, [(one, facts) for one in twins]) or repair(held, facts, twins)
        for one in twins:
            if kept is None or one.id != kept[0].id:
                places |= branch(held, facts, one, seen, least=1)
        state = "node-fork"
        opening, forced = kept or (None, None)
        facts = [*facts, Fact("node", opening)] if kept else facts
        log = opens(held, opening) if kept else None
    while log is not None:
        order.append(log)
        offered = [] if forced is not None else openings(held, log)
        before = list(facts)
        found: list[tuple[Any, list[Fact]]] = []
        for one in offered:
            last = one.body.last
            if not reaches(held, log, last.size, last.root):
                continue
            at = replay(held, log, before, opening, last.size, seen)[0]
            if role_of(at, one, held.council) == "node":
                found.append((one, at))
        past = extents(held) if len(found) > 1 else held.received
        stale = [
            (one, at)
            for one, at in found
            if nexts(held, log, one.body.last.size, past.get(log, 0), at)
        ]
        torn = any(upheld(held, one, at) for one, at in stale)
        fresh = [one for one in found if one not in stale]
        sure = confirmed(held, fresh) if len(fresh) > 1 else None
        if forced is not None:
            after = [forced]
        elif torn:
            after = [one for one, _ in found]
        elif sure is not None:
            after = [sure[0]]
        else:
            after = [one for one, _ in fresh]
        lost = found if torn else [(one, at) for one, at in found if one not in after]
        end, cut = len(held.logs.get(log, ())), False
        if after:
            end, cut = max(min(a.body.last.size for a in after), held.received.get(log, 0)), True
        elif log in held.forked:
            end, cut = max(held.forked[log], held.received.get(log, 0)), True
        end = min(end, len(held.logs.get(log, ())))
        inserted = rivals(held, log, before, opening, end, seen)
        for one in held.carried:
            if one.log == log and one.size <= end and reaches(held, log, one.size, one.root):
                taken[one.carrier] = replay(held, log, before, opening, one.size, seen, inserted)[0]
        facts, counted = replay(held, log, before, opening, end, seen, inserted)
        places |= {(log, index) for index in counted}
        whole = replay(held, log, before, opening, len(held.logs.get(log, ())), seen)[1]
        places |= {(log, index) for index in whole if is_word(held, log, index)}
        seen |= {held.logs[log][index].id for index in counted}
        state = standing(facts)
        for one, at in lost:
            if torn or all(opens(held, one) != opens(held, other) for other in after):
                places |= branch(held, at, one, seen)
        if torn:
            facts = min(found, key=lambda pair: pair[0].body.last.size)[1]
            state = "node-fork"
            break
        if len(after) == 1:
            opening, forced = after[0], sure[1] if sure else None
            facts = [*facts, Fact("node", opening)]
            log = opens(held, opening)
            state = "active"
            continue
        if len(after) > 1:
            kept = repair(held, facts, after)
            for one in after:
                if kept is None or one.id != kept[0].id:
                    places |= branch(held, facts, one, seen)
            if kept is None:
                state = "node-fork"
                break
            opening, forced = kept
            facts = [*facts, Fact("node", opening)]
            log = opens(held, opening)
            state = "active"
            continue
        if cut:
            state = "log-fork"
        log = None
    good: set[bytes] = set()
    stops: set[tuple[bytes, int]] = set()
    along = [c for c in held.carried if c.carrier in taken]
    along.sort(key=lambda c: (order.index(c.log), c.size, c.time, c.record.id, c.carrier))
    for one in along:
        role = role_of(taken[one.carrier], one.record, held.council)
        if role is None or role == "rival":
            continue
        last = one.record.body.last if role == "node" else None
        if last is not None and (last.log != one.log or opens(held, one.record) == last.log):
            continue  # not of this log; or a renewal, which counts in its own log alone
        if one.record.kind == "recall" and not mandate_of(taken[one.carrier], one.record.subject):
            continue  # of a mandate that was not granted there
        if role == "stop":
            once = (one.record.signers[0], one.record.charter)
            if once in stops:
                continue
            stops.add(once)
        good.add(one.carrier)
    return Verdict(
        places=frozenset(places),
        carried=frozenset(good),
        charters=tuple(c.id for c in charters(facts)),
        node=len(nodes(facts)),
        state=state,
    )


def begins(held: Held, log: bytes) -> Any:
    """The node record that a log of its own key begins with."""
    leaves = held.logs.get(log, ())
    index = 1 if founds(leaves) else 0
    one = leaves[index] if len(leaves) > index else None
    return one if one is not None and one.kind == "node" and opens(held, one) == log else None


def parent(held: Held, log: bytes) -> Any:
    """The head that a log's first record names in the log before it."""
    one = begins(held, log)
    last = None if one is None else one.body.last
    return None if last is None or last.log == log else last


def extents(held: Held) -> dict[bytes, int]:
    """How far others received each log, or one that goes on from there (NOD-11)."""
    out = {log: size for log, size in held.received.items() if size}
    for log in list(out):
        met, last = {log}, parent(held, log)
        while last is not None and last.log in held.logs:
            if reaches(held, last.log, last.size, last.root):
                out[last.log] = max(out.get(last.log, 0), last.size)
            if last.log in met:
                break
            met.add(last.log)
            last = parent(held, last.log)
    return out


def nexts(held: Held, log: bytes, start: int, end: int, facts: Sequence[Fact]) -> list[Any]:
    """The charters in part of a log that could follow next on these facts."""
    part = held.logs.get(log, ())[start:end]
    return [leaf for leaf in part if role_of(facts, leaf, held.council) in ("charter", "repair")]


def upheld(held: Held, rival: Any, facts: Sequence[Fact]) -> list[Any]:
    """The charters by which others confirmed the branch that a node record opens (NOD-11)."""
    first = opens(held, rival)
    one = begins(held, first)
    if one is None or one.id != rival.id:
        return []
    out: list[Any] = []
    for log, size in extents(held).items():
        line, last = [log], parent(held, log)
        while last is not None and last.log not in line:
            line.append(last.log)
            last = parent(held, last.log)
        if first in line:
            out += nexts(held, log, 0, size, facts)
    return out


def confirmed(held: Held, rivals: Sequence[tuple[Any, Sequence[Fact]]]) -> tuple[Any, Any] | None:
    """The one of several rivals that others confirmed, and a repair that they did (NOD-11)."""
    sure = [(one, facts) for one, facts in rivals if upheld(held, one, facts)]
    if len(sure) != 1:
        return None
    one, facts = sure[0]
    log = opens(held, one)
    found = [
        offer
        for offer in repairs(held, facts, one, [rival for rival, _ in rivals])
        if upheld(held, offer, facts)
        and not nexts(held, log, offer.body.last.size, extents(held).get(log, 0), facts)
    ]
    return one, found[0] if len(found) == 1 else None


def firsts(held: Held) -> list[Any]:
    """The node records of number 1 that may begin the chain: leaf 1 after the first charter."""
    found: dict[bytes, Any] = {}
    for where, leaves in held.logs.items():
        if not founds(leaves) or len(leaves) < 2 or leaves[1].kind != "node":
            continue
        after = [Fact("charter", leaves[0])]
        if opens(held, leaves[1]) == where and role_of(after, leaves[1], held.council) == "node":
            found[leaves[1].id] = leaves[1]
    return sorted(found.values(), key=lambda record: record.id)


def branch(
    held: Held, facts: Sequence[Fact], rival: Any, seen: set[bytes], least: int = 0
) -> set[tuple[bytes, int]]:
    """What counts of a branch that is not kept: what others received, and a node's words."""
    log = opens(held, rival)
    one = begins(held, log)
    if one is None or one.id != rival.id:
        return set()  # begun by another record of the same key, or not held
    length, got = len(held.logs.get(log, ())), extents(held)
    size = min(max(got.get(log, 0), least), length)
    side = [*facts, Fact("node", rival)]
    _, counted = replay(held, log, side, rival, size, seen)
    _, whole = replay(held, log, side, rival, length, seen)
    known = set(seen)
    seen |= {held.logs[log][index].id for index in counted}
    places = {(log, i) for i in counted} | {(log, i) for i in whole if is_word(held, log, i)}
    for offer in reversed(openings(held, log)):
        last = offer.body.last
        if last.size > size or not reaches(held, log, last.size, last.root):
            continue
        at = replay(held, log, side, rival, last.size, known)[0]
        if got.get(opens(held, offer), 0) and role_of(at, offer, held.council) == "node":
            places |= branch(held, at, offer, seen)
    return places


def is_word(held: Held, log: bytes, index: int) -> bool:
    """What a node said in rounds: nothing takes it back (CER-6)."""
    return held.logs[log][index].kind in ("status", "vote", "lock")


def standing(facts: Sequence[Fact]) -> str:
    if not facts:
        return "unknown"
    if open_rival(facts) is not None:
        return "charter-fork"
    return "active" if nodes(facts) else "chartered"


def founds(leaves: Sequence[Any]) -> bool:
    return bool(leaves) and leaves[0].kind == "charter" and leaves[0].charter == 0


def opens(held: Held, node: Any) -> bytes:
    return log_id(held.network, node.council, PublicKey(node.body.key))


def openings(held: Held, log: bytes) -> list[Any]:
    """Every node record that closes this log and opens another, wherever it stands."""
    found: dict[bytes, Any] = {}
    for where, leaves in held.logs.items():
        for index, leaf in enumerate(leaves):
            if leaf.kind == "node" and (index == 0 or opens(held, leaf) != where):
                found[leaf.id] = leaf
    for one in held.carried:
        if one.record.kind == "node":
            found[one.record.id] = one.record
    named = [r for r in found.values() if r.body.last is not None and r.body.last.log == log]
    named = [r for r in named if opens(held, r) != log]  # a renewal opens nothing
    return sorted(named, key=lambda r: r.id)


def reaches(held: Held, log: bytes, size: int, root: bytes) -> bool:
    return 0 < size <= len(held.logs.get(log, ())) and held.root(log, size) == root


def at_home(held: Held, log: bytes, index: int, node: Any) -> bool:
    """Whether a node record may be this leaf: the first, or a renewal that names this log."""
    last = node.body.last
    if opens(held, node) != log:
        return False
    if last is None:
        return index == 1 or node.body.number != 1
    return last.log == log and last.size <= index and reaches(held, log, last.size, last.root)


def replay(
    held: Held,
    log: bytes,
    facts: Sequence[Fact],
    opening: Any,
    end: int,
    seen: Iterable[bytes],
    inserted: Mapping[int, Sequence[Any]] | None = None,
) -> tuple[list[Fact], list[int]]:
    """The facts after the first `end` leaves of a log, and which leaves counted."""
    now, counted, known = list(facts), [], set(seen)
    for index in range(end + 1):
        for rival in (inserted or {}).get(index, ()):
            if role_of(now, rival, held.council) == "rival":
                now.append(Fact("rival", rival))
        if index == end:
            break
        leaf = held.logs[log][index]
        if leaf.id in known or (opening is not None and leaf.id == opening.id):
            counted.append(index)
            known.add(leaf.id)
            continue
        if leaf.kind == "node" and index > 0 and not at_home(held, log, index, leaf):
            continue
        role = role_of(now, leaf, held.council)
        if role is not None:
            now.append(Fact(role, leaf))
        if role is not None and role != "rival":
            counted.append(index)
            known.add(leaf.id)
    return now, counted


def rivals(
    held: Held, log: bytes, facts: Sequence[Fact], opening: Any, end: int, seen: Iterable[bytes]
) -> dict[int, list[Any]]:
    """Carried charters, by the place at which they meet the log's own of the same number."""
    leaves = held.logs.get(log, ())
    found: dict[int, list[Any]] = {}
    for one in sorted(held.carried, key=lambda c: (c.size, c.time, c.record.id, c.carrier)):
        if one.log != log or one.record.kind != "charter":
            continue
        if any(leaf.id == one.record.id for leaf in leaves):
            continue
        if not reaches(held, log, one.size, one.root):
            continue
        at = replay(held, log, facts, opening, one.size, seen)[0]
        if role_of(at, one.record, held.council) not in ("charter", "repair"):
            continue
        own = [
            index
            for index, leaf in enumerate(leaves)
            if index >= one.size and leaf.kind == "charter" and leaf.charter == one.record.charter
        ]
        if not own:
            continue
        place = own[0] + 1
        settled = own[0] < held.received.get(log, 0)
        if (
            not settled
            and place <= end
            and all(r.id != one.record.id for r in found.get(place, ()))
        ):
            found.setdefault(place, []).append(one.record)
    return found


def repair(held: Held, facts: Sequence[Fact], after: Sequence[Any]) -> tuple[Any, Any] | None:
    """Which of the rival node records is kept, and by which record of the next number."""
    asked = [charter for one in after for charter in upheld(held, one, facts)]
    found = [
        (one, offer)
        for one in after
        for offer in repairs(held, facts, one, after)
        if all(enough(facts, charter, offer) for charter in asked)
    ]
    return found[0] if len(found) == 1 else None


def repairs(held: Held, facts: Sequence[Fact], one: Any, rivals: Sequence[Any]) -> list[Any]:
    """The records of the next number that keep one of several rivals."""
    found: list[Any] = []
    now, branch_ = charters(facts)[-1], opens(held, one)
    for offer in openings(held, branch_):
        last = offer.body.last
        if not reaches(held, branch_, last.size, last.root):
            continue
        used = [*nodes(facts), *rivals]
        if any(node.body.key == offer.body.key for node in used):
            continue  # the log of a key that was named before is closed for good
        numbered = offer.body.number == len(nodes(facts)) + 2 and offer.body.previous == one.id
        if numbered and offer.charter == len(charters(facts)) and enough(facts, now, offer):
            found.append(offer)
    return found
