"""When Python's garbage collector may hold up the UI thread. Knows the process and no screen.

A full collection walks every object there is: with Textual imported that is a tenth of a second on the thread that
paints. What starting up leaves behind stays for good, so it is taken out of the collector's sight (``gc.freeze``), and
a collection later walks only what is newer, and the full ones are rare.
"""

from __future__ import annotations

import gc

# Textual keeps tens of thousands of small caches for the lines on the screen: even what is newer takes 50 ms to walk.
_YOUNG_COLLECTIONS_PER_FULL_ONE = 100


def put_off_collecting() -> None:
    """Imports make next to no garbage: collecting can wait until the first screen is up."""
    gc.disable()


def collect_what_is_new() -> None:
    """From here on, what there is now is never walked again. May be called more than once."""
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _YOUNG_COLLECTIONS_PER_FULL_ONE)
    gc.enable()
