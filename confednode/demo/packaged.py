"""The votes that come with the program, by their manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from confednode.demo.table import shown
from confednode.demo.votes import RULE_DEFAULT, Vote, load_votes, pick
from confednode.errors import NodeReason, VoteFileError
from confedproto.errors import VerificationError
from confedproto.rules.tally import Rule, parse_rule

DATA: Final = Path(__file__).with_name("data")


class _Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    votes: str
    outcomes: str
    rules: dict[str, str] = {}


class _Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    default_vote: str
    sources: tuple[_Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of votes, the file of its outcomes, and the rules that are not `double`."""

    name: str
    votes: Path
    outcomes: Path
    rules: Mapping[str, Rule]

    def rule_of(self, vote_id: str) -> Rule:
        """The rule that the vote is decided by, known before any outcome is read."""
        return self.rules.get(vote_id) or parse_rule(RULE_DEFAULT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is packaged; `default_vote` is the id of the vote that the demo replays."""

    default_vote: str
    sources: tuple[Source, ...]


def load_manifest(folder: Path = DATA) -> Manifest:
    """The manifest in `folder`. Raises VoteFileError if it is missing or not of its form."""
    path = folder / "manifest.toml"
    try:
        raw = msgspec.toml.decode(path.read_bytes(), type=_Manifest)
        return Manifest(
            default_vote=raw.default_vote,
            sources=tuple(
                Source(
                    name=source.name,
                    votes=folder / source.votes,
                    outcomes=folder / source.outcomes,
                    rules={key: parse_rule(text) for key, text in source.rules.items()},
                )
                for source in raw.sources
            ),
        )
    except (OSError, msgspec.DecodeError, VerificationError) as error:
        raise VoteFileError(NodeReason.VOTE_FILE, f"{path.name}: {error}") from error


def pick_packaged(vote_id: str | None = None, folder: Path = DATA) -> tuple[Vote, Source]:
    """The packaged vote `vote_id` (None: the default one) and the source that it is in.

    Opens no outcomes. Raises VoteFileError(VOTE_UNKNOWN) if no packaged file has it.
    """
    manifest = load_manifest(folder)
    wanted = manifest.default_vote if vote_id is None else vote_id
    searched = 0
    for source in manifest.sources:
        votes = load_votes(source.votes)
        if wanted in votes:
            return pick(votes, wanted, source.rule_of(wanted)), source
        searched += len(votes)
    raise VoteFileError(
        NodeReason.VOTE_UNKNOWN, f"no vote {shown(wanted)} among the {searched} packaged votes"
    )
