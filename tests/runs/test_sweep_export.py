"""Exports of a sweep: each read back by an independent reader, nothing in them acts, nothing private leaves."""

from __future__ import annotations

import ast
import csv
import io
import json
import shlex
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from sweep_helpers import LIMITS, report_of, snapshot_of, sweep_request

from quanttui.errors import UsageError
from quanttui.records import ModelEntry, ModelSource, SweepBudget, SweepSnapshot, UnitsRead
from quanttui.runs.command_line import repeat_sweep
from quanttui.runs.export.formats import sweep_schema
from quanttui.runs.export.privacy import Privacy
from quanttui.runs.export.sweep_formats import SWEEP_FORMATS, export_sweeps
from quanttui.variants import parse_variant

HOSTILE = "\x1b]52;c;aGk=\x07|`*[x](javascript:1)<b>\n=cmd|' /C calc'!A1"
PRIVACY = Privacy("/home/ann", ("s3cret-value",))


@pytest.fixture
def snapshot() -> SweepSnapshot:
    made = snapshot_of(sweep_request("sweep-1", "int8", "nf4", "nf4+dq", limits=LIMITS))
    options: dict[str, Any] = {"dtype": "bfloat16", "load_in_8bit": True, "llm_int8_threshold": 6.0}
    nf4 = {
        "dtype": "bfloat16", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": "bfloat16",
        "bnb_4bit_use_double_quant": True, "llm_int8_skip_modules": None
    }  # fmt: skip
    loads = tuple(
        replace(load, report=replace(load.report, options=options if load.report.variant.precision == "int8" else nf4))
        for load in made.loads
    )
    return replace(made, loads=loads)


def hostile() -> SweepSnapshot:
    request = sweep_request(limits=LIMITS)
    request = replace(
        request,
        model=ModelEntry(f"/home/ann/{HOSTILE}", f"/home/ann/{HOSTILE}", ModelSource.FOLDER),
        prompts=tuple(replace(prompt, category=HOSTILE, text=HOSTILE) for prompt in request.prompts),
        texts=(replace(request.texts[0], name="/home/ann/s3cret-value.txt"),),
        prompts_from="/home/ann/prompts.txt",
        texts_from=("/home/ann/s3cret-value.txt",),
    )
    made = snapshot_of(request, nf4={"failure": HOSTILE}, notes=(HOSTILE,), failure=HOSTILE)
    rows = tuple(
        replace(row, by_category=tuple(replace(each, category=HOSTILE) for each in row.by_category))
        for row in made.result.variants
    )
    return replace(made, result=replace(made.result, variants=rows))


def only(snapshot: SweepSnapshot, name: str, variant: str | None = None) -> str:
    (file,) = export_sweeps([snapshot], name, parse_variant(variant) if variant else None, PRIVACY)
    return file.content


def test_json_keeps_the_schema(snapshot: SweepSnapshot) -> None:
    for made in (snapshot, hostile()):
        document = json.loads(only(made, "json"))
        jsonschema.Draft202012Validator(json.loads(sweep_schema())).validate(document)


@pytest.mark.parametrize("name", ["markdown", "card"])
def test_report_and_card_say_how_much_was_read_in_the_end(snapshot: SweepSnapshot, name: str) -> None:
    whole = replace(snapshot, read=UnitsRead(2, 2, 2))
    assert "Read: 2 prompts in 2 categories, 360 B of text." in only(whole, name)
    short = only(replace(snapshot, read=UnitsRead(1, 1, 1, time_was_short=True)), name)
    assert "Read: 1 of 2 prompts in 1 of 2 categories, 1 window of 360 B of text" in plain_text(short)
    assert "the time allowed no more" in short
    left_out = only(replace(snapshot, read=UnitsRead(1, 1, 2)), name)
    assert "1 of 2 prompts" in left_out
    assert "the time" not in left_out.partition("Read: ")[2].partition("Prompts: ")[0]


def test_report_says_what_makes_figures_of_a_cpu_and_of_a_model_saved_quantized_other(snapshot: SweepSnapshot) -> None:
    report = only(snapshot, "markdown")
    assert "ranked by their weights" not in report
    assert "dequantized" not in report
    rows = tuple(replace(row, peaks_compare=False) for row in snapshot.result.variants)
    saved = replace(snapshot.request, model=replace(snapshot.request.model, prequantized="nf4"))
    other = replace(snapshot, request=saved, result=replace(snapshot.result, variants=rows))
    report = plain_text(only(other, "markdown"))
    assert "Peaks on a CPU carry the libraries' own memory: variants are ranked by their weights." in report
    assert "## How far from bf16, its own weights dequantized, on the text" in report
    assert "the model's own weights, dequantized to bf16: it was saved as nf4" in plain_text(only(other, "card", "nf4"))


def test_a_speed_of_an_earlier_sweep_is_marked(snapshot: SweepSnapshot) -> None:
    assert "earlier sweep" not in only(snapshot, "markdown")
    first, *rest = snapshot.result.variants
    rows = (replace(first, speed_measured_on="2026-11-20"), *rest)
    marked = replace(snapshot, result=replace(snapshot.result, variants=rows))
    report = plain_text(only(marked, "markdown"))
    assert "* The speed of bf16 is of an earlier sweep (2026-11-20), not measured in this one." in report
    assert [line.rstrip(" |").endswith("*") for line in report.splitlines() if line.startswith("| `")][:2] == [
        True,
        False,
    ]
    assert "(of 2026-11-20)" in only(marked, "card", "nf4")


def test_a_runner_up_that_is_the_reference_is_said_to_be_the_next(snapshot: SweepSnapshot) -> None:
    verdict = replace(snapshot.result.verdict, runner_up=snapshot.result.reference)
    report = only(replace(snapshot, result=replace(snapshot.result, verdict=verdict)), "markdown")
    assert "next: the reference" in plain_text(report)
    assert "runner-up" not in report


def plain_text(markdown: str) -> str:
    return markdown.replace("\\", "")


def test_csv_has_a_row_for_each_variant_on_each_part_and_category(snapshot: SweepSnapshot) -> None:
    rows = list(csv.DictReader(io.StringIO(only(snapshot, "csv"))))
    places = [(row["variant"], row["part"], row["category"]) for row in rows]
    assert places[:5] == [
        ("bf16", "", ""), ("int8", "text", ""), ("int8", "suite", ""), ("int8", "suite", "facts"),
        ("int8", "suite", "story")
    ]  # fmt: skip
    assert len(rows) == 1 + 3 * 4
    assert [float(row["kl_divergence_mean"]) for row in rows[1:3]] == [0.012, 0.024]
    assert {row["variant"] for row in rows if row["recommended"] == "1"} == {"nf4"}
    assert all(None not in row and None not in row.values() for row in rows)


def test_several_sweeps_make_one_table_and_a_report_each(snapshot: SweepSnapshot) -> None:
    other = snapshot_of(sweep_request("sweep-2"))
    (table,) = export_sweeps([snapshot, other], "csv", None, PRIVACY)
    assert {row["run_id"] for row in csv.DictReader(io.StringIO(table.content))} == {"sweep-1", "sweep-2"}
    assert [file.name for file in export_sweeps([snapshot, other], "markdown", None, PRIVACY)] == [
        "demo-sweep-1.md", "demo-sweep-2.md"
    ]  # fmt: skip


def test_the_report_has_the_answer_the_figures_and_how_to_repeat_it(snapshot: SweepSnapshot) -> None:
    asked = replace(snapshot.request, prompts_from="suite:story,facts", texts_from=("my text.txt",))
    report = only(replace(snapshot, request=asked), "markdown")
    for words in (
        "## The answer", "nf4 is recommended", "0.031 ± 5.0e-4", "96.0 % ± 0.2", "| story | **", "## Environment",
        "int8: figures depend on the window", "at most 14.0 MB"
    ):  # fmt: skip
        assert words in report, words
    command = report.rsplit("```sh\n", 1)[1].split("\n")[0]
    assert shlex.split(command) == [
        "quanttui", "sweep", "--model=demo", "--reference=bf16", "--variants=int8,nf4,nf4+dq",
        "--prompts=suite:story,facts", "--max-new-tokens=64", "--text=my text.txt", "--memory=14000000"
    ]  # fmt: skip


def test_what_cannot_be_named_is_repeated_by_its_id() -> None:
    request = sweep_request(budget=SweepBudget(90.0, 500))
    assert repeat_sweep(request, parse_variant("bf16")) == "quanttui history rerun sweep-1"
    report = only(snapshot_of(request), "markdown")
    assert "Where the history is in which it was kept" in report
    named = replace(request, prompts_from="suite", texts_from=("built-in",))
    assert repeat_sweep(named, parse_variant("bf16")).endswith("--text=built-in --budget=1m30s --text-tokens=500")


@pytest.mark.parametrize(("variant", "named"), [(None, "nf4"), ("int8", "int8")])
def test_the_card_is_of_the_recommended_variant_unless_another_is_named(
    snapshot: SweepSnapshot, variant: str | None, named: str
) -> None:
    card = only(snapshot, "card", variant)
    assert card.startswith(f"## demo in {named}: what it costs")
    assert "8,000 tokens" in card
    assert "KL by category" in card


def test_a_card_of_what_was_not_measured_is_refused(snapshot: SweepSnapshot) -> None:
    with pytest.raises(UsageError, match="measured no fp4"):
        only(snapshot, "card", "fp4")
    with pytest.raises(UsageError, match="recommends no quantized variant"):
        only(snapshot_of(sweep_request()), "card")


def test_the_script_is_python_and_loads_what_was_loaded(snapshot: SweepSnapshot) -> None:
    script = only(snapshot, "script")
    tree = ast.parse(script)
    assert "BitsAndBytesConfig" in script
    assert any(isinstance(node, ast.Constant) and node.value == "Prompt number 0" for node in ast.walk(tree))
    assert report_of(parse_variant("nf4")).variant.spelling in script


def test_what_is_no_format_of_a_sweep_is_refused(snapshot: SweepSnapshot) -> None:
    with pytest.raises(UsageError, match="cannot be exported as 'tokens'"):
        only(snapshot, "tokens")


@pytest.mark.parametrize("name", [name for name in SWEEP_FORMATS if name != "script"])
def test_hostile_names_are_data_and_nothing_private_leaves(name: str) -> None:
    (file,) = export_sweeps([hostile()], name, parse_variant("int8"), PRIVACY)
    assert "\x1b" not in file.content
    assert "\x07" not in file.content
    assert "/home/ann" not in file.content
    assert "s3cret" not in file.content
    assert "/" not in file.name
    if name == "csv":
        cells = [cell for row in csv.reader(io.StringIO(file.content)) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    if name == "markdown":
        assert "<b>" not in file.content.split("```sh")[0].replace("\\<b\\>", "")
