"""Every export, read back by an independent reader; hostile texts stay data in each of them."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import shlex
import shutil
import subprocess
from dataclasses import replace

import jsonschema
import pytest

from quanttui.engine.scripted import Fault, default_script
from quanttui.errors import OutOfMemoryError, UsageError
from quanttui.records import ModelSource, Run, Variant
from quanttui.runs.command_line import compare_command, repeat_command
from quanttui.runs.export.formats import FORMATS, ExportedFile, export_runs, run_schema
from quanttui.runs.export.markup import code, fenced, plain
from quanttui.runs.export.privacy import Privacy
from quanttui.text import safe_text
from quanttui.variants import parse_variant

NF4 = parse_variant("nf4")
HOSTILE = (
    '=HYPERLINK("http://x","y")',
    "@SUM(1)\n\r\n+1",
    "```\n# not a heading\n```` | pipe | `tick`",
    "<script>alert(1)</script> [x](javascript:y) \x1b[31m\x07 \u202e ../../etc",
    "'''; import os  # \"\"\" \\",
)


@pytest.fixture
def run(make_run) -> Run:
    return make_run("int8", "nf4", prompts=("Once upon a time", "A poor man"))


@pytest.fixture
def hostile(make_run) -> Run:
    run = make_run("nf4", prompts=HOSTILE)
    model = replace(run.request.model, id=f"../{HOSTILE[0]}{HOSTILE[2]}", source=ModelSource.FOLDER, path=HOSTILE[4])
    return replace(run, request=replace(run.request, model=model))


def export_run(run: Run, name: str, variant: Variant | None, privacy: Privacy) -> ExportedFile:
    (made,) = export_runs([run], name, variant, privacy)
    return made


def exported(run: Run, name: str, variant: str | None = None) -> str:
    return export_run(run, name, parse_variant(variant) if variant else None, Privacy()).content


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def validate(document: object) -> None:
    jsonschema.Draft202012Validator(json.loads(run_schema())).validate(document)


def test_the_schema_is_one_and_every_document_keeps_it(run: Run, hostile: Run) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(run_schema()))
    for made in (run, hostile):
        validate(json.loads(exported(made, "json")))


def test_a_run_that_failed_keeps_the_schema_too(make_run) -> None:
    script = default_script()
    broken = replace(script, faults=(Fault("load", "nf4", error=OutOfMemoryError("no room")),))
    document = json.loads(exported(make_run("int8", "nf4", script=broken), "json"))
    assert "no room" in document["failure"]
    validate(document)


def test_the_schema_refuses_what_is_no_run(run: Run) -> None:
    document = json.loads(exported(run, "json"))
    for spoiled in ({**document, "schema_version": 2}, {k: v for k, v in document.items() if k != "prompts"}):
        with pytest.raises(jsonschema.ValidationError):
            validate(spoiled)
    document["prompts"][0]["candidates"][0]["divergence"]["same_top"] = "0.9"
    with pytest.raises(jsonschema.ValidationError):
        validate(document)


def test_the_table_of_variants_holds_the_run_s_own_figures(run: Run) -> None:
    rows = read_csv(exported(run, "csv"))
    assert [row["variant"] for row in rows] == ["bf16", "int8", "nf4"]
    for row, load in zip(rows, run.loads, strict=True):
        assert int(row["parameter_bytes"]) == load.report.parameter_bytes
    for row, summary in zip(rows[1:], run.summaries, strict=True):
        assert float(row["kl_divergence_mean"]) == summary.divergence.kl_divergence.mean
        assert int(row["scored_tokens"]) == summary.divergence.tokens
    speeds = [prompt.candidates[1].output.tokens_per_second for prompt in run.prompts]
    assert float(rows[2]["tokens_per_second"]) == pytest.approx(sum(speeds) / 2)
    assert rows[0]["kl_divergence_mean"] == ""


def test_the_table_of_tokens_has_a_row_for_each_scored_token(run: Run) -> None:
    rows = read_csv(exported(run, "tokens"))
    assert len(rows) == sum(len(c.score.tokens) for p in run.prompts for c in p.candidates)
    assert {(row["variant"], row["prompt"]) for row in rows} == {(v, p) for v in ("int8", "nf4") for p in ("1", "2")}
    first = run.prompts[0].candidates[0].score.tokens[0]
    assert float(rows[0]["kl_divergence"]) == first.kl_divergence
    assert rows[0]["text"] == first.text


def test_no_cell_is_a_formula_and_numbers_are_left_alone(hostile: Run) -> None:
    for name in ("csv", "tokens"):
        for row in read_csv(exported(hostile, name)):
            for value in row.values():
                if re.fullmatch(r"-?[\d.]+(e-?\d+)?", value):
                    continue
                assert not value.startswith(("=", "+", "-", "@", "\t", "\r"))
    negative = replace(hostile.summaries[0].divergence, ln_perplexity_ratio=-0.25)
    made = replace(hostile, summaries=(replace(hostile.summaries[0], divergence=negative),))
    assert read_csv(exported(made, "csv"))[1]["ln_perplexity_ratio"] == "-0.25"


def test_the_report_says_what_was_measured_and_how_to_repeat_it(run: Run) -> None:
    report = exported(run, "markdown")
    for summary in run.summaries:
        assert plain(summary.divergence.verdict.text) in report
    assert "14.7 MB" in report
    assert "bnb_4bit_quant_type" in report
    assert repeat_command(run) in report
    for prompt in run.prompts:
        assert prompt.reference.text in report


def fences(report: str) -> list[str]:
    """The bodies of the fenced blocks, found as CommonMark finds them: a line of as many backticks ends a block."""
    bodies, fence, body = [], "", []
    for line in report.split("\n"):
        ticks = re.match(r"`{3,}", line)
        if not fence and ticks:
            fence, body = ticks[0], []
        elif fence and line.strip("`") == "" and len(line) >= len(fence):
            bodies.append("\n".join(body))
            fence = ""
        else:
            body.append(line)
    assert not fence
    return bodies


def test_nothing_in_a_text_acts_in_the_report(hostile: Run) -> None:
    for name, variant in (("markdown", None), ("card", "nf4")):
        report = exported(hostile, name, variant)
        assert "\x1b" not in report
        assert "\u202e" not in report
        outside = report
        for body in sorted(fences(report), key=len, reverse=True):  # the command holds what shorter ones hold too
            outside = outside.replace(body, "")
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", outside)
        assert "<script>" not in outside
        assert not re.search(r"(?<!\\)\]\(", outside)
        assert not [line for line in outside.split("\n") if line.startswith("# not")]
    assert any(HOSTILE[2].split("\n")[1] in body for body in fences(exported(hostile, "markdown")))


@pytest.mark.parametrize("text", ["a|b", "`", "``", "a`b``c", " ", "", "x\ny", "``` x"])
def test_a_code_span_cannot_be_left(text: str) -> None:
    made = code(text)
    ticks = re.match(r"`+", made)[0]
    assert made.endswith(ticks)
    inside = made[len(ticks) : -len(ticks)]
    assert ticks not in re.findall(r"`+", inside)
    assert not re.search(r"(?<!\\)\|", inside)


def test_a_fence_is_longer_than_any_in_it() -> None:
    assert fenced("````\nx").startswith("`````\n")


def test_a_folder_with_a_blank_in_its_name_stays_one_argument() -> None:
    assert compare_command("/models/my demo") == "quanttui compare '--model=/models/my demo'"


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here to read the command")
def test_the_command_is_one_line_of_the_same_arguments_and_acts_on_no_terminal(hostile: Run) -> None:
    command = repeat_command(hostile)
    assert safe_text(command) == command
    printed = subprocess.run(["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True, check=True).stdout
    words = printed.decode().split("\0")[:-1]
    assert words[:2] == ["quanttui", "compare"]
    assert [word.removeprefix("--prompt=") for word in words if word.startswith("--prompt=")] == list(HOSTILE)


def test_the_command_names_every_setting_that_is_not_a_default(make_run) -> None:
    run = make_run("nf4+dq", do_sample=True, temperature=0.5, seed=7, chat_template=False)
    words = shlex.split(repeat_command(run))
    assert {"--do-sample", "--temperature=0.5", "--seed=7", "--no-chat-template", "--candidate=nf4+dq"} <= set(words)


def test_the_script_is_python_whose_literals_are_the_run_s(hostile: Run) -> None:
    tree = ast.parse(exported(hostile, "script", "nf4"))
    values = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "PROMPT"
    }
    assert values == {"PROMPT": HOSTILE[0]}
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert {"BitsAndBytesConfig", "AutoModelForCausalLM.from_pretrained", "model.generate"} <= called
    assert not [name for name in called if "os." in name or "exec" in name or name == "eval"]


def test_the_script_of_a_spread_model_leaves_the_devices_to_transformers(run: Run) -> None:
    assert "device_map={'': 'cpu'}" in exported(run, "script", "bf16")
    first, *others = run.loads
    spread = replace(first, report=replace(first.report, device_map={"cuda:0": "model", "cpu": "lm_head"}))
    assert "device_map='auto'" in exported(replace(run, loads=(spread, *others)), "script", "bf16")


def test_the_script_of_a_model_that_was_saved_quantized_leaves_that_to_its_files(run: Run) -> None:
    stored = replace(run, request=replace(run.request, model=replace(run.request.model, prequantized="nf4")))
    assert "BitsAndBytesConfig" in exported(run, "script", "nf4")
    assert "quantization_config" not in exported(stored, "script", "nf4")
    assert "dequantize" not in exported(stored, "script", "nf4")
    assert "model = model.dequantize(dtype=torch.bfloat16)" in exported(stored, "script", "bf16")


def test_the_script_of_a_reference_names_no_quantization(run: Run) -> None:
    assert "BitsAndBytesConfig" not in exported(run, "script", "bf16")
    with pytest.raises(UsageError, match="fp4"):
        exported(run, "script", "fp4")


def test_a_folder_at_home_is_written_without_its_path(make_run) -> None:
    run = make_run("nf4")
    model = replace(run.request.model, source=ModelSource.FOLDER, id="/home/me/m", path="/home/me/m")
    run = replace(run, request=replace(run.request, model=model))
    for name in FORMATS:
        made = export_run(run, name, NF4, Privacy("/home/me"))
        assert "/home/me" not in made.content
        assert "home" not in made.name
    assert "os.path.expanduser('~/m')" in export_run(run, "script", NF4, Privacy("/home/me")).content


def test_the_card_gives_every_figure_its_sample(run: Run) -> None:
    card = exported(run, "card", "nf4")
    rows = [line for line in card.split("\n") if line.startswith("| ") and "--:" not in line]
    assert rows
    for row in rows[1:]:
        assert re.search(r"tokens|prompts?|exact|1 run|1 load", row.rsplit("|", 2)[1]), row
    with pytest.raises(UsageError, match="bf16"):
        exported(run, "card", "bf16")


def test_a_form_for_one_variant_asks_which(run: Run) -> None:
    with pytest.raises(UsageError, match="several"):
        exported(run, "card")
    with pytest.raises(UsageError, match="no export format"):
        exported(run, "pdf")


def test_several_runs_share_a_table_and_have_a_report_each(make_run) -> None:
    runs = [make_run("nf4"), replace(make_run("int8"), request=replace(make_run("int8").request, run_id="run-2"))]
    (table,) = export_runs(runs, "csv", None, Privacy())
    assert [row["run_id"] for row in read_csv(table.content)] == ["run-1"] * 2 + ["run-2"] * 2
    assert len({made.name for made in export_runs(runs, "markdown", None, Privacy())}) == 2
