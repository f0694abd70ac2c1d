"""Compacts: founding, members, accessions; and that nothing late unmakes a member."""

import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from confedproto.bodies.accession import Accession
from confedproto.bodies.charter import Charter
from confedproto.bodies.compact import ClassRule, Compact, Founder
from confedproto.errors import Reason
from confedproto.ids import CouncilId
from confedproto.record import VerifiedRecord
from confedproto.rules.compact import founding_fault, members, rule_for
from confedproto.rules.tally import RuleKind
from confedproto.view import View
from tests.support.councils import NETWORK, Author, accede, feed, found_compact, link, view_of


def authors(count: int, first: int = 1) -> list[Author]:
    return [Author(first + n, keyholders=3, threshold=2) for n in range(count)]


def charters_of(councils: Sequence[Author]) -> dict[tuple[CouncilId, int], Charter]:
    out: dict[tuple[CouncilId, int], Charter] = {}
    for author in councils:
        body = author.leaves[0].body
        assert isinstance(body, Charter)
        out[author.council, 1] = body
    return out


def fault_of(
    councils: Sequence[Author], known: Sequence[Author] | None = None, **changes: Any
) -> Reason | None:
    """The founding fault of a compact of `councils` with changes in its body."""
    good = found_compact(councils).body
    assert isinstance(good, Compact)
    signers = changes.pop("signers", [k for author in councils for k in author.keyholders[:2]])
    by = changes.pop("by", councils[0])
    body = replace(good, **changes)
    charters = charters_of(councils if known is None else known)
    item = by.make(body, signers=signers)
    return founding_fault(item, body, lambda council, version: charters.get((council, version)))


def test_founding_with_every_threshold_has_no_fault() -> None:
    for count in (1, 2, 3, 5):
        assert fault_of(authors(count)) is None


def test_founding_without_one_threshold_is_refused() -> None:
    councils = authors(3)
    everyone = [k for author in councils for k in author.keyholders[:2]]
    for missing in range(len(everyone)):
        signers = everyone[:missing] + everyone[missing + 1 :]
        assert fault_of(councils, signers=signers) is Reason.THRESHOLD_MISSING


def test_founding_by_a_council_not_known_yet_is_council_unknown() -> None:
    councils = authors(3)
    assert fault_of(councils, known=councils[:2]) is Reason.COUNCIL_UNKNOWN


def test_founding_under_another_charter_version_is_council_unknown() -> None:
    councils = authors(2)
    body = found_compact(councils).body
    assert isinstance(body, Compact)
    later = tuple(
        replace(body.founders[0], charter=2) if n == 0 else f for n, f in enumerate(body.founders)
    )
    assert fault_of(councils, founders=later) is Reason.COUNCIL_UNKNOWN


def test_founding_with_founders_out_of_order_or_without_the_author_is_refused() -> None:
    councils = authors(3)
    body = found_compact(councils).body
    assert isinstance(body, Compact)
    assert fault_of(councils, founders=body.founders[::-1]) is Reason.COMPACT_FOUNDER
    twice = (body.founders[0], *body.founders)
    assert fault_of(councils, founders=twice) is Reason.COMPACT_FOUNDER
    outsider = authors(1, first=9)[0]
    assert fault_of(councils, by=outsider) is Reason.COMPACT_FOUNDER


def test_founding_with_a_weight_above_its_own_bound_is_refused() -> None:
    councils = authors(2)
    assert fault_of(councils, weight_max=1) is Reason.COMPACT_WEIGHT


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ((("coordination", "majority"),), None),
        ((("admin", "simple"), ("coordination", "super(2,3)")), None),
        ((("admin", "simple"),), Reason.CLASS_UNKNOWN),
        ((("coordination", "majority"), ("admin", "simple")), Reason.CLASS_UNKNOWN),
        ((("coordination", "majority"), ("coordination", "simple")), Reason.CLASS_UNKNOWN),
        ((("coordination", "acclaim"),), Reason.RULE_UNKNOWN),
        ((("admin", "super(1,3)"), ("coordination", "majority")), Reason.RULE_UNKNOWN),
    ],
)
def test_founding_with_these_rules_gives(
    rules: Sequence[tuple[str, str]], reason: Reason | None
) -> None:
    entries = tuple(ClassRule(name=name, rule=rule) for name, rule in rules)
    assert fault_of(authors(2), rules=entries) is reason


def test_rule_for_a_class_is_the_compacts_own() -> None:
    body = found_compact(authors(2), rule="double").body
    assert isinstance(body, Compact)
    rule = rule_for(body, "coordination")
    assert rule is not None
    assert rule.kind is RuleKind.DOUBLE
    assert rule_for(body, "admin") is None


# --- members ---------------------------------------------------------------------------------


def joined(
    compact: VerifiedRecord, accessions: Sequence[VerifiedRecord], links: set[frozenset[CouncilId]]
) -> dict[CouncilId, int]:
    assert isinstance(compact.body, Compact)
    found = members(compact.body, accessions, lambda a, b: frozenset((a, b)) in links)
    return {council: member.weight for council, member in found.items()}


def test_members_without_accessions_are_the_founders() -> None:
    councils = authors(3)
    compact = found_compact(councils, weights=[2, 1, 0])
    assert joined(compact, [], set()) == {
        council.council: weight for council, weight in zip(councils, (2, 1, 0), strict=True)
    }


def test_members_take_in_who_has_enough_sponsors() -> None:
    councils, new = authors(3), authors(1, first=9)[0]
    compact = found_compact(councils, sponsors=2)
    accession = [accede(new, compact, weight=1)]
    links = {frozenset((new.council, councils[0].council))}
    assert new.council not in joined(compact, accession, links)
    links.add(frozenset((new.council, councils[2].council)))
    assert joined(compact, accession, links)[new.council] == 1


def test_members_who_acceded_sponsor_nobody_in_any_order() -> None:
    councils, chain = authors(1), authors(4, first=9)
    compact = found_compact(councils, sponsors=1)
    line = [councils[0], *chain]
    links = {frozenset((a.council, b.council)) for a, b in pairwise(line)}
    accessions = [accede(author, compact) for author in chain]
    for seed in range(20):
        random.Random(seed).shuffle(accessions)
        inside = joined(compact, accessions, links)
        assert set(inside) == {councils[0].council, chain[0].council}


def test_members_one_founder_of_four_brings_in_no_puppets() -> None:
    councils, puppets = authors(4), authors(8, first=9)
    compact = found_compact(councils, sponsors=1)
    accessions = [accede(puppet, compact) for puppet in puppets]
    links = {frozenset((councils[0].council, puppet.council)) for puppet in puppets}
    links |= {frozenset((a.council, b.council)) for a, b in pairwise(puppets)}
    assert len(joined(compact, accessions, links)) == 4
    links.add(frozenset((councils[1].council, puppets[0].council)))
    assert len(joined(compact, accessions, links)) == 5  # a second founder vouches for one


def test_members_with_a_weight_above_the_bound_are_not_taken_in() -> None:
    councils, new = authors(1), authors(1, first=9)[0]
    compact = found_compact(councils)
    links = {frozenset((new.council, councils[0].council))}
    heavy, light = accede(new, compact, weight=3), accede(new, compact, weight=1)
    assert new.council not in joined(compact, [heavy], links)
    assert joined(compact, [heavy, light], links)[new.council] == 1


def test_members_first_accession_stands_whatever_comes_later() -> None:
    councils, new = authors(1), authors(1, first=9)[0]
    compact = found_compact(councils)
    links = {frozenset((new.council, councils[0].council))}
    first = new.add(Accession(weight=1), subject=compact.id)
    for time in range(1, 30):  # ids above and below the first one's
        later = new.make(Accession(weight=2), subject=compact.id, time=time)
        assert joined(compact, [first, later], links)[new.council] == 1


def test_members_founder_who_accedes_again_changes_nothing() -> None:
    councils = authors(2)
    compact = found_compact(councils, sponsors=0)
    again = accede(councils[1], compact, weight=1)
    assert joined(compact, [again], set())[councils[1].council] == 2


# --- in a view -------------------------------------------------------------------------------


def test_view_members_appear_once_all_logs_are_there_in_any_order() -> None:
    councils, new = authors(3), authors(1, first=9)[0]
    compact = found_compact(councils, sponsors=1)
    link(councils[1], new)
    accede(new, compact)
    everyone = [*councils, new]
    for seed in range(20):
        view = view_of(everyone, rng=random.Random(seed))
        assert set(view.members(compact.id)) == {author.council for author in everyone}


def test_view_compact_is_unknown_until_every_founder_is_known() -> None:
    councils = authors(3)
    compact = found_compact(councils)
    view = View(NETWORK)
    assert view.compact(compact.id) is Reason.COMPACT_UNKNOWN
    feed(view, councils[:2])
    assert view.compact(compact.id) is Reason.COUNCIL_UNKNOWN
    assert view.members(compact.id) == {}
    feed(view, councils[2:])
    assert len(view.members(compact.id)) == 3


def test_founder_rows_of_equal_councils_are_refused() -> None:
    councils = authors(2)
    council = councils[0].council
    rows = (
        Founder(council=council, charter=1, weight=2),
        Founder(council=council, charter=1, weight=1),
    )
    assert fault_of(councils, founders=rows) is Reason.COMPACT_FOUNDER
