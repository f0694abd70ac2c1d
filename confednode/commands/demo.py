"""demo: a confederation of real nodes decides a real vote."""

import sys
from pathlib import Path

import click

from confednode import app
from confednode.commands.base import Shell, command
from confednode.commands.failing import fail, fail_usage
from confednode.demo.packaged import pick_packaged
from confednode.demo.report import Report
from confednode.demo.run import run as run_demo
from confednode.demo.stage import Plan, per_process_default
from confednode.demo.votes import RULE_DEFAULT, Vote, load_outcomes, load_votes, pick
from confednode.errors import EXIT_FAILED, DemoError, NodeReason, VoteFileError
from confedproto.errors import VerificationError
from confedproto.rules.tally import Rule, parse_rule
from confedproto.text.harmless import as_json, shown

FILES = ("certificate.confed", "mandate.confed", "act.confed", "recall.confed")


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Votes per unit, as CSV.")
@click.option("--outcomes", type=click.Path(path_type=Path), help="Official outcomes, as CSV.")
@click.option("--vote", "vote_id", help="Which vote of the file.")
@click.option("--rule", "rule_text", help="Decision rule; else that of the packaged vote.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the link graph.")
@click.option("--nodes-per-process", type=click.IntRange(1, 1_000), help="Default: two processes.")
@click.option("--kill", metavar="UNIT", help="Kill this unit's node while positions arrive.")
@click.option("--cut", metavar="UNIT", help="Cut this unit off before the motion.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/demo"))
@command
def demo(
    shell: Shell,
    data: Path | None,
    outcomes: Path | None,
    vote_id: str | None,
    rule_text: str | None,
    seed: int,
    nodes_per_process: int | None,
    kill: str | None,
    cut: str | None,
    out: Path,
) -> None:
    """One real node per unit; together they decide a real vote, with no server in the middle."""
    json_mode = shell.json_mode
    vote, rule, official = _choose(data, outcomes, vote_id, rule_text)
    units = [row.unit for row in vote.units]
    for unit in (kill, cut):
        if unit is not None and unit not in units:
            fail_usage(f"no unit {shown(unit)} in this vote", json_mode=json_mode)
    if units and units[0] == cut:
        fail_usage("the first unit moves the motion: cut another one", json_mode=json_mode)
    if official is not None:
        _check_outcomes(official)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (out / name).unlink(missing_ok=True)
    except OSError as error:
        fail_usage(f"{out}: {error.strerror}", json_mode=json_mode)
    plan = Plan(
        vote=vote,
        rule=rule,
        seed=seed,
        per_process=nodes_per_process or per_process_default(len(units)),
        out=out,
        kill=kill,
        cut=cut,
    )

    def say(line: str) -> None:
        click.echo(shown(line), err=json_mode)

    reports: list[Report] = []

    async def main() -> None:
        reports.append(await run_demo(plan, say))

    app.run_flat(main)
    if not reports:
        fail(DemoError(NodeReason.DEMO_FAILED, "the demo ended early"), json_mode=json_mode)
    report = reports[0]
    if official is not None:
        # Only now: every node has given its own answer before anyone looks at the official one.
        result = load_outcomes(official).get(vote.vote_id)
        if result is not None:
            report.compare(result)
    if json_mode:
        click.echo(as_json({"ok": report.good, **report.as_json()}))
    else:
        for line in report.lines():
            say(line)
    if not report.good:
        sys.exit(EXIT_FAILED)


def _check_outcomes(path: Path) -> None:
    """Refuse a bad file before anything starts; what it says is read again at the end.

    A pipe can be read once only, so it is not looked into here.
    """
    if not path.exists():
        raise VoteFileError(NodeReason.FILE_MISSING, f"{path} is not there")
    if path.is_file():
        load_outcomes(path)


def _choose(
    data: Path | None, outcomes: Path | None, vote_id: str | None, rule_text: str | None
) -> tuple[Vote, Rule, Path | None]:
    """The vote, its rule, and the file of its official outcome, which is not opened here."""
    try:
        asked = parse_rule(rule_text) if rule_text is not None else None
    except VerificationError:
        raise click.BadParameter(f"{rule_text!r} is no rule", param_hint="--rule") from None
    if data is None:
        vote, source = pick_packaged(vote_id)
        return vote, asked or source.rule_of(vote.vote_id), outcomes or source.outcomes
    rule = asked or parse_rule(RULE_DEFAULT)
    return pick(load_votes(data), vote_id, rule), rule, outcomes
