"""Threads for work off the UI thread. Leaving never waits for one: what must end well is waited for by its owner."""

from __future__ import annotations

import threading
from collections.abc import Callable


def start_thread(work: Callable[[], None], name: str) -> threading.Thread:
    """``work`` in a daemon thread. Textual's own thread workers are joined at the end of the process, hung or not."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread
