"""Every form a run can be exported in, in one list: what it is called, how its file ends, what makes it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from quanttui.errors import UsageError
from quanttui.records import Run, Variant
from quanttui.runs.document import document_text, run_document
from quanttui.runs.export.card import quant_card
from quanttui.runs.export.markdown import markdown_report
from quanttui.runs.export.names import export_name
from quanttui.runs.export.privacy import Privacy
from quanttui.runs.export.script import recipe_script
from quanttui.runs.export.tables import tokens_csv, variants_csv


@dataclass(frozen=True, slots=True)
class Format:
    """``of_variant``: made for one variant, so that one has to be chosen. ``joins``: several runs make one file."""

    name: str
    ending: str
    words: str
    make: Callable[[Sequence[Run], Variant | None], str]
    of_variant: bool = False
    joins: bool = False


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """``name`` is safe as a file's name; ``content`` holds no secret and no home."""

    name: str
    content: str


def _card(runs: Sequence[Run], variant: Variant | None) -> str:
    (run,) = runs
    return quant_card(run, variant or _only(run, with_reference=False))


def _script(runs: Sequence[Run], variant: Variant | None) -> str:
    (run,) = runs
    return recipe_script(run, variant or _only(run, with_reference=True))


def _json(runs: Sequence[Run], _: Variant | None) -> str:
    (run,) = runs
    return document_text(run_document(run, per_token=True))


def _report(runs: Sequence[Run], _: Variant | None) -> str:
    (run,) = runs
    return markdown_report(run)


FORMATS = {
    made.name: made
    for made in (
        Format("json", "json", "the whole run, every scored token too", _json),
        Format("csv", "csv", "a table with one row a variant", lambda runs, _: variants_csv(runs), joins=True),
        Format(
            "tokens", "tokens.csv", "a table with one row a scored token", lambda runs, _: tokens_csv(runs), joins=True
        ),
        Format("markdown", "md", "a report to paste into an issue or an appendix", _report),
        Format("card", "card.md", "one page on a variant, for a model's README", _card, of_variant=True),
        Format("script", "py", "a Python script that loads a variant as it was loaded", _script, of_variant=True),
    )
}


def export_runs(runs: Sequence[Run], name: str, variant: Variant | None, privacy: Privacy) -> list[ExportedFile]:
    """``runs`` in the format ``name``: one file, or one each.

    Raises UsageError where there is no such format, or a variant has to be named.
    """
    if name not in FORMATS:
        raise UsageError(f"there is no export format {name!r}", f"Formats: {', '.join(FORMATS)}")
    chosen = FORMATS[name]
    groups = [runs] if chosen.joins else [[run] for run in runs]
    return [_file(group, chosen, variant, privacy) for group in groups]


def _file(runs: Sequence[Run], chosen: Format, variant: Variant | None, privacy: Privacy) -> ExportedFile:
    first = runs[0].request
    stem = f"{first.model.id} {variant}" if chosen.of_variant and variant else first.model.id
    stem += f" and {len(runs) - 1} more" if len(runs) > 1 else ""
    content = chosen.make([_without_home(run, privacy) for run in runs], variant)
    return ExportedFile(export_name(stem, first.run_id, chosen.ending), privacy.scrub(content))


def run_schema() -> str:
    """The JSON Schema (2020-12) of the ``json`` format, which ``quanttui compare --json`` prints too."""
    return (files("quanttui.runs") / "run.schema.json").read_text(encoding="utf-8")


def sweep_schema() -> str:
    """The same of a sweep, which ``quanttui sweep --json`` prints."""
    return (files("quanttui.runs") / "sweep.schema.json").read_text(encoding="utf-8")


def _without_home(run: Run, privacy: Privacy) -> Run:
    """The model's name and folder begin with ``~`` before anything is made of them: a script has to expand it."""
    entry = run.request.model
    private = replace(entry, id=privacy.scrub(entry.id), path=privacy.scrub(entry.path))
    return replace(run, request=replace(run.request, model=private))


def _only(run: Run, *, with_reference: bool) -> Variant:
    candidates: Sequence[Variant] = run.request.candidates
    if len(candidates) == 1:
        return candidates[0]
    names = [*([run.reference.spelling] if with_reference else []), *(variant.spelling for variant in candidates)]
    raise UsageError("this run has several variants", f"Name one with --variant: {', '.join(names)}")
