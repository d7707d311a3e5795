"""Pictures of the cockpit's states at the sizes it is made for; running states are held by a gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from scripted_app import WITH_GPU, finish, keys, make_app, reach, settle, until
from textual.pilot import Pilot

from quanttui.engine.scripted import Fault, Gate, default_script, wide_script
from quanttui.records import Precision, Variant
from quanttui.tui.app import QuantTuiApp
from quanttui.tui.services import InitialChoices

SMALL, MIDDLE, LARGE = (80, 24), (120, 40), (200, 50)
NF4 = (Variant(Precision.NF4),)
FAILING = default_script(faults=(Fault("generate", "nf4", 20),))


@dataclass(frozen=True)
class Picture:
    """``press`` after the app has settled, then wait: for the gate, for the end of the run, or for nothing."""

    press: tuple[str, ...] = ()
    gate: Callable[[], Gate] | None = None
    waits_for_end: bool = False
    then: tuple[str, ...] = ()
    app: dict[str, object] = field(default_factory=dict)


STATES = {
    "idle": Picture(),
    "loading": Picture(("f5",), lambda: Gate("load", "nf4", 7)),
    "streaming": Picture(("f5",), lambda: Gate("generate", "nf4", 30)),
    "done": Picture(("f5",), waits_for_end=True, then=("n",)),
    "failed": Picture(("f5",), waits_for_end=True, app={"script": FAILING}),
    "help": Picture(("question_mark",)),
}
OTHERS = {
    "gpu_memory": (SMALL, Picture(("6",), app={"reading": WITH_GPU})),
    "gpu_cockpit": (LARGE, Picture(("f5",), waits_for_end=True, app={"reading": WITH_GPU})),
    "light": (MIDDLE, Picture(("f5",), waits_for_end=True, app={"choices": InitialChoices(theme="quanttui-light")})),
    "ansi": (MIDDLE, Picture(("f5",), waits_for_end=True, app={"choices": InitialChoices(theme="ansi-dark")})),
    "wide_characters": (
        SMALL,
        Picture(("f5",), waits_for_end=True, app={"script": wide_script(), "choices": InitialChoices(candidates=NF4)}),
    ),
    "zoomed": (SMALL, Picture(("f5",), waits_for_end=True, then=("z",))),
    "wrong_setting": (SMALL, Picture(("comma", *keys("-"), "f5"))),
}


@pytest.mark.parametrize("size", [SMALL, MIDDLE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("state", STATES)
def test_main_states(state: str, size: tuple[int, int], snap_compare):
    assert _matches(snap_compare, STATES[state], size)


@pytest.mark.parametrize("name", OTHERS)
def test_other_states(name: str, snap_compare):
    size, picture = OTHERS[name]
    assert _matches(snap_compare, picture, size)


def test_a_wrong_answer_to_a_question(snap_compare):
    async def ask(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await pilot.press("a", *keys("nf5"), "enter")
        await until(pilot, lambda: pilot.app.screen.query("#ask-words.-bad"))

    assert snap_compare(make_app(), run_before=ask, terminal_size=SMALL)


def _matches(snap_compare, picture: Picture, size: tuple[int, int]) -> bool:
    gate = picture.gate() if picture.gate else None
    app = make_app(gate=gate, **picture.app)

    async def run_before(pilot: Pilot[None]) -> None:
        await settle(pilot)
        for key in picture.press:
            await pilot.press(key)
            await pilot.pause()
        if gate is not None:
            await reach(pilot, gate)
        if picture.waits_for_end:
            await finish(pilot)
        await pilot.press(*picture.then)
        await _come_to_rest(pilot)

    return bool(snap_compare(app, run_before=run_before, terminal_size=size))


async def _come_to_rest(pilot: Pilot[None]) -> None:
    """Everything that was asked to be painted is painted."""
    app = pilot.app
    assert isinstance(app, QuantTuiApp)
    await pilot.pause()
    app.main.paint()
    await pilot.pause()
