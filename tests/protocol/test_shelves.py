"""Shelves: records are found by subject, kind and class; an answer keeps its identity."""

from confedproto.rules.case import Placed
from confedproto.rules.shelves import NAMED_BY, Shelves, of_class
from tests.support.assembly import Assembly


def shelves_of(made: Assembly) -> tuple[Shelves, list[Placed]]:
    rows = [
        Placed(record=leaf, log=author.log, index=index, arrived=0)
        for author in made.authors
        for index, leaf in enumerate(author.leaves)
    ]
    shelves = Shelves()
    for row in rows:
        shelves.put(row)
    return shelves, rows


def test_shelves_find_a_record_by_subject_kind_class_and_who_names_it() -> None:
    made = Assembly(3, rules={"charter": "majority"})
    first = made.move()
    later = made.move("charter", supersedes=(first.id,))
    shelves, rows = shelves_of(made)
    assert [p.record.id for p in shelves.about(made.compact.id, "motion")] == [first.id, later.id]
    assert [p.record.id for p in shelves.about(made.compact.id, of_class("charter"))] == [later.id]
    assert [p.record.id for p in shelves.about(first.id, NAMED_BY)] == [later.id]
    assert list(shelves.of_kind("motion")) == [p for p in rows if p.record.kind == "motion"]
    assert shelves.about(first.id, "second") == shelves.of_kind("second") == ()


def test_shelves_give_the_same_answer_until_something_is_added_or_taken() -> None:
    made = Assembly(3)
    motion = made.move()
    shelves, _ = shelves_of(made)
    moved, charters = shelves.about(made.compact.id, "motion"), shelves.of_kind("charter")
    assert shelves.about(made.compact.id, "motion") is moved
    another = made.move()
    shelves.put(Placed(record=another, log=made.authors[0].log, index=99, arrived=0))
    assert shelves.about(made.compact.id, "motion") is not moved
    assert len(shelves.about(made.compact.id, "motion")) == len(moved) + 1
    assert shelves.of_kind("charter") is charters
    shelves.drop({motion.id})
    assert [p.record.id for p in shelves.about(made.compact.id, "motion")] == [another.id]
    assert [p.record.id for p in shelves.of_kind("motion")] == [another.id]
    assert shelves.of_kind("charter") is charters
