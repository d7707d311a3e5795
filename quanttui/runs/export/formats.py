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
    """``of_variant``: made for one variant, so that one has to be chosen."""

    name: str
    ending: str
    words: str
    make: Callable[[Run, Variant | None], str]
    of_variant: bool = False


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """``name`` is safe as a file's name; ``content`` holds no secret and no home."""

    name: str
    content: str


def _card(run: Run, variant: Variant | None) -> str:
    return quant_card(run, variant or _only(run, with_reference=False))


def _script(run: Run, variant: Variant | None) -> str:
    return recipe_script(run, variant or _only(run, with_reference=True))


FORMATS = {
    made.name: made
    for made in (
        Format("json", "json", "the whole run, every scored token too", lambda run, _: _json(run)),
        Format("csv", "csv", "one row a variant", lambda run, _: variants_csv([run])),
        Format("tokens", "tokens.csv", "one row a scored token", lambda run, _: tokens_csv([run])),
        Format("markdown", "md", "a report to paste into an issue or an appendix", lambda run, _: markdown_report(run)),
        Format("card", "card.md", "one page on a variant, for a model's README", _card, of_variant=True),
        Format("script", "py", "a Python script that loads a variant as it was loaded", _script, of_variant=True),
    )
}


def export_run(run: Run, name: str, variant: Variant | None, privacy: Privacy) -> ExportedFile:
    """``run`` in the format ``name``. Raises UsageError where there is no such format, or a variant has to be named."""
    if name not in FORMATS:
        raise UsageError(f"there is no export format {name!r}", f"Formats: {', '.join(FORMATS)}")
    chosen = FORMATS[name]
    content = privacy.scrub(chosen.make(_without_home(run, privacy), variant))
    stem = f"{run.request.model.id} {variant}" if chosen.of_variant and variant else run.request.model.id
    return ExportedFile(export_name(stem, run.request.run_id, chosen.ending), content)


def run_schema() -> str:
    """The JSON Schema (2020-12) of the ``json`` format, which ``quanttui compare --json`` prints too."""
    return (files("quanttui.runs") / "run.schema.json").read_text(encoding="utf-8")


def _json(run: Run) -> str:
    return document_text(run_document(run, per_token=True))


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
