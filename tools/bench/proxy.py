"""A TCP forwarder that counts the bytes of both ways; it can be cut and let through again."""

import select
import socket
import threading
from typing import Final


class Proxy:
    """Listens on a free port of the loopback and forwards to `target` ("HOST:PORT").

    Runs in a thread of its own. `up` counts what the dialling side sent, `down` what came back.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target: Final = (host, int(port))
        self._listener: Final = socket.create_server(("127.0.0.1", 0))
        self._pairs: Final[dict[socket.socket, tuple[socket.socket, bool]]] = {}
        self._open = True
        self._passing = True
        self.up = 0
        self.down = 0
        self.turns = 0  # how often the direction of the traffic changed
        self._last_up: bool | None = None
        self._thread: Final = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """What to dial instead of the target."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def total(self) -> int:
        """Bytes of both ways so far."""
        return self.up + self.down

    def cut(self) -> None:
        """Break all connections and take no more."""
        self._passing = False

    def heal(self) -> None:
        """Take connections again."""
        self._passing = True

    def close(self) -> None:
        """End the proxy."""
        self._open = False
        self._thread.join(5)
        self._listener.close()

    def _run(self) -> None:
        while self._open:
            if not self._passing:
                for one in list(self._pairs):
                    self._drop(one)
            ready, _, _ = select.select([self._listener, *self._pairs], [], [], 0.02)
            for one in ready:
                if one is self._listener:
                    self._accept()
                elif one in self._pairs:
                    self._forward(one)
        for one in list(self._pairs):
            self._drop(one)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        if not self._passing:
            near.close()
            return
        try:
            far = socket.create_connection(self._target, 2)
        except OSError:
            near.close()
            return
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pairs[near] = (far, True)
        self._pairs[far] = (near, False)

    def _forward(self, one: socket.socket) -> None:
        other, up = self._pairs[one]
        try:
            data = one.recv(262_144)
            if data:
                other.sendall(data)
        except OSError:
            data = b""
        if not data:
            self._drop(one)
            return
        if up:
            self.up += len(data)
        else:
            self.down += len(data)
        if self._last_up is not up:
            self._last_up = up
            self.turns += 1

    def _drop(self, one: socket.socket) -> None:
        pair = self._pairs.pop(one, None)
        if pair is not None:
            self._pairs.pop(pair[0], None)
            pair[0].close()
            one.close()
