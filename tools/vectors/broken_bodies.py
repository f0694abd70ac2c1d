"""Bodies with one fault each, for the vectors of `record` and the check of the schemas."""

import base64
from collections.abc import Iterator
from typing import Any, Final

from tools.vectors.examples import BODIES, OPTIONAL, WINDOWS
from tools.vectors.signing import filler

NUMBER_MAX: Final = 1_000_000
_BASE64: Final = base64.b64encode(bytes(32)).decode()
_ID: Final = {"31-bytes": bytes(31), "33-bytes": bytes(33), "text": "i" * 32, "base64": _BASE64}
_REF: Final = {"31-bytes": bytes(31), "33-bytes": bytes(33)}
_NUMBER: Final = {"0": 0, "large": NUMBER_MAX + 1, "text": "1", "bool": True}
_WEIGHT: Final = {"negative": -1, "large": 1_000_001, "text": "2"}
_TIME: Final = {"negative": -1, "large": 2**40 + 1}
_BALLOTS: Final = {"negative": -1, "large": 10**12 + 1, "bool": True}
_NAME: Final = {
    "empty": "",
    "65-characters": "n" * 65,
    "bytes": b"name",
    "line-feed": "Council\nof all",
    "line-feed-last": "Council\n",
}
_TOKEN: Final = {
    "empty": "",
    "upper": "Yes",
    "space": "a b",
    "line-feed": "yes\n",
    "32-characters": "t" * 32,
}
_WORD: Final = {"other": "maybe", "upper": "Yes", "number": 1}
_TEXT: Final = {"empty": "", "2001-characters": "r" * 2001, "bytes": b"r"}
_FLAG: Final = {"number": 1, "text": "true"}
_HEAD: Final = [filler("log"), 12, filler("root")]

_FAULTS: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "charter": {
        "name": _NAME,
        "threshold": _NUMBER,
        "keys": {
            "empty": [],
            "33": [bytes([n]) * 32 for n in range(33)],
            "31-bytes": [bytes(31)],
            "one": bytes(32),
        },
        "rules": {"0": 0},
        "previous": _ID,
    },
    "node": {
        "number": _NUMBER,
        "key": _ID,
        "transport": {"31-bytes": bytes(31)},
        "expires": _TIME,
        "addresses": {
            "empty": [],
            "5": ["a:1"] * 5,
            "short": ["a:"],
            "long": ["a" * 129],
            "line-feed": ["a:1\n"],
        },
        "previous": {"31-bytes": bytes(31)},
        "last": {
            "of-two": _HEAD[:2],
            "of-four": [*_HEAD, 0],
            "size-0": [_HEAD[0], 0, _HEAD[2]],
            "size-large": [_HEAD[0], 2**40 + 1, _HEAD[2]],
            "map": {"log": _HEAD[0], "size": 12, "root": _HEAD[2]},
        },
    },
    "link": {"peer": _ID, "invite": {"31-bytes": bytes(31)}, "expires": _TIME},
    "compact": {
        "name": _NAME,
        "founders": {
            "empty": [],
            "of-two": [[bytes(32), 1]],
            "of-four": [[bytes(32), 1, 2, 3]],
            "charter-0": [[bytes(32), 0, 2]],
            "weight-negative": [[bytes(32), 1, -1]],
        },
        "rules": {
            "empty": [],
            "17": [["coordination", "double"]] * 17,
            "of-one": [["coordination"]],
            "class-upper": [["Coordination", "double"]],
            "rule-long": [["coordination", "d" * 33]],
            "rule-line-feed": [["coordination", "double\n"]],
        },
        "windows": {
            "array": [1, 2, 3, 4, 5, 6, 7],
            "one-less": {k: v for k, v in WINDOWS.items() if k != "step"},
            "negative": {**WINDOWS, "voting": -1},
            "large": {**WINDOWS, "voting": 10 * 366 * 86_400 + 1},
            "witness-0": {**WINDOWS, "witness": 0},
            "another": {**WINDOWS, "recess": 1},
        },
        "seconds": {"negative": -1, "large": 1_000_001},
        "sponsors": {"negative": -1},
        "weight_max": _WEIGHT,
        "quorums": {"empty": [], "of-two": [["charter", 1]], "whole-0": [["charter", 0, 0]]},
        "terms": {"negative": {"lapse": -1}, "another": {"recess": 1}},
        "panel": {"4": 4},
        "sunset": _TIME,
        "previous": _REF,
    },
    "accession": {"weight": _WEIGHT, "motion": _REF, "observer": _FLAG},
    "motion": {
        "version": _REF,
        "contact": _NAME,
        "affected": {"empty": [], "31-bytes": [bytes(31)]},
        "money": {"empty-map": {}, "array": [1, 2, "CHF", "Dues."]},
        "due": _TIME,
        "reversible": _FLAG,
        "supersedes": {"empty": [], "65": [bytes(32)] * 65},
        "target": _REF,
        "name": _TOKEN,
        "titles": {
            "empty": [],
            "17": [["en", "A"]] * 17,
            "language-upper": [["EN", "A"]],
            "language-long": [["en-abcdefgh-abcdefgh", "A"]],
            "title-empty": [["en", ""]],
            "title-line-feed": [["en", "A\nB"]],
            "of-three": [["en", "A", "B"]],
        },
        "text": _ID,
    },
    "freeze": {
        "councils": {
            "empty": [],
            "weight-large": [[bytes(32), 1_000_001]],
            "of-one": [[bytes(32)]],
        },
        "opens": _TIME,
        "closes": {"text": "tomorrow"},
        "seconds": {"empty": [], "31-bytes": [bytes(31)]},
        "accessions": {"empty": []},
        "exits": {"empty": []},
        "versions": {"empty": [], "31-bytes": [bytes(31)]},
        "takeover": _REF,
        "rolls": {"empty": [], "negative": [-1]},
    },
    "position": {
        "freeze": _ID,
        "number": _NUMBER,
        "value": _WORD,
        "yes": _BALLOTS,
        "no": {"negative": -1},
        "valid": {"large": 10**12 + 1},
        "present": _BALLOTS,
        "roll": _BALLOTS,
        "method": _WORD,
        "reason": _TEXT,
        "versions": {"empty": []},
    },
    "witness": {"count": {"0": 0, "65": 65}, "root": _ID},
    "status": {
        "freeze": {"31-bytes": bytes(31)},
        "round": {"1": 1, "large": 1_000_001, "text": "two"},
        "locked": {
            "of-two": [1, "adopted"],
            "round-0": [0, "adopted", [bytes(32)]],
            "outcome-other": [1, "void", [bytes(32)]],
            "no-vote": [1, "adopted", []],
            "31-bytes": [1, "adopted", [bytes(31)]],
        },
    },
    "vote": {
        "freeze": {"31-bytes": bytes(31)},
        "round": _NUMBER,
        "outcome": {"other": "void", "yes": "yes"},
        "counted": {"31-bytes": [bytes(31)], "one": bytes(32)},
    },
    "lock": {"freeze": {"33-bytes": bytes(33)}, "round": _NUMBER, "outcome": {"other": "accepted"}},
    "mandate": {
        "delegate": _ID,
        "starts": _TIME,
        "until": _TIME,
        "kinds": {"empty": [], "17": ["vote"] * 17, "upper": ["Vote"]},
        "compact": {"31-bytes": bytes(31)},
        "instructions": {"empty": [], "of-one": [[bytes(32)]], "value-upper": [[bytes(32), "Yes"]]},
        "substitutes": {"empty": [], "nine": [bytes(32)] * 9},
        "partners": {"31-bytes": [bytes(31)]},
        "parity": {"other": "half"},
        "term": _NUMBER,
        "conditions": {"empty": [], "other": [[bytes(32), "if", bytes(32)]]},
        "otherwise": {"free": "free"},
        "ceiling": {"of-two": ["chf", 1], "large": ["chf", 10**12 + 1, 0]},
        "reports": {"empty": [], "65": [1] * 65},
        "holdover": {"zero": [0, ["speak"]], "15-days": [15 * 86_400, ["speak"]]},
        "attendance": {"bool": True},
        "petition": {"zero": [0, 10], "of-one": [1]},
    },
    "act": {
        "motion": _REF,
        "kind": _TOKEN,
        "value": {"empty": ""},
        "number": _NUMBER,
        "head": {"empty": b"", "257-bytes": bytes(257), "text": "head"},
        "previous": {"31-bytes": bytes(31)},
        "amount": {"minus": -1, "large": 10**12 + 1},
        "currency": {"empty": "", "upper": "CHF"},
    },
    "report": {"due": _TIME, "text": _ID},
    "ratify": {"value": {"other": "maybe"}, "minutes": {"31-bytes": bytes(31)}},
    "petition": {"count": {"minus": -1}, "members": {"zero": 0}},
    "recall": {"reason": {"empty": "", "2001-characters": "r" * 2001, "bytes": b"r"}},
    "suspension": {"key": _ID, "lift": {"number": 1, "text": "yes"}},
    "fork-proof": {
        "council": {"31-bytes": bytes(31)},
        "key": {"33-bytes": bytes(33)},
        "first": {"empty": b"", "257-bytes": bytes(257)},
        "second": {"text": "head"},
        "root": _ID,
        "path": {"empty": [], "65": [bytes(32)] * 65, "31-bytes": [bytes(31)]},
    },
    "carried": {
        "envelope": {"empty": b"", "15001-bytes": bytes(15_001), "text": "envelope"},
        "head": {"empty": b"", "257-bytes": bytes(257)},
    },
    "unlink": {"invite": _ID},
    "guest": {"peer": _ID, "invite": _ID},
    "override": {"size": {"zero": 0}, "answers": {"minus": -1}, "needed": {"text": "3"}},
    "statement": {
        "text": {"empty": "", "2001-characters": "s" * 2001, "bytes": b"s"},
        "files": {
            "empty": [],
            "of-three": [["minutes", "pdf", 1]],
            "size-0": [["minutes", "pdf", 0, bytes(32)]],
            "media-upper": [["minutes", "PDF", 1, bytes(32)]],
            "name-empty": [["", "pdf", 1, bytes(32)]],
        },
    },
    "exit": {"reason": _TEXT},
    "amend": {"titles": {"empty": []}, "text": _ID, "reason": _TEXT, "editorial": _FLAG},
    "objection": {"reason": _TEXT},
    "withdraw": {"reason": _TEXT},
    "affected-claim": {"reason": _TEXT},
    "roll": {"members": _BALLOTS, "taken": _TIME, "method": _TEXT},
    "task": {"title": _NAME, "carrier": _REF, "due": _TIME, "done": _FLAG, "mandate": _REF},
    "finding": {"effect": _WORD, "text": _TEXT, "mandate": _REF},
    "calendar": {
        "title": _NAME,
        "starts": _TIME,
        "ends": _TIME,
        "place": _NAME,
        "mandate": _REF,
    },
    "payment-order": {
        "amount": {"negative": -1, "large": 10**12 + 1, "text": "5"},
        "currency": _NAME,
        "payee": _NAME,
        "number": _NUMBER,
    },
    "dispute": {
        "name": _WORD,
        "remedy": _TEXT,
        "parties": {"empty": [], "31-bytes": [bytes(31)]},
        "compact": _REF,
    },
    "naming": {"role": _WORD, "councils": {"empty": [], "6": [bytes(32)] * 6}},
    "hold": {"reason": _TEXT, "dispute": _REF, "position": _REF},
    "correction": {"text": _TEXT},
    "dissolution": {"liquidators": {"empty": []}, "assets": _TEXT, "report": _TEXT},
}


def broken_bodies() -> Iterator[tuple[str, str, str, str, dict[str, Any]]]:
    """Rule, kind, name, why, body; the reason is always body-form."""
    for kind, body in BODIES.items():
        for name in body:
            if name not in OPTIONAL.get(kind, ()):
                short = {key: value for key, value in body.items() if key != name}
                yield "BOD-2", kind, f"no-{_slug(name)}", f"{name} is required", short
        yield "BOD-2", kind, "another-field", "a field that it has not", {**body, "note": 1}
        for name, faults in _FAULTS.get(kind, {}).items():
            for slug, value in faults.items():
                why = f"{name}: type, length or range"
                empty = slug == "empty" and name in OPTIONAL.get(kind, ())
                rule = "BOD-3" if empty else "BOD-1"
                yield rule, kind, f"{_slug(name)}-{slug}", why, {**body, name: value}


def _slug(name: str) -> str:
    return name.replace("_", "-")
