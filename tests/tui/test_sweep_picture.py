"""A sweep's pictures: made without a terminal, within another app too, and the same each time."""

from __future__ import annotations

import re
import threading
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

from sweep_samples import DONE, HOSTILE, NOTHING_YET, ROWS, SweepApp, snapshot_of

from quanttui.tui.sweep_picture import sweep_pictures
from quanttui.tui.widgets.sweep_table import SweepTable


def words(svg: str) -> str:
    """What a reader of the picture sees, without runs of blanks."""
    texts = (element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text"))
    return re.sub(r"[\s\xa0]+", " ", " ".join(texts))


def test_plot_and_categories_are_pictures_with_the_figures():
    pictures = sweep_pictures(DONE)
    assert list(pictures) == ["plot", "categories"]
    plot, heat = words(pictures["plot"]), words(pictures["categories"])
    for said in ("meta-llama/Llama-3.1-8B", "reference bf16", "8,000 tokens of text", "noise floor", "★ int8", "◇"):
        assert said in plot
    for said in ("arithmetic", "long-context", "nf4+head", "0.47▲", "0.044~"):
        assert said in heat
    assert "fits" not in plot


def test_a_picture_is_the_same_each_time_but_for_its_names():
    one, two = (re.sub(r"terminal-\d+", "", sweep_pictures(DONE)["plot"]) for _ in range(2))
    assert one == two


def test_nothing_measured_makes_no_picture_and_no_suite_no_table():
    assert sweep_pictures(NOTHING_YET) == {}
    assert list(sweep_pictures(snapshot_of([replace(row, by_category=()) for row in ROWS]))) == ["plot"]


def test_hostile_names_are_data():
    for svg in sweep_pictures(HOSTILE).values():
        assert "\x1b" not in svg
        assert "\u202e" not in svg
        assert "[b]evil[/b]" in words(svg)


async def test_pictures_are_made_beside_a_running_screen():
    app = SweepApp(SweepTable(), DONE)
    made = []
    async with app.run_test(size=(100, 20)) as pilot:
        thread = threading.Thread(target=lambda: made.append(sweep_pictures(DONE)))
        thread.start()
        while thread.is_alive():
            await pilot.pause(0.02)
        await pilot.press("G")
        assert str(app.look.selected) == "fp16"
    assert list(made[0]) == ["plot", "categories"]
