"""What the specification says of motions, counted by brute force from whole logs.

Nothing of rules, view or engine is imported: only records' own fields are read. Slow and plain on
purpose; it knows what the generator of tests/support/decisions.py makes, and no more.
"""

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import msgpack

from tools.vectors import cmp

Logs = Sequence[tuple[bytes, Sequence[Any]]]
"""Council id, and its records in the order of its log."""

TAG = b"confed state 1\0"


class Model:
    """Every log at once; `planted` makes it count wrongly, to show that a difference is seen."""

    def __init__(self, network: bytes, logs: Logs, roots: Any, planted: bool = False) -> None:
        self.network, self.logs, self.planted = network, logs, planted
        self.roots = roots  # (council, log id) of each council
        self.all = [
            (council, index, leaf) for council, leaves in logs for index, leaf in enumerate(leaves)
        ]

    def find(self, kind: str, subject: bytes | None = None) -> list[tuple[bytes, int, Any]]:
        return [
            row
            for row in self.all
            if row[2].kind == kind and (subject is None or row[2].subject == subject)
        ]

    # --- receipts -------------------------------------------------------------------------

    def received(self, council: bytes, index: int, roll: set[bytes]) -> int | None:
        """RCP-1 to RCP-3, from every witness record's heads."""
        needed = 0 if len(roll) <= 1 else (len(roll) - 1) // 3 + 1
        if needed == 0:
            return 0
        log = self.roots[council]
        first: dict[bytes, int] = {}
        for witness, leaves in self.logs:
            if witness == council or witness not in roll:
                continue
            last = -1
            for leaf in leaves:
                if leaf.kind != "witness" or leaf.time <= last:
                    continue
                last = leaf.time
                heads = msgpack.unpackb(leaf.part)
                if any(row[0] == log and row[1] > index for row in heads):
                    first.setdefault(witness, leaf.time)
        times = sorted(first.values())
        return times[needed - 1] if len(times) >= needed else None

    # --- one motion -----------------------------------------------------------------------

    def motion(self, mover: bytes, place: int, motion: Any, now: int) -> dict[str, Any]:
        compact = next(leaf for _, _, leaf in self.find("compact") if leaf.id == motion.subject)
        body = compact.body
        row: dict[str, Any] = {"motion": motion.id}
        rule = {entry.name: entry.rule for entry in body.rules}.get(motion.body.name)
        founders = [founder.council for founder in body.founders]
        before = [leaf for c, i, leaf in self.all if c == mover and i < place]
        if rule is None or any(x.kind == "exit" for x in before) or mover not in founders:
            return row | {"state": "inadmissible"}
        windows, lapse = body.windows, body.terms.lapse
        withdrawn = [(i, w) for c, i, w in self.find("withdraw", motion.id) if c == mover]
        good: list[tuple[bytes, int, Any]] = []
        for council, index, freeze in self.find("freeze", motion.id):
            said = freeze.body
            roll = [voter.council for voter in said.councils]
            exits = {c for c, _, x in self.find("exit") if x.id in (said.exits or ())}
            fine = council == mover and not any(i < index for i, _ in withdrawn)
            fine = (
                fine and mover in roll and roll == sorted(set(roll)) and set(roll) <= set(founders)
            )
            fine = fine and set(founders) - set(roll) <= exits and not exits & set(roll)
            fine = fine and motion.time + windows.discussion <= freeze.time <= motion.time + lapse
            fine = fine and said.opens >= freeze.time + windows.notice
            fine = fine and said.closes - said.opens == windows.voting
            if fine:
                good.append((council, index, freeze))
        for _, _, freeze in sorted(good, key=lambda item: item[2].id):
            final = self.certified(motion, freeze, rule)
            if final is not None:
                return row | {"state": "final"} | final | self.effect(final, freeze, now)
        good = [one for one in good if self.noticed((mover, place, motion), one, windows)]
        if not good:
            if now > motion.time + lapse and not withdrawn:
                return row | {"state": "lapsed"}
            return row | {"state": "withdrawn" if withdrawn else "seconded"}
        standing = self.standing(good)
        if standing is None:
            return row | {"state": "void"}
        return row | self.frozen(motion, standing, rule, windows, withdrawn, now)

    def written(self, placed: Any, roll: set[bytes], grace: int) -> int | None:
        """RCP-5: when a record was written, as far as others can bear it out."""
        council, index, record = placed
        got = self.received(council, index, roll)
        if len(roll) == 1 or (got is not None and abs(got - record.time) <= grace):
            return int(record.time)
        return got

    def noticed(self, motion: Any, freeze: Any, windows: Any) -> bool:
        """FRZ-7: all had time to discuss, and notice."""
        said = freeze[2].body
        roll = {voter.council for voter in said.councils}
        frozen = self.written(freeze, roll, windows.grace)
        moved = self.written(motion, roll, windows.grace)
        if frozen is None or frozen > said.opens:
            return True
        if windows.discussion and (moved is None or frozen < moved + windows.discussion):
            return False
        return bool(said.opens >= frozen + windows.notice)

    def standing(self, good: list[tuple[bytes, int, Any]]) -> tuple[bytes, int, Any] | None:
        """FRZ-6: the first that opened, unless another was held by others by then."""
        if len(good) == 1:
            return good[0]
        opened: list[tuple[int, bytes, int, tuple[bytes, int, Any]]] = []
        for council, index, freeze in good:
            roll = {voter.council for voter in freeze.body.councils}
            got = self.received(council, index, roll)
            if got is not None and got <= freeze.body.opens:
                opened.append((freeze.body.opens, freeze.id, got, (council, index, freeze)))
        if not opened:
            return min(good, key=lambda item: (item[2].body.opens, item[2].id))
        first = min(opened, key=lambda item: item[:2])
        held = sum(got <= first[0] for _, _, got, _ in opened)
        return first[3] if held == 1 else None

    def frozen(
        self, motion: Any, placed: Any, rule: str, windows: Any, withdrawn: Any, now: int
    ) -> dict[str, Any]:
        council, index, freeze = placed
        said, roll = freeze.body, {voter.council for voter in freeze.body.councils}
        for place, record in withdrawn:
            got = self.received(council, place, roll)
            if record.time < said.opens and got is not None and got <= said.opens:
                return {"state": "withdrawn"}
        if now < said.opens:
            return {"state": "frozen"}
        got = self.received(council, index, roll)
        if got is None or got > said.opens:
            return {"state": "void"}
        if now <= said.closes:
            return {"state": "open"}
        if now <= said.closes + windows.grace:
            return {"state": "closed"}
        counted = self.counted(motion, freeze, windows)
        return {"state": "provisional"} | self.count(freeze, rule, counted)

    def counted(self, motion: Any, freeze: Any, windows: Any) -> list[Any]:
        """The positions that count, POS-1 to POS-6 and EXI-3."""
        said, roll = freeze.body, {voter.council for voter in freeze.body.councils}
        until = said.closes + windows.grace
        gone = set()
        for council, index, exit_ in self.find("exit"):
            if council in roll and exit_.id not in (said.exits or ()):
                got = self.received(council, index, roll)
                if exit_.time <= said.closes and got is not None and got <= until:
                    gone.add(council)
        by: dict[bytes, dict[int, list[Any]]] = {}
        for council, index, position in self.find("position", motion.id):
            if council not in roll or position.body.freeze != freeze.id or council in gone:
                continue
            got = self.received(council, index, roll)
            if position.time <= said.closes and got is not None and got <= until:
                by.setdefault(council, {}).setdefault(position.body.number, []).append(position)
        out = []
        for numbers in by.values():
            last = numbers[max(numbers)]
            if len({position.id for position in last}) == 1:
                out.append(last[0])
        return out

    def count(self, freeze: Any, rule: str, counted: Sequence[Any]) -> dict[str, Any]:
        """CNT, in fractions."""
        name, _, rest = rule.partition("(")
        numbers = [int(number) for number in rest.rstrip(")").split(",") if number]
        weights = {voter.council: voter.weight for voter in freeze.body.councils}
        words = {p.council: p.body.value for p in counted}
        for position in counted:
            if position.body.value == "block" and not position.body.reason:
                words[position.council] = "no"
        said = list(words.values())
        total = len(weights)
        yes, no = (sum(getattr(p.body, n) or 0 for p in counted) for n in ("yes", "no"))
        units = sum(weights[c] for c, word in words.items() if word == "yes")
        whole = sum(weights.values())
        y, against = said.count("yes"), said.count("no") + said.count("block")
        aside, refer = said.count("stand-aside"), said.count("refer-back")
        if name == "majority":
            accepted = y >= against if self.planted else y > against
        elif name == "super":
            share = Fraction(*numbers)
            accepted = y > against and Fraction(y, y + against) >= share
        elif name == "double":
            accepted = yes > no and Fraction(units, whole) > Fraction(1, 2)
        else:
            spoke = y + against + said.count("abstain") + aside
            block = said.count("block")
            fits = block <= numbers[0] and Fraction(block, total) <= Fraction(1, 4)
            accepted = fits and y > 0 and Fraction(aside, spoke) < Fraction(1, 3)
        nays = said.count("no") if name == "consensus" else against
        if Fraction(len(said) - aside, total) <= Fraction(1, 2):
            outcome = "no-quorum"
        elif accepted:
            outcome = "adopted"
        elif refer and (refer >= max(y, nays) or 3 * refer >= total):
            outcome = "referred-back"
        else:
            outcome = "rejected"
        return {
            "outcome": outcome,
            "people_yes": yes,
            "people_no": no,
            "units_yes": units,
            "units_total": whole,
        }

    def certified(self, motion: Any, freeze: Any, rule: str) -> dict[str, Any] | None:
        """q locks of round 1 for one outcome, and a list that gives it."""
        roll = {voter.council for voter in freeze.body.councils}
        needed = 2 * len(roll) // 3 + 1 if len(roll) >= 4 else len(roll) // 2 + 1
        locks: dict[str, set[bytes]] = {}
        for council, _, lock in self.find("lock", motion.id):
            if lock.body.freeze == freeze.id and council in roll and lock.body.round == 1:
                locks.setdefault(lock.body.outcome, set()).add(council)
        reached = [outcome for outcome, by in locks.items() if len(by) >= needed]
        if len(reached) != 1:
            return None
        lists: dict[tuple[bytes, ...], list[Any]] = {}
        for council, _, vote in self.find("vote", motion.id):
            body = vote.body
            if body.freeze == freeze.id and council in roll and body.outcome == reached[0]:
                lists.setdefault(body.counted, []).append(vote)
        held = {leaf.id: leaf for _, _, leaf in self.find("position", motion.id)}
        best: list[tuple[int, int, bytes, dict[str, Any]]] = []
        vouchers = max(1, 0 if len(roll) == 1 else (len(roll) - 1) // 3 + 1)
        for ids, votes in lists.items():
            if len({vote.council for vote in votes}) < vouchers:
                continue
            if all(one in held for one in ids):
                found = self.count(freeze, rule, [held[one] for one in ids])
                if found["outcome"] == reached[0]:
                    lowest = min(vote.id for vote in votes)
                    by = len({vote.council for vote in votes})
                    best.append((-by, -len(ids), lowest, found))
        return min(best, key=lambda item: item[:3])[3] if best else None

    def effect(self, final: dict[str, Any], freeze: Any, now: int) -> dict[str, Any]:
        if final["outcome"] != "adopted":
            return {}
        return {"effect": "in-force" if now >= freeze.body.closes else "waiting"}

    # --- all ------------------------------------------------------------------------------

    def rows(self, now: int) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        for council, _ in self.logs:
            out.append({"council": council, "charter": 1, "node": 1, "life": "active"})
        for _, _, compact in self.find("compact"):
            gone = {c for c, _, _exit in self.find("exit", compact.id)}
            hasher = hashlib.sha256()
            for founder in sorted(compact.body.founders, key=lambda f: f.council):
                if founder.council not in gone:
                    hasher.update(founder.council + founder.weight.to_bytes(4, "big"))
            out.append({"compact": compact.id, "members": hasher.digest()})
        out += [self.motion(c, i, leaf, now) for c, i, leaf in self.find("motion")]
        return out

    def digest(self, now: int) -> bytes:
        """STA-1."""
        hasher = hashlib.sha256(TAG + self.network)
        for row in sorted(cmp.encode(row) for row in self.rows(now)):
            hasher.update(len(row).to_bytes(4, "big") + row)
        return hasher.digest()
