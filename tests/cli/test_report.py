"""The report for people: what is marked, what is hidden, how it fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from quanttui.cli.page import rendered
from quanttui.cli.report import run_report
from quanttui.cli.tables import option_table
from quanttui.engine.scripted import ScriptedEngine, default_script, hostile_script, wide_script
from quanttui.engine.scripted.script import Script
from quanttui.pipeline import run_comparison
from quanttui.records import GenerationSettings, ModelEntry, ModelSource, Run, RunRequest
from quanttui.records.events import RunFinished
from quanttui.variants import parse_variant


def scripted_run(script: Script, model_id: str = "demo", prompt: str = "Once upon a time") -> Run:
    entry = ModelEntry(id=model_id, path="/nowhere", source=ModelSource.FOLDER)
    variants = (parse_variant("int8"), parse_variant("nf4"))
    request = RunRequest("1", entry, parse_variant("bf16"), variants, (prompt, "b"), GenerationSettings(60))
    *_, last = run_comparison(ScriptedEngine(script), request)
    assert isinstance(last, RunFinished)
    return last.run


@pytest.fixture(scope="module")
def page() -> str:
    return rendered(run_report(scripted_run(default_script())), 100, colour=False)


def test_tokens_that_differ_stand_in_brackets(page: str) -> None:
    assert "three [sons], and the youngest was so [brave]" in page
    assert "itself[…] wondered" in page


def test_costs_are_told_beside_their_ratio_to_the_reference(page: str) -> None:
    (row,) = [line for line in page.splitlines() if line.startswith("nf4  ")][:1]
    assert row.split()[:4] == ["nf4", "7.1", "MB", "0.48×"]


def test_the_worst_tokens_come_with_their_text(page: str) -> None:
    worst = page[page.index("Worst tokens of nf4") :].splitlines()[1:11]
    assert len([line for line in worst if " KL " in line]) == 5
    assert all("[" in line for line in worst[1::2])


def test_what_a_load_had_to_say_is_told_once_after_the_variants_it_is_about() -> None:
    run = scripted_run(default_script(notes=("temperature=0.6 is set aside\x1b[2J",)))
    first, *others = run.loads
    more = replace(first, report=replace(first.report, notes=(*first.report.notes, "only here")))
    lines = rendered(run_report(replace(run, loads=(more, *others))), 100, colour=False).splitlines()
    assert [line for line in lines if "set aside" in line] == ["bf16, int8, nf4: temperature=0.6 is set aside␛[2J"]
    assert "bf16: only here" in lines


def test_the_options_of_every_load_are_told_where_asked(page: str) -> None:
    verbose = rendered(run_report(scripted_run(default_script()), verbose=True), 100, colour=False)
    rows = {line.split()[0]: line.split()[1:] for line in verbose.splitlines() if line.strip()}
    assert rows["dtype"] == ["bfloat16", "bfloat16", "bfloat16"]
    assert rows["llm_int8_threshold"] == ["6.0"]
    assert rows["bnb_4bit_quant_type"] == ["nf4"]
    assert "bnb_4bit" not in page


def test_no_option_is_cut_off_where_its_table_is_narrow() -> None:
    run = scripted_run(default_script())
    modules = ["lm_head", "model.embed_tokens", "model.layers.0.mlp.down_proj"]
    options = {"llm_int8_enable_fp32_cpu_offload": False, "llm_int8_skip_modules": modules}
    loads = tuple(replace(load, report=replace(load.report, options=options)) for load in run.loads)
    shown = rendered(option_table(replace(run, loads=loads)), 80, colour=False)
    assert "llm_int8_enable_fp32_cpu_offload" in shown
    assert shown.count("down") == 3
    assert "…" not in shown


def test_the_verdict_is_told(page: str) -> None:
    assert any(line.startswith(("indistinguishable", "small", "clear", "broken")) for line in page.splitlines())


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("script", [default_script(), wide_script()], ids=["tale", "wide"])
def test_no_line_is_wider_than_the_terminal(script: Script, width: int) -> None:
    page = rendered(run_report(scripted_run(script), verbose=True), width, colour=False)
    assert max(cell_len(line) for line in page.splitlines()) <= width


def test_colour_adds_nothing_but_colour() -> None:
    content = run_report(scripted_run(default_script()))
    plain, coloured = rendered(content, 100, colour=False), rendered(content, 100, colour=True)
    assert "\x1b[" in coloured
    assert "\x1b" not in plain


def test_nothing_a_model_says_acts() -> None:
    run = scripted_run(hostile_script(), model_id="evil\x1b[2J\u202e[/]", prompt="[bold]x\x1b]0;owned\x07")
    page = rendered(run_report(run), 100, colour=False)
    assert not {"\x1b", "\x07", "\r", "\x08", "\x9b", "\u202e", "\u200b"} & set(page)
    assert "[bold]x" in page
