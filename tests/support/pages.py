"""The pages in headless Chromium, from a file on disk, with a script that asks them something."""

import json
import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Final
from urllib.parse import unquote

from confednode import pages
from tools.js.browser import chromium

ANSWER_MAX_S: Final = 60.0
_PROBE: Final = """
const done = (value) => {
  location.href = "ADDRESS?" + encodeURIComponent(JSON.stringify(value)); };
const until = (holds) => new Promise((resolve) => {
  const look = () => (holds() ? resolve() : setTimeout(look, 20)); look(); });
addEventListener("unhandledrejection", ({ reason }) => done(String(reason?.stack ?? reason)));
"""


class _Handler(BaseHTTPRequestHandler):
    """Takes what the page says by going away to an address here: its policy allows no more."""

    answers: Queue[str]

    def do_GET(self) -> None:
        self.answers.put(unquote(self.path.partition("?")[2]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep stderr for failures."""


@contextmanager
def _listening(answers: Queue[str]) -> Generator[str]:
    server = HTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"answers": answers}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def run(
    script: str,
    name: str = "verify.html",
    *,
    folder: Path | None = None,
    fragment: str = "",
    flags: Sequence[str] = (),
) -> Any:
    """What `done(value)` was called with, on the page as saved to disk and with `script` in it.

    With `folder` the page and the browser's profile lie there, so that what it keeps stays.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="confed-page-", ignore_cleanup_errors=True) as one:
            return run(script, name, folder=Path(one), fragment=fragment, flags=flags)
    plain = pages.inlined(pages.PAGES[name][0])
    answers: Queue[str] = Queue()
    with _listening(answers) as address:
        whole = plain + _PROBE.replace("ADDRESS", address) + script
        text = pages.page(name).replace(plain, whole)
        path = folder / name
        path.write_text(text.replace(pages.script_hash(plain), pages.script_hash(whole)), "utf-8")
        with chromium(path.as_uri() + fragment, folder / "profile", flags):
            try:
                return json.loads(answers.get(timeout=ANSWER_MAX_S))
            except Empty:
                raise AssertionError("the page said nothing") from None
