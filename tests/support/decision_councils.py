"""Who is in the compact of a random history: newcomers, exits, exclusions, units, versions.

The first room of the generator of random histories (tests/support/decisions.py).
"""

import random
from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace

from confedproto.bodies.accession import Accession
from confedproto.bodies.affectedclaim import AffectedClaim
from confedproto.bodies.compact import ClassQuorum, ClassRule, Compact, Founder
from confedproto.bodies.exit import Exit
from confedproto.bodies.freeze import Freeze, Voter
from confedproto.bodies.motion import Motion
from confedproto.bodies.ratify import Ratify
from confedproto.bodies.roll import Roll
from confedproto.ids import CouncilId
from confedproto.record import VerifiedRecord
from tests.models.decisions import Model
from tests.support.assembly import TERMS, Assembly
from tests.support.councils import NETWORK, Author, link

RULES: Final = (
    *("majority", "majority", "super(2,3)", "double", "consensus(1)", "simple", "simple_valid"),
    *("majority_valid", "majority_weighted", "majority_weighted", "majority_weighted"),
    *(
        "super_weighted(2,3)",
        "super_weighted(3,4)",
        "super_valid(2,3)",
        "double_valid",
        "double-super(2,3)",
    ),
    "double-super_valid(3,5)",
)
LIGHT: Final = ("majority", "simple", "lazy", "lazy", "lazy(2)", "each", "each")
SPANS: Final = replace(TERMS, demand=40, editorial=11)
LATER: Final = replace(SPANS, hold=50)
THEMES: Final = {
    "exclusion": 0.16,
    "dormancy": 0.12,
    "accession": 0.16,
    "reading": 0.12,
    "units": 0.2,
    "emergency": 0.06,
    "dissolution": 0.05,
    "sunset": 0.05,
    "quorums": 0.1,
    "rolls": 0.08,
    "versions": 0.12,
    "newcomer": 0.3,
}


class Councils:
    """One seed's councils and compacts; `care` scales how often somebody errs or lies."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = random.Random(seed)
        self.usual = self.care = rng.choice((0.15, 0.35, 0.35, 0.7))
        self.themes = {name for name, share in THEMES.items() if self.chance(share)}
        few = self.themes & {"exclusion", "units", "dormancy"}
        self.founders = rng.choice((4, 5, 5) if few else (2, 3, 3, 4, 5, 5))
        self.made = made = Assembly(self.founders)
        for one in range(self.founders):
            if "rolls" in self.themes:
                made.put(
                    one, Roll(members=rng.choice((9, 20)), taken=made.now, method="List."), None
                )
        made.compact = made.found(**self._terms())
        self.weights = {f.council: f.weight for f in self._body(made.compact).founders}
        self.times: set[int] = {made.now}
        self.exits: dict[int, VerifiedRecord] = {}
        self.entries: dict[int, VerifiedRecord] = {}  # of who is no founder, or came back
        self.out: dict[int, VerifiedRecord] = {}  # whom a decision keeps out of C
        self.units: dict[bytes, set[int]] = {}
        self.version: VerifiedRecord | None = None
        self.took: set[int] = set()

    def _terms(self) -> dict[str, Any]:
        """What this compact says otherwise than the usual one."""
        rng, themes = self.rng, self.themes
        rules = dict.fromkeys(("charter", "dormancy", "dissolution", "emergency"), "majority")
        rules |= {"coordination": rng.choice(RULES), "admin": rng.choice(LIGHT)}
        rules |= {"exclusion": rng.choice(("majority", "super_weighted(2,3)")), "budget": "double"}
        rules["recall-request"] = rng.choice(("majority", "simple"))
        if "accession" in themes:
            rules["accession"] = "majority"
        asked = rng.choice(((1, 3), (2, 3), (3, 4)))
        weights = {a.council: rng.choice((2, 2, 1, 1, 0)) for a in self.made.authors}
        founders = [
            Founder(council=council, charter=1, weight=max(weight, int(council == min(weights))))
            for council, weight in sorted(weights.items())
        ]
        out: dict[str, Any] = {
            "founders": tuple(founders),
            "rules": tuple(ClassRule(name=name, rule=rules[name]) for name in sorted(rules)),
            "seconds": int(self.chance(0.1)),
            "terms": SPANS,
        }
        for field, theme in (("quorums", "quorums"), ("people_quorums", "rolls")):
            if theme in themes:
                one = ClassQuorum(name="coordination", part=asked[0], whole=asked[1])
                out[field] = (one,)
        if "rolls" in themes:
            out["people_quorums"] = (ClassQuorum(name="coordination", part=1, whole=9),)
        if "units" in themes:
            out["level"] = 2
        if "sunset" in themes:
            out["sunset"] = self.made.now + rng.choice((30, 70, 120))
        return out

    def chance(self, share: float) -> bool:
        """Whether something happens this time."""
        return self.rng.random() < share

    def slip(self, share: float) -> bool:
        """Whether somebody errs this time."""
        return self.rng.random() < share * self.care

    def member(self) -> int:
        """A council that has a say, for the most part."""
        inside = [one for one in range(self.founders) if one not in {*self.exits, *self.out}]
        anyone = not inside or self.slip(0.3) or self.chance(0.1)
        return self.rng.randrange(self.count) if anyone else self.rng.choice(inside)

    @property
    def count(self) -> int:
        """Councils, members or not."""
        return len(self.made.authors)

    @property
    def records(self) -> int:
        """Records in all logs."""
        return sum(len(author.leaves) for author in self.made.authors)

    def some(self) -> list[int]:
        """Some councils."""
        return sorted(self.rng.sample(range(self.count), self.rng.randint(1, self.count)))

    def ids(self, councils: Sequence[int]) -> tuple[bytes, ...]:
        """The ids of some councils, in their order."""
        return tuple(sorted(self.made.authors[one].council for one in councils))

    @staticmethod
    def _body(record: VerifiedRecord) -> Compact:
        assert isinstance(record.body, Compact)
        return record.body

    def seen(self, share: float = 0.8) -> None:
        """Time passes, and for the most part all or some witness."""
        self.made.now += self.rng.choice((1, 8))
        if self.chance(share):
            self.made.witness(None if self.chance(0.7) else self.some())

    # --- who is in ------------------------------------------------------------------------

    def newcomer(self) -> int:
        """A council that links with founders and accedes, in any order, seen by some."""
        made, new = self.made, Author(60 + self.count)
        made.authors.append(new)
        hosts = self.rng.sample(range(self.founders), self.rng.randint(1, min(3, self.founders)))
        steps = [(made.authors[host], new) for host in hosts]
        late = self.chance(0.3)
        if not late:
            for host, guest in steps:
                link(host, guest, time=made.now)
        if "accession" not in self.themes:
            weight, observer = self.rng.choice((1, 2, 2, 3)), True if self.chance(0.1) else None
            body = Accession(weight=weight, observer=observer)
            self.entries[self.count - 1] = made.put(self.count - 1, body, made.compact)
            self.seen()
        if late:
            for host, guest in steps:
                link(host, guest, time=made.now)
            self.seen()
        return self.count - 1

    def accede(self, one: int, motion: VerifiedRecord | None) -> None:
        """An accession that names a motion, if it is asked."""
        named = motion.id if motion is not None and not self.slip(0.1) else None
        body = Accession(weight=self.rng.choice((1, 2, 2)), motion=named)
        self.entries[one] = self.made.put(one, body, self.made.compact)
        self.seen()

    def come_or_go(self) -> None:
        """An exit, or a return; now and then from a unit alone."""
        made, one = self.made, self.rng.randrange(self.count)
        unit = self.rng.choice(sorted(self.units)) if self.units and self.chance(0.3) else None
        if unit is not None:
            made.put(one, Exit(), unit)
        elif one in self.exits:
            self.accede(one, None)
        else:
            self.exits[one] = made.put(one, Exit(), made.compact)
            if self.chance(0.4):
                self.accede(one, None)
        self.seen()

    # --- units --------------------------------------------------------------------------------

    def found_units(self) -> None:
        """Lower compacts: some founded under this one, some later, some elsewhere."""
        made, rng = self.made, self.rng
        for _ in range(rng.choice((2, 2, 3))):
            inside = sorted(rng.sample(range(self.founders), rng.randint(1, 2)))
            founders = [
                Founder(council=made.authors[i].council, charter=1, weight=2) for i in inside
            ]
            upper = made.compact.id if not self.chance(0.1) else None
            body = replace(
                self._body(made.compact),
                founders=tuple(sorted(founders, key=lambda founder: founder.council)),
                rules=tuple(
                    ClassRule(name=name, rule="majority") for name in ("charter", "coordination")
                ),
                sponsors=0,
                level=2 if self.chance(0.05) else None,
                upper=upper,
                sunset=None,
                quorums=None,
                people_quorums=None,
            )
            signers = [made.authors[i].keyholders[0] for i in inside]
            unit = made.authors[inside[0]].add(body, time=made.now, signers=signers)
            self.units[unit.id] = set(inside)
            if upper is None and self.chance(0.7):
                self._raise_unit(unit, inside)
            for one in range(self.count):
                if one not in inside and self.chance(0.3):
                    made.put(one, Accession(weight=2), unit)
                    self.units[unit.id].add(one)
        self.seen()

    def _raise_unit(self, unit: VerifiedRecord, inside: Sequence[int]) -> None:
        """A version of a unit that names the upper compact, decided by the unit."""
        made, upper = self.made, self.made.compact
        body = replace(self._body(unit), previous=unit.id, upper=upper.id)
        version = made.authors[inside[0]].add(body, time=made.now)
        made.compact = unit
        motion = made.move("charter", by=inside[0], target=version.id)
        roll = tuple(Voter(council=one, weight=2) for one in self.ids(inside))
        said = "".join("Y" if i in inside else "-" for i in range(self.count))
        made.decide(motion, said, by=inside[0], councils=roll)
        made.compact = upper
        self.seen(1)

    # --- versions of the compact ----------------------------------------------------------------

    def amended_compact(self, motion: VerifiedRecord, version: VerifiedRecord) -> None:
        """Who takes a version of the compact that was decided."""
        self.version = version
        for one in range(self.count):
            if self.chance(0.75):
                self.made.put(one, Ratify(value="yes" if self.chance(0.9) else "no"), version)
                self.took.add(one)
        self.seen()

    def proposed(self) -> VerifiedRecord:
        """A version of the compact, by a founder; now and then with other founders."""
        made, base = self.made, self._body(self.made.compact)
        founders = base.founders[:-1] if self.slip(0.05) else base.founders
        body = replace(base, previous=made.compact.id, terms=LATER, founders=founders)
        return made.authors[0].add(body, time=made.now)

    # --- the frozen roll --------------------------------------------------------------------------

    def frozen_roll(self, motion: VerifiedRecord, by: int, claims: set[bytes]) -> dict[str, Any]:
        """C and the records that it rests on, whole for the most part."""
        made, body = self.made, motion.body
        assert isinstance(body, Motion)
        voters: list[Voter] = []
        exits: list[VerifiedRecord] = []
        entries: list[VerifiedRecord] = []
        decisions = {self.out[one].id: self.out[one] for one in self.out if not self.slip(0.1)}
        units = [self.units[unit] for unit in body.units or () if unit in self.units]
        model = self.model()
        for one, author in enumerate(made.authors):
            entry, gone = self.entries.get(one), self.exits.get(one)
            listed = body.affected is None or author.council in body.affected
            listed = listed and (not units or any(one in unit for unit in units))
            if not listed and author.council not in {*claims, motion.council}:
                continue
            if body.name == "exclusion" and author.council == body.target and not self.slip(0.1):
                continue
            if one in self.out and self.out[one].id in decisions and not self.slip(0.05):
                continue
            if gone is not None and not self.slip(0.05):
                exits.append(gone)
                if entry is None or author.leaves.index(entry) < author.leaves.index(gone):
                    continue
                entries.append(entry)
            took = body.version is None or one in self.took
            if self.slip(0.04) or not took:
                continue
            if gone is None and entry is not None and self.chance(0.2):
                continue
            inside = model.entered(made.compact.id, author.council)
            if gone is None and not inside and not self.slip(0.1):
                continue
            said: Any = entry.body if entry is not None else None
            weight = (
                said.weight if said else self.weights[author.council] if one < self.founders else 2
            )
            voters.append(Voter(council=author.council, weight=weight))
        if self.units and self.slip(0.1):
            elsewhere = [leaf for a in made.authors for leaf in a.leaves if leaf.kind == "exit"]
            exits += [leaf for leaf in elsewhere if leaf.subject in self.units][:1]
        voters = voters or [Voter(council=made.authors[by].council, weight=2)]
        voters.sort(key=lambda voter: voter.council)
        return {
            "councils": tuple(voters),
            "exits": exits or None,
            "accessions": entries or None,
            "decisions": list(decisions.values()) or None,
            "rolls": self._frozen_rolls(voters) if "rolls" in self.themes else None,
        }

    def _frozen_rolls(self, voters: Sequence[Voter]) -> tuple[int, ...] | None:
        last = {
            author.council: leaf.body.members
            for author in self.made.authors
            for leaf in author.leaves
            if isinstance(leaf.body, Roll)
        }
        if self.slip(0.1):
            return None
        return tuple(last.get(CouncilId(v.council), 0) + self.slip(0.03) for v in voters)

    def claims_back(self, motion: VerifiedRecord) -> None:
        """Councils of a unit say that the matter is theirs alone."""
        body: Any = motion.body
        for unit in body.units or ():
            for one in self.units.get(unit, ()):
                if self.chance(0.8):
                    self.made.put(one, AffectedClaim(reason="Ours.", unit=unit), motion)

    # --- questions ----------------------------------------------------------------------------

    def model(self, *wrong: str) -> Model:
        """The independent answer; `wrong` names rules that it is to break."""
        logs = [(author.council, author.leaves) for author in self.made.authors]
        roots = {author.council: author.log for author in self.made.authors}
        return Model(NETWORK, logs, roots, wrong)

    @staticmethod
    def frozen(record: VerifiedRecord) -> Freeze:
        """The body of a freeze."""
        assert isinstance(record.body, Freeze)
        return record.body
