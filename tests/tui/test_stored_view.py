"""A stored run, told again, is the view that it was live: also one that failed, was stopped, or goes on elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from kept_runs import events_of, keep, request, stored

from quanttui.engine.scripted import Fault, Script, default_script
from quanttui.errors import LoadError
from quanttui.records import Run, VerdictLevel
from quanttui.records.history import CandidateLine, RunLine, RunState
from quanttui.tui.state.results import result_rows
from quanttui.tui.state.run_lines import head_text, lay_columns, line_cells
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.stored_view import banner_words, stored_status, stored_view


def picture(view: RunView) -> object:
    """All that the screen makes of a view, but for a clock's readings that are not kept."""
    views = (view.reference, *view.candidates)
    assert all(views)
    return [
        [result_rows(view), view.shown, view.is_over, view.failure and (view.failure.message, view.failure.hint)],
        [
            (each.variant, each.is_reference, each.stage, each.report, each.unload, each.output, each.diff)
            for each in views
            if each is not None
        ],
        [(each.text, each.first_divergence, each.score, each.divergence) for each in views if each is not None],
        [view.differences(each) for each in view.candidates],
    ]


def fault(step: str, variant: str, after: int = 0) -> Script:
    return default_script(faults=(Fault(step, variant, after, LoadError("shard 3 is missing", "Get it again.")),))


@pytest.mark.parametrize(
    ("script", "stop_after"),
    [
        (None, None),
        (fault("load", "bf16"), None),
        (fault("load", "int8"), None),
        (fault("generate", "nf4", 3), None),
        (fault("score", "int8"), None),
        (None, 40),
    ],
    ids=["done", "no reference", "no candidate", "midway", "unscored", "stopped"],
)
def test_the_picture_is_that_of_the_live_run(tmp_path: Path, script: Script | None, stop_after: int | None) -> None:
    path = tmp_path / "history.db"
    asked = request("run-a")
    live = RunView(asked)
    for event in keep(path, asked, script, stop_after=stop_after):
        live.apply(event)
    live.show(0)
    for view in live.candidates:
        if view.output is None:
            view.tokens.clear()  # what was being written when it ended is not kept
    assert picture(stored_view(stored(path, "run-a")).view) == picture(live)


def test_any_prompt_of_a_run_can_be_shown(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    keep(path, request("run-a", prompts=("Once", "The cat")))
    kept = stored(path, "run-a")
    shown = stored_view(kept, 1)
    assert shown.view.request.prompts == ("The cat",)
    assert shown.view.reference is not None
    assert shown.view.reference.output == kept.run.prompts[1].reference
    assert shown.view.candidates[0].score == kept.run.prompts[1].candidates[0].score
    assert "prompt 2 of 2" in banner_words(shown)[0]


def test_a_run_that_goes_on_elsewhere_shows_what_it_has_told(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    told = keep(path, request("run-a"), stop_after=60)
    kept = stored(path, "run-a")
    going_on = replace(kept, line=replace(kept.line, state=RunState.RUNNING), run=replace(kept.run, failure=None))
    shown = stored_view(going_on)
    assert shown.view.is_over
    assert shown.view.failure is None
    assert "goes on in another process" in stored_status(shown).text
    assert told


def test_a_failed_run_says_so_and_not_that_it_can_be_run_as_it_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    keep(path, request("run-a"), fault("load", "int8"))
    words = stored_status(stored_view(stored(path, "run-a")))
    assert words.text == "stored run, failed: shard 3 is missing"
    assert any("back to the history" in more for more in words.more)


def line(**changes: object) -> RunLine:
    figures = (CandidateLine("int8", 0.0021, 0.0001, 0.98, VerdictLevel.SMALL),)
    made = RunLine("run-a", RunState.DONE, 1.7e9, 1.7e9, "org/Llama", None, "bf16", ("int8", "nf4"), "Once", 1, "CPU")
    return replace(made, figures=figures, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [40, 60, 76, 99, 100, 116, 180, 300])
@pytest.mark.parametrize("name", ["org/Llama", "漢字" * 40, "a\x1b[31m\n[bold]"])
def test_cells_of_a_line_are_as_wide_as_their_columns(width: int, name: str) -> None:
    from rich.cells import cell_len

    columns = lay_columns(width)
    cells = line_cells(line(model_id=name, prompt=name, candidates=(name, "nf4")), columns)
    assert [cell_len(cell) for cell in cells] == [column.cells for column in columns]
    if width >= 76:
        assert cell_len(head_text(columns)) == width


def test_a_line_has_figures_where_they_were_measured_and_none_elsewhere() -> None:
    cells = line_cells(line(), lay_columns(140))
    assert cells[0] == "✓ done     "
    assert cells[3].strip() == "bf16 → int8 ≈ 0.002  nf4"
    assert line_cells(line(), lay_columns(76))[3].strip() == "int8 ≈0.002 nf4"


def test_the_events_of_a_run_are_told_in_full(tmp_path: Path) -> None:
    """The helper above would pass on nothing at all."""
    *_, last = events_of(request("run-a"))
    assert isinstance(getattr(last, "run", None), Run)
