"""What a person asked to sign, held against what the node drafted.

The node may be somebody else's by now, and its keyholders' keys lie beside this program. So a
draft may say what was asked for, and of its own only what a node has to fill in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from confednode.errors import KeyringError, NodeReason
from confedproto import record, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A record that was asked for: its kind, what it is about, what it says, what is filled in.

    `about` is a record's id as text; `filled` None leaves the whole body to the node. `scope` is
    the compact to whose members it is limited, as text, "" for nobody; None leaves it to the node,
    for a record about another is limited as that one is.
    """

    kind: str
    about: str | None = None
    says: Mapping[str, object] = field(default_factory=dict)
    filled: frozenset[str] | None = None
    scope: str | None = None

    def check(self, payload: bytes) -> None:
        """Raises KeyringError CONTROL_REPLY if the payload is another record than was asked for."""
        header, _, body = record.parse_payload(payload)
        if header.kind != self.kind:
            self._refuse(f"a {header.kind}")
        if self.about is not None and header.subject != text.decode_record(self.about):
            self._refuse(f"a {header.kind} about something else")
        if self.scope is not None:
            wanted_scope = text.decode_record(self.scope) if self.scope else None
            if header.scope != wanted_scope:
                self._refuse(f"a {header.kind} for other readers")
        said = msgspec.structs.asdict(body) if isinstance(body, msgspec.Struct) else dict(body)
        for name, value in said.items():
            if name in self.says:
                wanted = self.says[name]
            elif self.filled is None or name in self.filled:
                continue
            else:
                wanted = None
            if value != wanted:
                self._refuse(f"a {header.kind} with another {name}")

    def _refuse(self, what: str) -> None:
        raise KeyringError(NodeReason.CONTROL_REPLY, f"the node drafted {what}")
