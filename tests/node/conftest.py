"""What tests of whole nodes share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from confednode import driver
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
