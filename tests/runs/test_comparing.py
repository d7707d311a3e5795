"""Two runs side by side: every difference of settings and environment is named, none claimed inside its error."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from history_helpers import ORIGIN, events_of, request

from quanttui.engine.scripted import default_script
from quanttui.records import Run
from quanttui.records.events import RunFinished
from quanttui.records.history import RunLine, RunState, StoredRun
from quanttui.runs.comparing import Outcome, compare_runs, environment_differences, outcome, settings_differences


def finished(run_id: str, *candidates: str, **changes: object) -> StoredRun:
    versions = changes.pop("versions", None)
    script = default_script() if versions is None else replace(default_script(), versions=versions)
    *_, last = events_of(request(run_id, *candidates, **changes), script)
    assert isinstance(last, RunFinished)
    return stored(last.run)


def stored(run: Run) -> StoredRun:
    asked = run.request
    line = RunLine(asked.run_id, RunState.DONE, 0.0, 1.0, asked.model.id, None, "bf16", (), "", 1, "cpu")
    return StoredRun(line, ORIGIN, run, exit_code=0)


def with_kl(source: StoredRun, mean: float, error: float | None, floor: float = 0.0) -> StoredRun:
    (summary,) = source.run.summaries
    divergence = summary.divergence
    kl = replace(divergence.kl_divergence, mean=mean, standard_error=error)
    noise = replace(divergence.noise_floor, mean=floor)
    changed = replace(summary, divergence=replace(divergence, kl_divergence=kl, noise_floor=noise))
    return stored(replace(source.run, summaries=(changed,)))


@pytest.fixture(scope="module")
def one() -> StoredRun:
    return finished("one", "nf4")


def test_a_run_and_its_rerun_differ_in_nothing(one: StoredRun) -> None:
    comparison = compare_runs(one, finished("two", "nf4"))
    assert comparison.settings == comparison.environment == comparison.cautions == ()
    assert {pair.outcome for pair in comparison.figures if "KL" in pair.name} == {Outcome.EQUAL}


def test_settings_that_differ_are_named(one: StoredRun) -> None:
    other = finished("two", "nf4+dq", prompts=("Once", "more"), model_id="other", max_new_tokens=5)
    found = {difference.name: (difference.first, difference.second) for difference in settings_differences(one, other)}
    assert found == {
        "model": ("demo", "other"),
        "candidates": ("nf4", "nf4+dq"),
        "prompt 2": (None, "more"),
        "max_new_tokens": ("12", "5"),
    }


def test_versions_that_differ_are_named(one: StoredRun) -> None:
    other = finished("two", "nf4", versions={**default_script().versions, "bitsandbytes": "9.9", "driver": "1"})
    found = environment_differences(one, other)
    assert {(each.name, each.second) for each in found} == {("bitsandbytes", "9.9"), ("driver", "1")}
    assert found[1].first is None


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((0.1, 0.01), (0.1, 0.01), Outcome.EQUAL),
        ((0.1, 0.01), (0.12, 0.01), Outcome.INSIDE_ERROR),
        ((0.1, 0.01), (0.13, 0.01), Outcome.HIGHER),
        ((0.13, 0.01), (0.1, 0.01), Outcome.LOWER),
        ((0.1, None), (0.9, 0.01), Outcome.ERROR_UNKNOWN),
        ((None, None), (0.9, 0.01), Outcome.MISSING),
        ((math.nan, 0.1), (0.9, 0.01), Outcome.MISSING),
        ((5.0, 0.0), (6.0, 0.0), Outcome.HIGHER),
    ],
)
def test_a_difference_is_one_only_outside_of_its_error(first: tuple, second: tuple, expected: Outcome) -> None:
    assert outcome(first[0], second[0], first[1], second[1]) is expected


def test_a_difference_of_kl_below_the_noise_floor_is_none(one: StoredRun) -> None:
    pairs = {}
    for floor in (0.0, 0.01):
        comparison = compare_runs(with_kl(one, 0.001, 1e-6, floor), with_kl(one, 0.005, 1e-6))
        pairs[floor] = next(pair.outcome for pair in comparison.figures if pair.name == "KL mean")
    assert pairs == {0.0: Outcome.HIGHER, 0.01: Outcome.INSIDE_ERROR}


def test_a_variant_that_only_one_run_has_is_not_compared(one: StoredRun) -> None:
    comparison = compare_runs(one, finished("two", "int8"))
    assert {pair.outcome for pair in comparison.figures if pair.variant in ("nf4", "int8")} == {Outcome.MISSING}


def test_figures_of_different_texts_are_cautioned(one: StoredRun) -> None:
    assert "different texts" in compare_runs(one, finished("two", "nf4", prompts=("Else",))).cautions[0]


def test_a_run_that_did_not_end_well_is_cautioned(one: StoredRun) -> None:
    cut = replace(one, line=replace(one.line, state=RunState.CUT_OFF, run_id="cut"))
    assert any("cut off" in caution for caution in compare_runs(one, cut).cautions)
