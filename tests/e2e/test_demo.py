"""`confed demo` as its caller sees it: real nodes, files of votes made here, the packaged vote."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from confednode import app
from confednode.cli import main
from confednode.demo.run import windows

PROGRAM: Final = (sys.executable, "-m", "confednode", "demo")
PATHS: Final = os.pathsep.join(path for path in sys.path if path)
TIME_S: Final = 240

HEADER: Final = "vote_id,unit,weight_halves,yes,no\n"
VOTES: Final = HEADER + "v,Nord,2,100,50\nv,Süd,2,30,60\nv,Ost,1,20,10\nv,West,1,9,5\n"
SWAPPED: Final = HEADER + "v,Nord,2,50,100\nv,Süd,2,60,30\nv,Ost,1,10,20\nv,West,1,5,9\n"
OUTCOMES: Final = (
    "vote_id,accepted,people_yes,people_no,people_accept,units_yes,units_no,units_accept,sums_exact\n"
    "v,1,159,125,1,4,2,1,1\n"
)
FIELDS: Final[dict[str, type | tuple[type, ...]]] = {
    "vote": str,
    "rule": str,
    "seed": int,
    "nodes": int,
    "links": int,
    "edges": list,
    "accepted": bool,
    "people_yes": int,
    "people_no": int,
    "people_accept": bool,
    "units_yes": int,
    "units_no": int,
    "units_total": int,
    "units_accept": bool,
    "official_accepted": (bool, type(None)),
    "equal": (bool, type(None)),
    "agree": int,
    "state_digests": int,
    "state_digest": str,
    "certificate": str,
    "mandate": dict,
    "killed": (str, type(None)),
    "seconds": dict,
    "memory_bytes": int,
}
PHASES: Final = {"start", "found", "link", "vote", "agree", "certify", "mandate", "total"}


@dataclass(slots=True, kw_only=True)
class Run:
    """One call of `confed demo` under way, in folders of its own."""

    folder: Path
    arguments: tuple[str, ...]
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.temporary.mkdir(parents=True)
        with self.told("out").open("wb") as out, self.told("err").open("wb") as err:
            self.process = subprocess.Popen(
                [*PROGRAM, *self.arguments],
                cwd=self.folder,
                env=os.environ | {"PYTHONPATH": PATHS, "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                # A shell lets what it starts in the background ignore it, and that is inherited.
                preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
            )

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def made(self) -> Path:
        return self.folder / "build" / "demo"

    def told(self, name: str) -> Path:
        return self.folder / f"{name}.txt"

    @property
    def out(self) -> str:
        return self.told("out").read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        return self.told("err").read_text(encoding="utf-8")

    def wait(self) -> int:
        return self.process.wait(TIME_S)

    @property
    def json(self) -> dict[str, Any]:
        self.wait()
        assert self.out.count("\n") == 1, self.err[-2_000:]
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    def children(self) -> list[int]:
        """The processes whose arguments name this run's temporary folder: its nodes."""
        found: list[int] = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    command = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if os.fsencode(self.temporary) in command:
                    found.append(int(entry.name))
        return found


def write(folder: Path, votes: str = VOTES, outcomes: str | None = OUTCOMES) -> tuple[str, ...]:
    """The files of one run, and the arguments that name them."""
    folder.mkdir(parents=True)
    (folder / "votes.csv").write_text(votes, encoding="utf-8")
    if outcomes is None:
        return ("--data", "votes.csv")
    (folder / "outcomes.csv").write_text(outcomes, encoding="utf-8")
    return ("--data", "votes.csv", "--outcomes", "outcomes.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Small runs that waited at the same time; `before` is what the first said before it looked."""

    plain: Run
    swapped: Run
    killed: Run
    cut: Run
    before: str


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    root = tmp_path_factory.mktemp("demo")
    plain = root / "plain"
    files = write(plain)
    (plain / "outcomes.csv").unlink()
    os.mkfifo(plain / "outcomes.csv")
    first = Run(folder=plain, arguments=(*files, "--json", "--seed", "7"))
    others: list[Run] = []
    for name, votes, more in (
        ("swapped", SWAPPED, ("--json",)),
        ("killed", VOTES, ("--json", "--kill", "Ost")),
        ("cut", VOTES, ("--json", "--cut", "Süd", "--nodes-per-process", "1")),
    ):
        folder = root / name
        others.append(Run(folder=folder, arguments=(*write(folder, votes), *more)))
    before = answer(first, plain / "outcomes.csv")
    for run in (first, *others):
        run.wait()
    return Runs(plain=first, swapped=others[0], killed=others[1], cut=others[2], before=before)


def answer(run: Run, pipe: Path) -> str:
    """Give the outcomes through a pipe; returns all that was said before it was opened.

    To open a pipe for writing waits for its reader, so this is the moment of the look.
    """

    def release() -> None:  # if the demo ends without a look, nobody waits for ever
        run.wait()
        os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))

    watch = threading.Thread(target=release)
    watch.start()
    with pipe.open("w") as file:
        before = run.err
        try:
            file.write(OUTCOMES)
            file.flush()
        except BrokenPipeError:
            pass
    watch.join()
    return before


# --- a vote of four units -------------------------------------------------------------------


def test_demo_json_has_the_fields_and_types_of_the_interface(runs: Runs) -> None:
    told = runs.plain.json
    assert runs.plain.wait() == 0, runs.plain.err
    for name, kind in FIELDS.items():
        assert isinstance(told[name], kind), name
        assert not (kind is int and isinstance(told[name], bool)), name
    assert set(told["seconds"]) >= PHASES
    assert all(isinstance(value, float) for value in told["seconds"].values())
    assert (told["vote"], told["rule"], told["seed"]) == ("v", "double", 7)
    assert (told["nodes"], told["agree"], told["state_digests"]) == (4, 4, 1)
    assert told["links"] == len(told["edges"])
    units = {"Nord", "Süd", "Ost", "West"}
    assert {unit for edge in told["edges"] for unit in edge} == units
    for unit in units:
        assert sum(unit in edge for edge in told["edges"]) < 3, "no unit is linked to all others"
    assert len(bytes.fromhex(told["state_digest"])) == 32
    assert told["killed"] is None
    assert 0 < told["memory_bytes"] < 2**30


def test_demo_counts_people_and_units_and_compares_them(runs: Runs) -> None:
    told = runs.plain.json
    assert (told["people_yes"], told["people_no"], told["people_accept"]) == (159, 125, True)
    assert (told["units_yes"], told["units_no"], told["units_total"]) == (4, 2, 6)
    assert (told["units_accept"], told["accepted"]) == (True, True)
    assert (told["official_accepted"], told["equal"]) == (True, True)


def test_demo_looks_at_the_official_outcome_only_after_all_nodes_answered(runs: Runs) -> None:
    assert "1 state on 4 nodes" in runs.before
    assert "both files together are VOID (recalled)" in runs.before
    assert runs.before == runs.plain.err, "nothing is said, and so nothing asked, afterwards"


def test_demo_swapped_votes_differ_from_the_official_outcome(runs: Runs) -> None:
    told = runs.swapped.json
    assert runs.swapped.wait() == 1
    assert (told["ok"], told["equal"], told["accepted"]) == (False, False, False)
    assert (told["people_yes"], told["people_no"]) == (125, 159)
    assert (told["official_accepted"], told["agree"]) == (True, 4)
    assert {"accepted", "people_yes", "units_yes"} <= set(told["differs"])


def test_demo_killed_node_comes_back_and_agrees(runs: Runs) -> None:
    told = runs.killed.json
    assert runs.killed.wait() == 0, runs.killed.err
    assert (told["killed"], told["agree"], told["state_digests"]) == ("Ost", 4, 1)
    assert told["equal"] is True
    assert (told["people_yes"], told["units_yes"]) == (159, 4), "its position counts"
    said = runs.killed.err
    assert said.index("Ost is killed (SIGKILL)") < said.index("Ost is back")


def test_demo_node_that_is_cut_off_lacks_the_outcome_alone(runs: Runs) -> None:
    told = runs.cut.json
    assert runs.cut.wait() == 1
    assert (told["agree"], told["disagree"]) == (3, ["Süd"])
    assert told["state_digests"] == 2
    assert (told["people_yes"], told["people_no"]) == (129, 65), "the cut unit's ballots are absent"
    assert "4 nodes run in 4 processes" in runs.cut.err


def test_demo_files_verify_without_a_node(runs: Runs) -> None:
    told, made = runs.plain.json, runs.plain.made
    names = {"certificate.confed", "mandate.confed", "act.confed", "recall.confed"}
    assert {path.name for path in made.iterdir()} == names
    assert Path(runs.plain.folder / told["certificate"]) == made / "certificate.confed"

    def verify(*files: str) -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-m", "confednode", "verify", "--json", *files]
        environment = os.environ | {"PYTHONPATH": PATHS}
        done = subprocess.run(command, cwd=made, env=environment, capture_output=True, check=False)
        return done.returncode, json.loads(done.stdout)

    code, certificate = verify("certificate.confed")
    assert (code, certificate["verdict"], certificate["kind"]) == (0, "VALID", "certificate")
    for name in ("accepted", "people_yes", "people_no", "units_yes", "units_no"):
        assert certificate[name] == told[name]
    assert certificate["councils"] == 4
    assert certificate["signers"] >= certificate["needed"] == 3
    code, mandate = verify("mandate.confed")
    assert (code, mandate["verdict"]) == (0, "VALID") == (0, told["mandate"]["granted"])
    code, act = verify("act.confed")
    story = told["mandate"]
    assert (code, act["verdict"], act["reason"]) == (3, story["beyond"], "instruction")
    code, after = verify("mandate.confed", "recall.confed")
    assert (code, after["verdict"], after["reason"]) == (3, "VOID", story["recalled_reason"])


def test_demo_leaves_no_process_and_no_temporary_file(runs: Runs) -> None:
    for run in (runs.plain, runs.swapped, runs.killed, runs.cut):
        run.wait()
        assert run.children() == []
        assert list(run.temporary.iterdir()) == []


# --- what cannot be run ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("votes", "arguments", "told"),
    [
        (VOTES.replace("weight_halves", "weight"), (), "column missing: weight_halves"),
        (VOTES.replace("50", "-50"), (), "'-50' is not a whole number"),
        (VOTES + "v,Nord,2,1,1\n", (), "has unit 'Nord' already on line 2"),
        (VOTES.replace(",2,", ",0,").replace(",1,", ",0,"), (), "all weights are 0"),
        (VOTES, ("--vote", "w"), "no vote 'w'"),
        (VOTES + "w,Nord,2,1,1\n", (), "2 votes and none was named"),
        (VOTES, ("--kill", "Mitte"), "no unit Mitte"),
        (VOTES, ("--cut", "Nord"), "the first unit moves the motion"),
        (VOTES, ("--outcomes", "none.csv"), "none.csv is not there"),
        (VOTES, ("--outcomes", "votes.csv"), "column missing: accepted"),
        (VOTES, ("--data", "none.csv"), "none.csv"),
        (VOTES, ("--rule", "best"), "'best' is no rule"),
        (VOTES, ("--out", "votes.csv"), "votes.csv"),
    ],
)
def test_demo_what_it_cannot_run_is_one_line_and_starts_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    votes: str,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    def started(*_: object) -> None:
        pytest.fail("something was started")

    monkeypatch.setattr(app, "run_flat", started)
    given = write(tmp_path / "x", votes, None)
    monkeypatch.chdir(tmp_path / "x")
    for more in ((), ("--json",)):
        with pytest.raises(SystemExit) as ended:
            main(["demo", *given, *arguments, *more])
        assert ended.value.code == 2
        out, err = capsys.readouterr()
        if more:
            failure = json.loads(out)
            assert (failure["ok"], set(failure)) == (False, {"ok", "reason", "message", "hint"})
            assert told in failure["message"]
            assert err == ""
        else:
            assert told in err
            assert out == ""
    assert [path.name for path in Path().iterdir()] == ["votes.csv"]


def test_demo_what_it_cannot_run_ends_the_process_with_two(tmp_path: Path) -> None:
    given = write(tmp_path / "x", VOTES.replace("50", "-50"), None)
    run = Run(folder=tmp_path / "x", arguments=(*given, "--json"))
    assert run.wait() == 2
    assert run.json["reason"] == "vote-file"
    assert "votes.csv, line 2" in run.json["message"]
    assert run.err == ""
    assert not run.children()
    assert not list(run.temporary.iterdir())
    assert not (run.folder / "build").exists()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_demo_that_is_interrupted_leaves_no_node_behind(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    folder = tmp_path / "x"
    files = write(folder, outcomes=None)
    os.mkfifo(folder / "err.txt")  # so that we hear of the nodes as soon as they run
    reading = os.open(folder / "err.txt", os.O_RDONLY | os.O_NONBLOCK)
    run = Run(folder=folder, arguments=(*files, "--json"))
    assert select.select([reading], [], [], TIME_S)[0]
    assert b"nodes run" in os.read(reading, 4_096)
    nodes = [os.pidfd_open(pid) for pid in run.children()]
    assert len(nodes) == 2
    run.process.send_signal(number)
    assert run.wait() == code
    for node in nodes:
        assert select.select([node], [], [], TIME_S)[0], "a node outlived the demo"
        os.close(node)
    os.close(reading)
    if number is not signal.SIGKILL:
        assert list(run.temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("nodes", "took_s", "voting"),
    [(4, 1.0, 4), (26, 5.0, 4), (26, 15.0, 12), (120, 5.0, 16), (4, 3_600.0, 32)],
)
def test_demo_windows_are_longer_for_more_nodes_and_on_a_slow_machine(
    nodes: int, took_s: float, voting: int
) -> None:
    told = windows(nodes, took_s)
    assert told["voting"] == voting
    assert told["notice"] < told["voting"] == 2 * told["grace"]


# --- the packaged vote ----------------------------------------------------------------------


def test_demo_default_vote_comes_to_its_official_outcome_on_every_node(tmp_path: Path) -> None:
    run = Run(folder=tmp_path / "x", arguments=("--json",))
    told = run.json
    assert run.wait() == 0, run.err
    assert (told["nodes"], told["agree"], told["state_digests"]) == (26, 26, 1)
    assert told["equal"] is True
    assert told["official_accepted"] is told["accepted"]
    assert told["people_accept"] is not told["units_accept"], "the chambers disagree"
    links = [sum(unit in edge for edge in told["edges"]) for unit, _ in told["edges"]]
    assert max(links) <= 4
    assert told["memory_bytes"] < 10**9
