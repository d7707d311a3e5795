"""Pictures of a sweep's plot and tables: what a person sees, at three sizes and in a light and a plain theme."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sweep_samples import DONE, FAILED, RUNNING, SweepApp

from quanttui.tui.state.sweep_look import Measure, SweepLook
from quanttui.tui.widgets.sweep_heat import SweepHeat
from quanttui.tui.widgets.sweep_plot import SweepPlot
from quanttui.tui.widgets.sweep_table import SweepTable

SIZES = ((80, 24), (120, 40), (200, 50))
PARTS = {"plot": SweepPlot, "heat": SweepHeat, "table": SweepTable}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("part", PARTS)
def test_picture(snap_compare: Callable[..., bool], part: str, size: tuple[int, int]) -> None:
    assert snap_compare(SweepApp(PARTS[part](), DONE), terminal_size=size)


@pytest.mark.parametrize("theme", ["quanttui-light", "ansi-light"])
def test_picture_of_a_plot_that_grows_in_other_themes(snap_compare: Callable[..., bool], theme: str) -> None:
    app = SweepApp(SweepPlot(), RUNNING, SweepLook(measure=Measure.FLIPS))
    app.theme = theme
    assert snap_compare(app, terminal_size=(100, 30), press=["left"])


def test_picture_of_a_failed_variant(snap_compare: Callable[..., bool]) -> None:
    look = SweepLook(measure=Measure.PERPLEXITY)
    assert snap_compare(SweepApp(SweepPlot(), FAILED, look), terminal_size=(80, 24))
