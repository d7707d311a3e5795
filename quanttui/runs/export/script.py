"""The recipe: a short Python script that loads one variant as it was loaded and generates the same text. Pure.

It needs transformers, torch and bitsandbytes, not quanttui. Every value in it is a Python literal: nothing that a
prompt or a name holds can become code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from quanttui.errors import UsageError
from quanttui.records import GenerationSettings, LoadReport, ModelEntry, ModelSource, Precision, Run, Variant
from quanttui.text import safe_line

_DTYPES = frozenset({"float32", "bfloat16", "float16", "uint8"})
_DTYPE_OPTIONS = frozenset({"bnb_4bit_compute_dtype", "bnb_4bit_quant_storage"})
_INT8_OPTIONS = ("load_in_8bit", "llm_int8_threshold", "llm_int8_skip_modules")
_4BIT_OPTIONS = (
    "load_in_4bit",
    "bnb_4bit_quant_type",
    "bnb_4bit_compute_dtype",
    "bnb_4bit_use_double_quant",
    "llm_int8_skip_modules",
)

Value = str | int | float | bool | list[str] | None


def recipe_script(run: Run, variant: Variant) -> str:
    """The script for ``variant`` of ``run``. Raises UsageError where the run did not load it."""
    report = next((load.report for load in run.loads if load.report.variant == variant), None)
    if report is None:
        loaded = ", ".join(load.report.variant.spelling for load in run.loads) or "none"
        raise UsageError(f"this run loaded no {variant.spelling}", f"Loaded: {loaded}")
    return "\n".join(_lines(run, report))


def _lines(run: Run, report: LoadReport) -> Iterator[str]:
    is_stored = run.request.model.prequantized is not None
    quantizes = report.variant.precision.is_quantized and not is_stored
    yield f'"""{_quoted_name(run.request.model.id)} as {report.variant.spelling}, loaded as it was compared.'
    yield ""
    yield f"Made with {_versions(run)} on {_quoted_name(run.environment.device)}."
    yield '"""'
    yield ""
    if run.request.model.source is ModelSource.FOLDER and "~" in run.request.model.path[:1]:
        yield "import os"
    if report.variant.precision is Precision.INT8:
        yield "import logging"
        yield ""
    yield "import torch"
    imports = "AutoModelForCausalLM, AutoTokenizer" + (", BitsAndBytesConfig" if quantizes else "")
    yield f"from transformers import {imports}, GenerationConfig"
    yield ""
    yield from _model_lines(run.request.model)
    yield from _load_lines(report, quantizes, run.environment.threads)
    if is_stored and not report.variant.precision.is_quantized:
        yield f"model = model.dequantize(dtype={_dtype(report.options['dtype'])})  # it was saved quantized"
    yield "tokenizer = AutoTokenizer.from_pretrained(MODEL, revision=REVISION)"
    yield ""
    yield from _generate_lines(run)


def _model_lines(entry: ModelEntry) -> Iterator[str]:
    if entry.source is ModelSource.DEMO:
        yield "from quanttui.models.demo import MODEL_FOLDER"
        yield ""
        yield "MODEL, REVISION = str(MODEL_FOLDER), None"
    elif entry.source is ModelSource.CACHE:
        yield f"MODEL, REVISION = {entry.id.partition('@')[0]!r}, {entry.revision!r}"
    else:
        path = repr(entry.path)
        yield f"MODEL, REVISION = {f'os.path.expanduser({path})' if entry.path.startswith('~') else path}, None"
    yield ""


def _load_lines(report: LoadReport, quantizes: bool, threads: int) -> Iterator[str]:
    """Not ``quantizes``: what was saved quantized brings its options along."""
    if report.device == "cpu":
        yield f"torch.set_num_threads({threads})"
    if report.variant.precision is Precision.INT8:
        yield 'logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # it tells of each cast to float16'
    if quantizes:
        yield "quantization = BitsAndBytesConfig("
        for name in _4BIT_OPTIONS if report.variant.precision.is_4bit else _INT8_OPTIONS:
            yield f"    {name}={_literal(name, report.options)},"
        yield ")"
    for note in report.notes:
        yield f"# noted when it was loaded: {safe_line(note)}"
    yield "model = AutoModelForCausalLM.from_pretrained("
    yield "    MODEL,"
    yield "    revision=REVISION,"
    yield f"    dtype={_dtype(report.options['dtype'])},"
    if quantizes:
        yield "    quantization_config=quantization,"
    yield f"    device_map={_device_map(report)},"
    yield "    use_safetensors=True,"
    yield ").eval()"


def _generate_lines(run: Run) -> Iterator[str]:
    settings = run.request.generation
    yield f"PROMPT = {run.request.prompts[0]!r}"
    if settings.chat_template and run.model and run.model.has_chat_template:
        yield from _chat_lines(settings)
    else:
        yield 'inputs = tokenizer(PROMPT, return_tensors="pt").to(model.device)'
    yield "# the checkpoint's own sampling settings stay out of it, as they did in the comparison"
    yield "model.generation_config = GenerationConfig(eos_token_id=model.generation_config.eos_token_id)"
    if settings.do_sample:
        yield f"torch.manual_seed({settings.seed})  # transformers draws in its own way: another text, the same odds"
    yield "generated = model.generate("
    yield "    **inputs,"
    yield f"    max_new_tokens={settings.max_new_tokens},"
    yield f"    do_sample={settings.do_sample},"
    if settings.do_sample:
        yield f"    temperature={settings.temperature!r},"
        yield f"    top_p={settings.top_p!r},"
        yield f"    top_k={settings.top_k!r},"
    yield "    repetition_penalty=1.0,"
    yield ")"
    yield "new_tokens = generated[0, inputs['input_ids'].shape[1] :]"
    yield "print(tokenizer.decode(new_tokens, skip_special_tokens=True))"
    yield ""


def _chat_lines(settings: GenerationSettings) -> Iterator[str]:
    yield "messages = ["
    if settings.system_prompt is not None:
        yield f"    {{'role': 'system', 'content': {settings.system_prompt!r}}},"
    yield "    {'role': 'user', 'content': PROMPT},"
    yield "]"
    yield "inputs = tokenizer.apply_chat_template("
    yield "    messages, add_generation_prompt=True, return_dict=True, return_tensors='pt'"
    yield ").to(model.device)"


def _device_map(report: LoadReport) -> str:
    """Spread over several devices it is transformers that chooses, as it did."""
    return "'auto'" if report.device_map else repr({"": report.device})


def _literal(name: str, options: Mapping[str, Value]) -> str:
    value = options.get(name)
    return _dtype(value) if name in _DTYPE_OPTIONS else repr(value)


def _dtype(value: Value) -> str:
    if not isinstance(value, str) or value not in _DTYPES:
        raise UsageError(f"{value!r} is no floating type that a script can name", "Run the comparison again.")
    return f"torch.{value}"


def _versions(run: Run) -> str:
    known = run.environment.versions
    return ", ".join(
        f"{name} {_quoted_name(known[name])}" for name in ("torch", "transformers", "bitsandbytes") if name in known
    )


def _quoted_name(name: str) -> str:
    """A name inside the script's docstring: on one line, and unable to end it."""
    return safe_line(name).replace("\\", "/").replace('"', "'")
