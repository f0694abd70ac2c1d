"""What holds the repository together: locks, targets, licences, sizes, the README's commands."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted(ROOT.glob("requirements*.txt"))
TARGETS = ("venv", "demo", "test", "check", "bench", "simulate", "fuzz", "explore", "test-web")
MODULE_MAX_LINES = 400


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def project(name: str) -> dict[str, Any]:
    return tomllib.loads(read(name))


def pins(lock: Path) -> dict[str, str]:
    """Package name -> version of every requirement in `lock`."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", lock.read_text("utf-8"), re.MULTILINE))


def fenced_commands(text: str) -> list[str]:
    """The non-empty lines of every ```sh block of `text`, without a `$` prompt."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = (line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_names_no_url_and_no_registry(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert "://" not in text
    options = set(re.findall(r"^\s*(--?[a-z-]+)", text, re.MULTILINE))
    assert options == {"--hash"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_has_a_hash_for_every_pin(lock: Path) -> None:
    text = re.sub(r"^\s*#.*\n", "", lock.read_text("utf-8"), flags=re.MULTILINE)
    requirements = re.split(r"\n(?=\S)", text.strip())
    assert len(requirements) >= 5
    for requirement in requirements:
        assert re.match(r"[a-z0-9-]+==\S+", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


def test_locks_pin_each_package_to_one_version() -> None:
    seen: dict[str, str] = {}
    for lock in LOCKS:
        for package, version in pins(lock).items():
            assert seen.setdefault(package, version) == version, f"{package} in {lock.name}"


def test_locks_hold_what_pyproject_asks_for() -> None:
    root = project("pyproject.toml")
    wanted = {
        "requirements.txt": root["project"]["dependencies"],
        "requirements-build.txt": root["dependency-groups"]["build"],
        "requirements-test.txt": root["dependency-groups"]["test"],
        "requirements-dev.txt": [
            name for group in ("test", "check", "lock") for name in root["dependency-groups"][group]
        ],
    }
    assert sorted(wanted) == [lock.name for lock in LOCKS]
    for name, requirements in wanted.items():
        names = {re.split(r"[^a-z0-9-]", requirement)[0] for requirement in requirements}
        assert names <= set(pins(ROOT / name)), name


def test_library_needs_no_more_than_the_node() -> None:
    library = set(project("protocol/pyproject.toml")["project"]["dependencies"])
    node = set(project("pyproject.toml")["project"]["dependencies"])
    assert library < node
    assert not any(requirement.startswith(("trio", "click")) for requirement in library)


def test_both_packages_read_one_version() -> None:
    for folder, name in ((ROOT, "pyproject.toml"), (ROOT / "protocol", "protocol/pyproject.toml")):
        source = project(name)["tool"]["hatch"]["version"]["path"]
        assert (folder / source).resolve() == ROOT / "protocol" / "confedproto" / "__init__.py"


@pytest.mark.parametrize("target", TARGETS)
def test_makefile_has_the_target(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(rf"^\.PHONY:.* {target}( |$)", read("Makefile"), re.MULTILINE)


def test_makefile_keeps_bootstrap_off_stdout() -> None:
    recipes = re.findall(r"^\t((?:.*\\\n)*.*)", read("Makefile"), re.MULTILINE)
    assert recipes
    for recipe in recipes:
        assert recipe.startswith("@"), recipe
        if re.search(r"\$\((PIP|LOCKED|PYTHON|COMPILE)\)|echo|apt-get", recipe):
            assert "1>&2" in recipe, recipe


def test_readme_shows_the_two_commands_and_only_targets_that_exist() -> None:
    commands = fenced_commands(read("README.md"))
    made = [command.split()[1] for command in commands if command.startswith("make ")]
    assert {"demo", "test"} <= set(made)
    assert set(made) <= {*TARGETS, "help", "lock", "clean"}


def test_ci_runs_the_readme_test_command_and_the_slices() -> None:
    commands = read(".ci/run").splitlines()
    assert "set -euo pipefail" in commands
    for command in ("make check", "make test", "make fuzz SECONDS=60", "make simulate SEEDS=50"):
        assert command in commands


def test_licences_are_whole() -> None:
    assert "Apache License" in read("LICENSE")
    assert "END OF TERMS AND CONDITIONS" in read("LICENSE")
    assert read("protocol/LICENSE") == read("LICENSE")
    assert "CC0 1.0 Universal" in read("specs/vectors/LICENSE")


@pytest.mark.parametrize("package", ["confednode", "protocol/confedproto"])
def test_package_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("folder", ["confednode", "protocol/confedproto", "tools"])
def test_module_fits_one_room(folder: str) -> None:
    sizes = {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name: lines for name, lines in sizes.items() if lines > MODULE_MAX_LINES} == {}


def test_rules_that_code_names_are_in_the_specification() -> None:
    specs = "".join(path.read_text("utf-8") for path in (ROOT / "specs").glob("*.md"))
    rules = set(re.findall(r"^\*\*([A-Z]{3}-\d+)\.", specs, re.MULTILINE))
    others = re.compile(r"(?:BIP|CRC|SHA|UTF)-")  # standards of other people
    lost: dict[str, str] = {}
    for folder in ("confednode", "protocol/confedproto", "tools", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            named = set(re.findall(r"\b[A-Z]{3}-[1-9]\d*\b", path.read_text("utf-8"))) - rules
            lost |= {rule: path.name for rule in named if not others.match(rule)}
    assert len(rules) > 300
    assert lost == {}
