"""``quanttui models fit``: what each variant of a model will take, and whether that is there, before any load."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from quanttui.cli.arguments import Parser, positive_int
from quanttui.cli.engines import open_configured_engine
from quanttui.cli.fit_watch import read_memory
from quanttui.cli.narration import narration
from quanttui.cli.page import page_text, plain_table
from quanttui.cli.stopping import stopping
from quanttui.cli.streams import write_data
from quanttui.engine.base import Engine
from quanttui.models.catalog import resolve_model
from quanttui.pipeline.driving import kept_dtype
from quanttui.pipeline.fitting import fits
from quanttui.records import Fit, FitVerdict, ModelEntry, Variant
from quanttui.runs.document import document_text
from quanttui.settings import Settings
from quanttui.text import safe_line
from quanttui.units import NOT_AVAILABLE, format_memory
from quanttui.variants import default_reference, parse_variant

DESCRIPTION = """\
Foretell what each variant of a model takes, from its config.json alone, and hold that against what is free here now.

  quanttui models fit demo --tokens 512
"""
_DEFAULT_VARIANTS = ("fp32", "bf16", "fp16", "int8", "nf4", "nf4+dq", "fp4")
_DEFAULT_TOKENS = 4096
_STYLES = {FitVerdict.FITS: "green", FitVerdict.TIGHT: "yellow", FitVerdict.DOES_NOT_FIT: "bold red"}


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "model", metavar="MODEL", help="demo, a folder, or a model in the hub cache (id or id@revision)"
    )
    parser.add_argument(
        "--variants", metavar="VARIANT", nargs="+", default=_DEFAULT_VARIANTS, help="default: every precision"
    )
    parser.add_argument("--reference", metavar="VARIANT", help="what stays unquantized is kept in its floating type")
    parser.add_argument(
        "--tokens", type=positive_int, default=_DEFAULT_TOKENS, metavar="N",
        help="length of the text, prompt and output (default: %(default)s, or the context where that is shorter)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress on stderr")


def run(arguments: Namespace, settings: Settings) -> int:
    entry = resolve_model(arguments.model)
    variants = [parse_variant(text) for text in arguments.variants]
    reference = parse_variant(arguments.reference) if arguments.reference else None
    engine = open_configured_engine(settings)
    with narration(arguments.quiet) as narrator, stopping(engine, narrator.wait_for) as stop_asked:
        narrator.wait_for("Starting the engine")
        found = fits_here(engine, entry, variants, reference, arguments.tokens)
    if stop_asked():
        raise KeyboardInterrupt
    write_data(_document(entry, found) if arguments.json else page_text(_page(entry, found)))
    return 0


def fits_here(
    engine: Engine, entry: ModelEntry, variants: Sequence[Variant], reference: Variant | None, tokens: int
) -> tuple[Fit, ...]:
    """Against what is free now."""
    description = engine.describe()
    engine.memory()  # asked now, answered by the time that memory is read
    settled = reference or default_reference(entry.dtype, description.device)
    dtype = kept_dtype(settled, entry.dtype, description.device)
    return fits(engine, entry, variants, dtype, tokens, lambda: read_memory(engine, description.process_id))


def _document(entry: ModelEntry, found: Sequence[Fit]) -> str:
    rows = [{**asdict(fit), "variant": fit.variant.spelling, "estimate": _estimate(fit)} for fit in found]
    return document_text({"schema_version": 1, "model": asdict(entry), "fits": rows})


def _estimate(fit: Fit) -> dict[str, object] | None:
    if fit.estimate is None:
        return None
    sums = {name: getattr(fit.estimate, name) for name in ("running_bytes", "peak_bytes", "needed_bytes")}
    return {**asdict(fit.estimate), "variant": fit.variant.spelling, **sums}


def _page(entry: ModelEntry, found: Sequence[Fit]) -> RenderableType:
    tokens = next((fit.estimate.tokens for fit in found if fit.estimate), None)
    heading = Text(safe_line(entry.id), "bold")
    heading.append(f" on {safe_line(found[0].device)}", "not bold")
    if tokens is not None:
        heading.append(f", texts of {tokens:,} tokens", "not bold")
    words = [line for fit in found if fit.verdict is not FitVerdict.FITS for line in _words(fit)]
    return Group(heading, Text(), _table(found), *([Text(), *words] if words else []))


def _table(found: Sequence[Fit]) -> Table:
    table = plain_table("variant", "weights", "KV cache", "load peak", "needed", "room", "verdict", left=(0, 6))
    for fit in found:
        estimate = fit.estimate
        figures = (
            (estimate.weights_bytes, estimate.kv_cache_bytes, estimate.load_peak_bytes, estimate.needed_bytes)
            if estimate
            else (None,) * 4
        )
        table.add_row(
            Text(safe_line(str(fit.variant))),
            *(format_memory(figure) for figure in (*figures, fit.room_bytes)),
            Text(fit.verdict.value, _STYLES.get(fit.verdict, "yellow")),
        )
    context = next((fit.estimate.context_bytes for fit in found if fit.estimate), None)
    table.caption = (
        "needed: the higher of the load's peak and weights with cache, activations and scoring; "
        f"what is kept of the reference; the engine process itself ({format_memory(context)}). room: free now for it"
    )
    table.caption_justify = "left"
    return table


def _words(fit: Fit) -> list[Text]:
    sentence = f"{fit.variant} {fit.verdict.value}: {fit.reason or NOT_AVAILABLE}. {fit.advice}"
    return [Text(safe_line(sentence.strip()))]
