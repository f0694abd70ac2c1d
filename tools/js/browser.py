"""The verifier in headless Chromium, behind the same lines as `testee.js`.

    python tools/conform.py --cmd "python tools/js/browser.py"

Reads one JSON object a line and answers with one. A server on 127.0.0.1 gives the page its
modules; the page fetches lines from it and posts the answers. Exit 0 at the end of input, 1 if
there is no Chromium or the page fails.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Final

FOLDER: Final = Path(__file__).resolve().parent
PAGE: Final = "browser.html"
START_MAX_S: Final = 60.0
"""Seconds until the page must have asked for its first line."""
ANSWER_MAX_S: Final = 60.0
"""Seconds that the page may take for an answer."""
STOP_MAX_S: Final = 5.0
"""Seconds that Chromium has to end by itself."""
IDLE_TURN_S: Final = 10.0
"""Seconds after which a waiting page gets no lines and asks again."""
LINES_PER_TURN: Final = 256
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
)


class BrowserError(Exception):
    """There is no Chromium, or the page in it failed."""


class Lines:
    """What passes between our input and the page. A failure is the last answer of all."""

    def __init__(self) -> None:
        self.questions: Queue[str] = Queue()
        self.answers: Queue[str | BrowserError] = Queue()
        self.page_is_there = threading.Event()
        self.is_over = False

    def turn(self, answers: list[str]) -> list[str] | None:
        """Take the page's answers; the next lines for it, or None when all is over."""
        self.page_is_there.set()
        for answer in answers:
            self.answers.put(answer)
        lines: list[str] = []
        try:
            lines.append(self.questions.get(timeout=IDLE_TURN_S))
            while len(lines) < LINES_PER_TURN:
                lines.append(self.questions.get_nowait())
        except Empty:
            pass
        return lines or ([] if not self.is_over else None)

    def fail(self, why: str) -> None:
        """The page could not go on."""
        self.page_is_there.set()
        self.answers.put(BrowserError(f"the page failed: {why}"))

    def answer(self) -> str:
        """The next answer. Raises BrowserError."""
        try:
            answer = self.answers.get(timeout=ANSWER_MAX_S)
        except Empty:
            raise BrowserError(f"no answer within {ANSWER_MAX_S:g} s") from None
        if isinstance(answer, BrowserError):
            raise answer
        return answer


class _Handler(BaseHTTPRequestHandler):
    """Serves the page and the modules, and takes turns with the page."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one write, or each turn waits for a delayed ACK
    lines: Lines

    def do_GET(self) -> None:
        name = PAGE if self.path == "/" else self.path.removeprefix("/")
        path = (FOLDER / name).resolve()
        kind = {".html": "text/html", ".js": "text/javascript"}.get(path.suffix)
        if kind is None or not path.is_relative_to(FOLDER) or not path.is_file():
            self._reply(HTTPStatus.NOT_FOUND, "text/plain", b"")
            return
        self._reply(HTTPStatus.OK, kind, path.read_bytes())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/failed":
            self.lines.fail(body)
            self._reply(HTTPStatus.NO_CONTENT, "text/plain", b"")
            return
        lines = self.lines.turn(body)
        status = HTTPStatus.GONE if lines is None else HTTPStatus.OK
        self._reply(status, "application/json", json.dumps(lines).encode())

    def _reply(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status is not HTTPStatus.NO_CONTENT:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep stderr for failures."""


def find_chromium() -> str | None:
    """The path of a Chromium executable, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def served(lines: Lines) -> Generator[str]:
    """The URL of the page, served from here as long as this is open."""
    handler = type("Handler", (_Handler,), {"lines": lines})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def chromium(url: str, profile: Path | None = None, flags: Sequence[str] = ()) -> Generator[None]:
    """A Chromium of our own that shows `url`; without `profile` what it keeps is gone after."""
    program = find_chromium()
    if program is None:
        raise BrowserError("no Chromium found: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="confed-browser-", ignore_cleanup_errors=True) as home:
        process = subprocess.Popen(
            [program, *FLAGS, *flags, f"--user-data-dir={profile or home}", url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()  # it then ends its own children
    try:
        process.wait(STOP_MAX_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> int:
    """Answer lines until there are no more."""
    lines = Lines()
    written = 0
    try:
        with served(lines) as url, chromium(url):
            if not lines.page_is_there.wait(START_MAX_S):
                raise BrowserError(f"Chromium did not open the page within {START_MAX_S:g} s")
            asked = _Questions(lines)
            while asked.wait_beyond(written):
                sys.stdout.write(lines.answer() + "\n")
                sys.stdout.flush()
                written += 1
    except BrowserError as error:
        print(f"browser: {error}", file=sys.stderr)
        return 1
    return 0


class _Questions:
    """Reads our input in a thread of its own, so that lines and answers flow at once."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._changed = threading.Condition()
        self._asked = 0
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            self._lines.questions.put(line.removesuffix("\n"))
            with self._changed:
                self._asked += 1
                self._changed.notify()
        self._lines.is_over = True
        with self._changed:
            self._ended = True
            self._changed.notify()

    def wait_beyond(self, written: int) -> bool:
        """Wait for a line after the first `written`; False if the input ends before one."""
        with self._changed:
            self._changed.wait_for(lambda: self._asked > written or self._ended)
            return self._asked > written


if __name__ == "__main__":
    sys.exit(main())
