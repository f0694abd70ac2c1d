"""An archive of thousands of records, killed at every stage, then a link that goes on from it."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confedproto import archive
from tools.bench import nodes
from tools.bench.proxy import Proxy

COUNT = 20_000
NEWER = 20
WITHIN_S = 120.0


def begin(who: nodes.Council, *words: str | Path) -> "subprocess.Popen[bytes]":
    line = [sys.executable, "-m", "confednode", "archive", *map(str, words), "--json"]
    return subprocess.Popen(
        [*line, "--home", str(who.home.path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def end(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    said, _ = process.communicate(timeout=WITHIN_S)
    reply: dict[str, Any] = json.loads(said)
    return reply | {"code": process.returncode}


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.005)


@contextmanager
def killed(process: "subprocess.Popen[bytes]", when: Callable[[], bool]) -> Generator[None]:
    """The process is killed in the middle of its work."""
    until(when)
    assert process.poll() is None, "it was too fast for this test"
    process.kill()
    process.communicate()
    yield


def contents(file: Path) -> archive.Contents:
    """What a whole archive holds; each leaf stands in it once, or this raises."""
    data, found = file.read_bytes(), archive.Contents()
    at = 4 + archive.frame_length(data[:4])
    while at < len(data):
        size = archive.frame_length(data[at : at + 4])
        found.read(data[at + 4 : at + 4 + size])
        at += 4 + size
    assert found.whole
    return found


def test_archive_killed_at_every_stage_ends_complete_and_a_link_goes_on_from_it(
    tmp_path: Path,
) -> None:
    author, fresh = nodes.found(tmp_path, "author"), nodes.found(tmp_path, "fresh")
    nodes.fill(author, COUNT)
    for one in (author, fresh):
        one.environment = {"CONFED_WORKERS": "0"}
        one.start()
    file = tmp_path / "all.archive"
    proxy = Proxy(author.listen)

    def held() -> int:
        return fresh.sizes().get(author.id, 0)

    try:
        export = begin(author, "export", "--to", file)
        with killed(export, lambda: file.exists() and file.stat().st_size > 300_000):
            first = end(begin(author, "export", "--to", file))
        whole = contents(file)
        assert (first["code"], whole.leaves, len(whole.sizes)) == (0, COUNT + 2, 1)
        assert first["leaves"] < COUNT, "what was written before the kill stayed"

        bring = begin(fresh, "import", file)
        until(lambda: held() > COUNT // 20)
        fresh.kill()  # the node dies under the import
        assert end(bring)["code"] in (1, 4)
        fresh.start()
        assert held() > 0, "what was committed; the run under way is lost with the node"
        with killed(begin(fresh, "import", file), lambda: held() > COUNT // 5):
            pass
        at = held()
        last = end(begin(fresh, "import", file))
        assert (last["code"], held()) == (0, COUNT + 2)
        assert last["taken"] <= COUNT + 2 - at
        assert end(begin(fresh, "import", file))["taken"] == 0

        for envelope in nodes.statements(author, NEWER, nodes.now_ns()):
            author.ask("submit", envelope=envelope.hex())
        author.link(fresh, proxy.address)
        until(lambda: author.sizes() == fresh.sizes())
        assert held() > COUNT + 2 + NEWER
        assert proxy.down < 2 * 65_536, "what the archive brought did not come again"
    finally:
        for one in (author, fresh):
            one.kill()
        proxy.close()
