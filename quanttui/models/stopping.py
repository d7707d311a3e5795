"""A request to stop that also ends reads which wait for the network. Made by any thread."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from quanttui.errors import CancelledError


class Stop:
    """No new wait begins once a stop is asked for, and reads that wait now end."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        with self._lock:
            self._asked.set()
            for waiting in self._sockets:
                with suppress(OSError):  # the other side was faster
                    socket.socket.shutdown(waiting, socket.SHUT_RDWR)  # not TLS's own, which would wait for an answer

    def check(self) -> None:
        """Raises CancelledError where a stop is asked for."""
        if self._asked.is_set():
            raise CancelledError("the download was stopped")

    def wait(self, seconds: float) -> None:
        """Returns after ``seconds``; raises CancelledError at once where a stop is asked for."""
        self._asked.wait(seconds)
        self.check()

    @contextmanager
    def ending(self, response: Any) -> Iterator[None]:
        """Within, a stop ends the connection of ``response``: its reader sees it break off.

        https://www.python-httpx.org/advanced/extensions/#network_stream
        """
        connection = response.extensions["network_stream"].get_extra_info("socket")
        with self._lock:
            self._sockets.add(connection)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._sockets.discard(connection)
