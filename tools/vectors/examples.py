"""One example of every record kind and message, in plain values; none of them is real."""

import hashlib
from typing import Any, Final

from tools.vectors import cmp
from tools.vectors.signing import KEYS, NODE_KEY, filler
from tools.vectors.trees import leaf_hash

TIME: Final = 1_800_000_000
COUNCIL: Final = filler("council")
MOTION: Final = filler("motion")
COMPACT: Final = filler("compact")
FREEZE: Final = filler("freeze")
MANDATE: Final = filler("mandate")
TEXT: Final = filler("salt", 16) + b"Shall the bridge be built?\n"
HEADS: Final = sorted(
    [filler(f"log {number}"), number + 1, filler(f"root {number}")] for number in range(3)
)


def root_of_three(hashes: list[bytes]) -> bytes:
    """The tree over three leaf hashes."""
    first = hashlib.sha256(b"\x01" + hashes[0] + hashes[1]).digest()
    return hashlib.sha256(b"\x01" + first + hashes[2]).digest()


PUBLIC: Final = [key.public for key in KEYS]
WINDOWS: Final = {
    "discussion": 1_209_600,
    "notice": 604_800,
    "voting": 604_800,
    "grace": 86_400,
    "settle": 86_400,
    "step": 3_600,
    "witness": 3_600,
}

BODIES: Final[dict[str, dict[str, Any]]] = {
    "charter": {
        "name": "Council of the Upper Valley",
        "threshold": 2,
        "keys": PUBLIC[:3],
        "rules": 2,
        "previous": filler("charter before"),
        "delegation": {"terms": 2, "gap": 31_536_000, "exclusive": [["regional", "panel"]]},
    },
    "node": {
        "number": 2,
        "key": NODE_KEY.public,
        "transport": filler("transport"),
        "expires": TIME + 7_776_000,
        "addresses": ["node.example.org:7300", "[2001:db8::1]:7300"],
        "previous": filler("node before"),
        "last": [filler("log"), 12, filler("root")],
    },
    "link": {"peer": filler("peer"), "invite": filler("invite"), "expires": TIME + 86_400},
    "compact": {
        "name": "Valley Confederation",
        "founders": [[bytes([n]) * 32, 1, 2] for n in (1, 2, 3)],
        "rules": [["coordination", "double"]],
        "windows": WINDOWS,
        "seconds": 1,
        "sponsors": 2,
        "weight_max": 4,
        "quorums": [["coordination", 1, 3]],
        "people_quorums": [["charter", 1, 5]],
        "terms": {
            "lapse": 15_552_000,
            "freeze_text": 172_800,
            "editorial": 86_400,
            "takeover": 259_200,
            "pause": 7_776_000,
            "reading_min": 604_800,
            "reading_max": 2_592_000,
            "exclusion": 2_592_000,
            "emergency_notice": 172_800,
            "emergency": 2_592_000,
            "running": 7_776_000,
            "dormancy": 7_776_000,
            "hold": 2_592_000,
            "demand": 2_592_000,
            "talk": 1_209_600,
            "mediation": 2_592_000,
            "panel": 3_888_000,
            "correction": 1_209_600,
        },
        "missed": 3,
        "panel": 3,
        "sunset": TIME + 100_000_000,
        "previous": filler("compact before"),
        "upper": filler("upper compact"),
        "level": 2,
    },
    "accession": {"weight": 2, "motion": MOTION, "observer": True},
    "motion": {
        "name": "coordination",
        "titles": [["en", "A bridge"], ["de-ch", "Eine Brücke"]],
        "text": hashlib.sha256(b"confed text 1\0" + TEXT).digest(),
        "translations": [["de-ch", filler("translation")]],
        "rule": "double",
        "version": filler("version"),
        "minutes": filler("minutes"),
        "contact": "bridge@example.org",
        "initiative": 120,
        "parent": filler("parent"),
        "reason": "The ferry is old.",
        "affected": [bytes([n]) * 32 for n in (1, 2)],
        "units": sorted([filler("unit"), filler("another unit")]),
        "attachments": [filler("plan")],
        "money": {"cost": 90_000, "cap": 100_000, "currency": "CHF", "source": "Dues."},
        "carrier": bytes([1]) * 32,
        "due": TIME + 5_000_000,
        "begins": TIME + 3_000_000,
        "ends": TIME + 9_000_000,
        "goal": "Two lanes by spring.",
        "reversible": True,
        "opt_out": "Councils beyond the river.",
        "supersedes": [filler("superseded")],
        "repeals": [filler("repealed")],
        "depends": [filler("depends")],
        "contradicts": [filler("contradicts")],
        "first": filler("first"),
        "target": filler("target"),
    },
    "second": {},
    "freeze": {
        "councils": [[bytes([n]) * 32, n] for n in (1, 2, 3)],
        "opens": TIME + 1_000,
        "closes": TIME + 2_000,
        "seconds": [filler("second")],
        "accessions": [filler("accession")],
        "exits": [filler("exit")],
        "decisions": [filler("decision")],
        "claims": [filler("claim")],
        "versions": [filler("amend")],
        "takeover": filler("takeover"),
        "rolls": [120, 0, 90],
    },
    "position": {
        "freeze": FREEZE,
        "number": 1,
        "value": "yes",
        "yes": 70_000,
        "no": 3,
        "valid": 70_010,
        "abstain": 7,
        "block": 0,
        "aside": 0,
        "present": 71_000,
        "roll": 90_000,
        "method": "mixed",
        "minutes": filler("minutes"),
        "reason": "It harms the river.",
        "clause": "3.1",
        "contact": "river@example.org",
        "versions": [MOTION],
    },
    "witness": {
        "count": 3,
        "root": root_of_three([leaf_hash(cmp.encode(head)) for head in HEADS]),
    },
    "status": {
        "freeze": FREEZE,
        "round": 3,
        "locked": [1, "adopted", sorted([filler("vote 1"), filler("vote 2")])],
    },
    "vote": {
        "freeze": FREEZE,
        "round": 1,
        "outcome": "adopted",
        "counted": [filler("position")],
    },
    "lock": {"freeze": FREEZE, "round": 1, "outcome": "rejected"},
    "mandate": {
        "delegate": filler("delegate"),
        "starts": TIME,
        "until": TIME + 1_000_000,
        "kinds": ["speak", "vote"],
        "compact": COMPACT,
        "instructions": [[MOTION, "yes"]],
        "substitutes": [filler("substitute")],
        "partners": [filler("partner")],
        "parity": "all",
        "forum": "Meeting of the valley",
        "level": "regional",
        "term": 2,
        "conditions": [[MOTION, "in", filler("amendment")]],
        "otherwise": "ratify",
        "subjects": [MOTION],
        "ceiling": ["chf", 50_000, 200_000],
        "reports": [TIME + 500_000, TIME + 1_000_000],
        "overdue": 1_209_600,
        "freshness": 604_800,
        "holdover": [1_209_600, ["speak"]],
        "attendance": "required",
        "petition": [1, 10],
        "pay": "None, and fares.",
        "minutes": filler("minutes"),
        "above": filler("mandate above"),
    },
    "act": {
        "motion": MOTION,
        "kind": "vote",
        "value": "yes",
        "number": 2,
        "head": b"a signed head",
        "previous": filler("act before"),
        "amount": 12_000,
        "currency": "chf",
        "text": filler("text"),
        "assembly": filler("assembly"),
    },
    "recall": {"reason": "The assembly decided so."},
    "exit": {"reason": "We go our own way."},
    "amend": {
        "titles": [["en", "A wider bridge"]],
        "text": hashlib.sha256(b"confed text 1\0" + TEXT).digest(),
        "reason": "Bicycles.",
        "editorial": True,
    },
    "objection": {"reason": "It changes the sense."},
    "withdraw": {"reason": "Overtaken by events."},
    "takeover": {},
    "affected-claim": {"reason": "The road ends with us.", "unit": filler("unit")},
    "roll": {"members": 120, "taken": TIME, "method": "Dues paid this year."},
    "task": {
        "title": "Order steel",
        "carrier": bytes([1]) * 32,
        "due": TIME,
        "done": True,
        "mandate": MANDATE,
    },
    "finding": {"effect": "recount", "text": "One list is missing.", "mandate": MANDATE},
    "calendar": {
        "title": "Meeting",
        "starts": TIME,
        "ends": TIME + 7_200,
        "place": "The old mill",
        "mandate": MANDATE,
    },
    "payment-order": {
        "amount": 5_000,
        "currency": "CHF",
        "payee": "Steel cooperative",
        "number": 1,
        "mandate": MANDATE,
    },
    "dispute": {
        "name": "procedure",
        "remedy": "A new vote.",
        "parties": [bytes([2]) * 32],
        "compact": COMPACT,
    },
    "naming": {"role": "mediator", "councils": [bytes([3]) * 32]},
    "hold": {
        "reason": "The roll was wrong.",
        "dispute": filler("dispute"),
        "position": filler("position"),
    },
    "correction": {"text": "Read 71, not 17."},
    "dissolution": {
        "liquidators": [bytes([1]) * 32],
        "assets": "To the library.",
        "report": "All is settled.",
    },
    "suspension": {"key": NODE_KEY.public, "lift": True},
    "fork-proof": {
        "council": filler("forked council"),
        "key": filler("forked key"),
        "first": b"a signed head",
        "second": b"another signed head",
        "root": filler("forked root"),
        "path": [filler("forked path")],
    },
    "report": {"due": TIME, "text": hashlib.sha256(b"confed text 1\0" + TEXT).digest()},
    "ratify": {"value": "yes", "minutes": filler("minutes")},
    "petition": {"count": 12, "members": 70},
    "carried": {"envelope": b"an envelope", "head": b"a signed head"},
    "statement": {
        "text": "What the assembly said.",
        "files": [["minutes", "pdf", 70_000, filler("file")]],
    },
    "unlink": {"invite": filler("invitation")},
    "guest": {"peer": filler("guest"), "invite": filler("invitation")},
    "override": {"size": 1_000, "answers": 1, "needed": 3},
}
"""The body of each kind with every optional field."""

OPTIONAL: Final[dict[str, tuple[str, ...]]] = {
    "charter": ("rules", "previous", "delegation"),
    "node": ("addresses", "previous", "last"),
    "link": ("peer", "invite", "expires"),
    "mandate": (
        *("compact", "instructions", "substitutes", "partners", "parity", "forum", "level"),
        *("term", "conditions", "otherwise", "subjects", "ceiling", "reports", "overdue"),
        *("freshness", "holdover", "attendance", "petition", "pay", "minutes", "above"),
    ),
    "act": ("previous", "amount", "currency", "text", "assembly"),
    "compact": (
        *("quorums", "people_quorums", "terms", "missed", "panel", "sunset", "previous"),
        "upper",
        "level",
    ),
    "accession": ("motion", "observer"),
    "motion": (
        *(
            "translations",
            "rule",
            "version",
            "minutes",
            "contact",
            "initiative",
            "parent",
            "reason",
        ),
        *("affected", "units", "attachments", "money", "carrier", "due", "begins", "ends", "goal"),
        *(
            "reversible",
            "opt_out",
            "supersedes",
            "repeals",
            "depends",
            "contradicts",
            "first",
            "target",
        ),
    ),
    "freeze": (
        *("seconds", "accessions", "exits", "decisions", "claims"),
        *("versions", "takeover", "rolls"),
    ),
    "position": (
        *("yes", "no", "valid", "abstain", "block", "aside", "present", "roll", "method"),
        *("minutes", "reason", "clause", "contact", "versions"),
    ),
    "status": ("locked",),
    "exit": ("reason",),
    "amend": ("reason", "editorial"),
    "objection": ("reason",),
    "affected-claim": ("unit",),
    "withdraw": ("reason",),
    "task": ("carrier", "due", "done", "mandate"),
    "finding": ("mandate",),
    "calendar": ("ends", "place", "mandate"),
    "payment-order": ("mandate",),
    "dispute": ("parties", "compact"),
    "hold": ("dispute", "position"),
    "recall": ("reason",),
    "ratify": ("minutes",),
    "suspension": ("lift",),
    "fork-proof": ("root", "path"),
    "statement": ("files",),
}
"""The fields of each kind that may be absent."""

SUBJECTS: Final[dict[str, bytes]] = {
    "accession": COMPACT,
    "motion": COMPACT,
    "second": MOTION,
    "freeze": MOTION,
    "position": MOTION,
    "status": MOTION,
    "vote": MOTION,
    "lock": MOTION,
    "act": MANDATE,
    "recall": MANDATE,
    "report": MANDATE,
    "ratify": filler("act"),
    "petition": MANDATE,
    "exit": COMPACT,
    "objection": filler("amend"),
    **dict.fromkeys(("amend", "withdraw", "takeover", "affected-claim", "task"), MOTION),
    **dict.fromkeys(("calendar", "payment-order", "dispute", "hold"), MOTION),
    **dict.fromkeys(("finding", "naming"), filler("dispute")),
    "correction": filler("position"),
    "dissolution": MOTION,
}
"""The kinds whose payload names a subject."""

PARTS: Final[dict[str, bytes]] = {
    "motion": TEXT,
    "amend": TEXT,
    "report": TEXT,
    "witness": cmp.encode(HEADS),
}


def payload(kind: str, **change: Any) -> dict[str, Any]:
    """The payload of an example; a field changed to None is left out."""
    fields: dict[str, Any] = {
        "kind": kind,
        "council": COUNCIL,
        "charter": 1,
        "time": TIME,
        "subject": SUBJECTS.get(kind),
        "body": BODIES.get(kind, {}),
        **change,
    }
    return {name: value for name, value in fields.items() if value is not None}
