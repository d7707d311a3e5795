"""``quanttui models quantize``: a model quantized once, saved, and from then on loaded as it is."""

from __future__ import annotations

from argparse import Namespace
from contextlib import closing
from pathlib import Path

from quanttui.cli.arguments import Parser
from quanttui.cli.engines import open_configured_engine
from quanttui.cli.narration import Narrator, narration
from quanttui.cli.stopping import stopping
from quanttui.cli.streams import write_data
from quanttui.engine.base import Engine
from quanttui.models.catalog import resolve_model
from quanttui.pipeline.driving import kept_dtype
from quanttui.records import LoadReport, LoadRequest, ModelEntry, Variant
from quanttui.runs.command_line import compare_command
from quanttui.runs.document import document_text
from quanttui.settings import Settings
from quanttui.text import safe_line
from quanttui.units import format_memory
from quanttui.variants import default_reference, parse_variant

DESCRIPTION = """\
Quantize a model and save it as transformers does: weights, config.json and tokenizer. The folder is a model like any
other: name it wherever a MODEL is asked for.

  quanttui models quantize demo --variant nf4 --output demo-nf4
"""


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "model", metavar="MODEL", help="demo, a folder, or a model in the hub cache (id or id@revision)"
    )
    parser.add_argument("--variant", metavar="VARIANT", required=True, help="int8, nf4, fp4, nf4+dq and so on")
    parser.add_argument("--output", metavar="FOLDER", required=True, help="a new folder, or an empty one")
    parser.add_argument("--reference", metavar="VARIANT", help="what stays unquantized is kept in its floating type")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress on stderr")


def run(arguments: Namespace, settings: Settings) -> int:
    entry, variant = resolve_model(arguments.model), parse_variant(arguments.variant)
    reference = parse_variant(arguments.reference) if arguments.reference else None
    output = Path(arguments.output).absolute()
    engine = open_configured_engine(settings)
    with narration(arguments.quiet) as narrator, stopping(engine, narrator.wait_for) as stop_asked:
        narrator.wait_for("Starting the engine")
        report = _quantized(engine, _request(engine, entry, variant, reference, output), narrator)
    if stop_asked():
        raise KeyboardInterrupt
    size = sum(path.stat().st_size for path in output.iterdir())
    write_data(_document(report, output, size) if arguments.json else _page(report, output, size))
    return 0


def _request(
    engine: Engine, entry: ModelEntry, variant: Variant, reference: Variant | None, output: Path
) -> LoadRequest:
    device = engine.describe().device
    dtype = kept_dtype(reference or default_reference(entry.dtype, device), entry.dtype, device)
    return LoadRequest(entry.id, entry.path, variant, dtype, save_to=str(output))


def _quantized(engine: Engine, request: LoadRequest, narrator: Narrator) -> LoadReport:
    with closing(engine.load(request)) as work:
        while True:
            try:
                progress = next(work)
            except StopIteration as done:
                model = done.value
                break
            narrator.progress(f"Quantizing to {request.variant}: {progress.stage}", progress.done, progress.total)
    report: LoadReport = model.report
    model.unload()
    return report


def _page(report: LoadReport, output: Path, size: int) -> str:
    saved = f"{report.model.id} as {report.variant}: {format_memory(size)} in {output}"
    return safe_line(saved) + "\n" + f"Run it: {compare_command(str(output))}" + "\n"


def _document(report: LoadReport, output: Path, size: int) -> str:
    document = {
        "schema_version": 1,
        "model": report.model.id,
        "variant": str(report.variant),
        "folder": str(output),
        "bytes": size,
        "options": report.options,
        "notes": list(report.notes),
    }
    return document_text(document)
