"""What tests of whole nodes share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from confednode import driver
from confednode.cli import main
from tests.support.commands import INIT, Confed, Said
from tests.support.nodes import Nodes, nodes_in


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Nodes]:
    """Real nodes in folders of their own; none outlives the test."""
    async with nodes_in(tmp_path) as made:
        yield made


@pytest.fixture
def prompt_redial(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that went down is dialled again at once."""
    monkeypatch.setattr(driver, "REDIAL_FIRST_S", 0.01)
    monkeypatch.setattr(driver, "REDIAL_MAX_S", 0.05)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Confed:
    """Run `confed` in this process."""
    monkeypatch.delenv("CONFED_HOME", raising=False)

    def run(*arguments: str | Path) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(code=ended.value.code, out=told.out, err=told.err)

    return run


@pytest.fixture
def home(tmp_path: Path, call: Confed) -> Path:
    """The folder of a council that was just founded."""
    folder = tmp_path / "home"
    said = call(*INIT, "--home", folder, "--name", "North", "--no-passphrase", "--json")
    assert said.code == 0
    return folder
