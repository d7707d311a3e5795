"""A user who does anything: seeded random keys, clicks and resizes on the running app, with its promises checked."""

from __future__ import annotations

import random

from scripted_app import until
from textual import events
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.widget import Widget

from quanttui.tui.app import QuantTuiApp
from quanttui.tui.key_table import COMMANDS

LEAVING = {"q", "ctrl+q"}
TYPED = [*"abcdefghijklmnoprstuvwxyzNGF0123456789", "space", "comma", "full_stop", "slash", "plus", "minus"]
MOVING = ["up", "down", "left", "right", "home", "end", "pageup", "pagedown", "tab", "shift+tab", "enter", "backspace"]
EDITING = ["delete", "ctrl+w", "ctrl+u", "ctrl+k", "shift+left", "shift+down", "ctrl+left", "ctrl+right", "ctrl+z"]
SIZES = [(80, 24), (120, 40), (200, 50), (100, 30), (60, 20), (40, 12), (20, 6)]
CHARACTERS = {"space": " ", "comma": ",", "full_stop": ".", "slash": "/", "plus": "+", "minus": "-", "tab": "\t"}
_HOMEWARD_PRESSES = 12


class RandomUser:
    """``steps`` says what was done, to read after a failure."""

    def __init__(self, pilot: Pilot[None], seed: int) -> None:
        assert isinstance(pilot.app, QuantTuiApp)
        self.pilot, self.app = pilot, pilot.app
        self.steps: list[str] = []
        self.app.leave = self._stay  # type: ignore[method-assign]  # the palette leaves too, and is clicked on
        self._draw = random.Random(seed)
        bound = [key for command in COMMANDS.values() for key in command.keys.split(",")]
        self._keys = [key for key in [*bound, *TYPED, *MOVING, *EDITING] if key not in LEAVING]

    async def act(self, count: int) -> None:
        """``count`` times something; every now and then what must always hold is checked."""
        for number in range(1, count + 1):
            await self._one()
            if number % 100 == 0:
                await self.check()

    async def check(self) -> None:
        """The app lives, something visible has the focus, and esc leads home."""
        await self.pilot.pause()
        app = self.app
        assert app._exception is None
        assert not app._exit, self._last()
        assert app.focused is None or app.focused.screen is app.screen, self._last()
        for _ in range(_HOMEWARD_PRESSES):
            if app.screen is app.main and app.focused is not None:
                break
            await self.pilot.press("escape" if app.screen is not app.main else "tab")
            await self.pilot.pause()
        assert app.screen is app.main, f"stuck on {app.screen} after {self._last()}"
        assert app.focused is not None, f"nothing has the focus after {self._last()}"

    async def _one(self) -> None:
        kind = self._draw.random()
        if kind < 0.83:
            await self._press(self._draw.choice(self._keys))
        elif kind < 0.985:
            await self._click()
        else:
            await self._resize()

    async def _press(self, key: str) -> None:
        self.steps.append(key)
        pressed = events.Key(key, CHARACTERS.get(key, key if len(key) == 1 else None))
        pressed.set_sender(self.app)
        self.app.post_message(pressed)
        if self._draw.random() < 0.15:  # otherwise the next comes at once, as from a keyboard held down
            await self.pilot.pause(0)

    async def _click(self) -> None:
        width, height = self.app.size
        at = Offset(self._draw.randrange(width), self._draw.randrange(height))
        self.steps.append(f"click {at.x},{at.y}")
        screen = self.app.screen
        widget, _ = screen.get_widget_at(*at) if screen.region.contains_point(at) else (screen, None)
        for kind in (events.MouseDown, events.MouseUp, events.Click):
            self.app.screen._forward_event(self._mouse(kind, widget, at))
        await self.pilot.pause(0)

    def _mouse(self, kind: type[events.MouseEvent], widget: Widget, at: Offset) -> events.MouseEvent:
        return kind(
            widget,
            at.x,
            at.y,
            delta_x=0,
            delta_y=0,
            button=1,
            shift=False,
            meta=False,
            ctrl=False,
            screen_x=at.x,
            screen_y=at.y,
        )

    async def _resize(self) -> None:
        size = self._draw.choice([*SIZES, (self._draw.randint(20, 140), self._draw.randint(6, 45))])
        self.steps.append(f"resize {size}")
        await self.pilot.resize_terminal(*size)

    def _stay(self, exit_code: int) -> None:
        self.steps.append(f"leave with {exit_code}")

    def _last(self) -> str:
        return " ".join(self.steps[-60:])


async def leave(user: RandomUser) -> None:
    """Whatever was done, the app can be left by two presses, after its run was stopped."""
    await user.pilot.resize_terminal(100, 30)
    await user.check()
    for _ in range(4):
        await user.pilot.press("escape")
    await until(user.pilot, lambda: not user.app.main.is_busy)
    del user.app.leave
    await user.pilot.press("ctrl+q")
    await user.pilot.pause()
    assert user.app._exit
