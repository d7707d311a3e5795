"""When a tested app is quiet: told by its event loop, never by the clock, so that a loaded machine changes nothing.

Textual's own pilot takes an app for idle when its process used little time of the processor for 20 ms: on a loaded
machine that is also an app that got no turn, and beside a busy thread it waits a whole second after each key.
"""

from __future__ import annotations

import asyncio

from textual._context import active_app
from textual.screen import Screen

MOST_TURNS = 20_000


async def wait_for_quiet(min_sleep: float = 0.0, max_sleep: float = 0.0) -> None:
    """Until the loop has nothing left to do and the screen nothing to lay out, to paint or to call.

    What timers and threads bring later is not waited for: that is what ``until`` is for.
    """
    app = active_app.get()
    for _ in range(MOST_TURNS):
        await asyncio.sleep(0)
        if asyncio.get_running_loop()._ready:  # type: ignore[attr-defined]  # asyncio's own
            continue
        screen = app._screen_stack[-1] if app._screen_stacks.get(app._current_mode) else None
        if screen is None or not screen.is_running or not owes_a_refresh(screen):
            return
        screen._on_timer_update()
    raise AssertionError("the app never comes to rest")


def owes_a_refresh(screen: Screen[object]) -> bool:
    """Whether the next tick of the screen's update timer would do something."""
    if screen._callbacks:
        return True
    if not screen.is_current or screen.app._batch_count:
        return False
    return bool(
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
    )
