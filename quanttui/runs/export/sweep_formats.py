"""Every form a sweep can be exported in, as ``formats`` has them for comparisons. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from quanttui.errors import UsageError
from quanttui.records import Run, RunRequest, SweepRequest, SweepSnapshot, Variant
from quanttui.runs.document import document_text
from quanttui.runs.export.formats import ExportedFile
from quanttui.runs.export.names import export_name
from quanttui.runs.export.picture import ENDING as PICTURE
from quanttui.runs.export.privacy import Privacy
from quanttui.runs.export.script import recipe_script
from quanttui.runs.export.sweep_card import sweep_card
from quanttui.runs.export.sweep_csv import sweep_csv
from quanttui.runs.export.sweep_markdown import sweep_report
from quanttui.runs.sweep_document import sweep_document
from quanttui.runs.sweep_figures import identity_of

_PROMPT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class SweepFormat:
    """As ``Format``."""

    name: str
    ending: str
    words: str
    make: Callable[[Sequence[SweepSnapshot], Variant | None], str]
    of_variant: bool = False
    joins: bool = False


def _json(snapshots: Sequence[SweepSnapshot], _: Variant | None) -> str:
    return document_text(sweep_document(snapshots[0]))


def _report(snapshots: Sequence[SweepSnapshot], _: Variant | None) -> str:
    return sweep_report(snapshots[0])


def _card(snapshots: Sequence[SweepSnapshot], variant: Variant | None) -> str:
    return sweep_card(snapshots[0], variant or _answer(snapshots[0], with_reference=False))


def _script(snapshots: Sequence[SweepSnapshot], variant: Variant | None) -> str:
    return recipe_script(_as_run(snapshots[0]), variant or _answer(snapshots[0], with_reference=True))


def _csv(snapshots: Sequence[SweepSnapshot], _: Variant | None) -> str:
    return sweep_csv(snapshots)


SWEEP_FORMATS = {
    made.name: made
    for made in (
        SweepFormat("json", "json", "all figures of the sweep", _json),
        SweepFormat("csv", "csv", "a table with one row a variant on each part and category", _csv, joins=True),
        SweepFormat("markdown", "md", "a report to paste into an issue or an appendix", _report),
        SweepFormat(
            "card", "card.md", "one page on a variant, the recommended one unless named", _card, of_variant=True
        ),
        SweepFormat("script", "py", "a Python script that loads a variant, as the card", _script, of_variant=True),
    )
}


def export_sweeps(
    snapshots: Sequence[SweepSnapshot], name: str, variant: Variant | None, privacy: Privacy
) -> list[ExportedFile]:
    """``snapshots`` in the format ``name``: one file, or one each. Card and script are of ``variant``, or of the one
    that is recommended.

    Raises UsageError where a sweep cannot be exported so, or a variant has to be named.
    """
    if name not in SWEEP_FORMATS:
        known = ", ".join((*SWEEP_FORMATS, PICTURE))
        raise UsageError(f"a sweep cannot be exported as {name!r}", f"Formats of a sweep: {known}")
    chosen = SWEEP_FORMATS[name]
    groups = [snapshots] if chosen.joins else [[snapshot] for snapshot in snapshots]
    return [_file(group, chosen, variant, privacy) for group in groups]


def _file(
    snapshots: Sequence[SweepSnapshot], chosen: SweepFormat, variant: Variant | None, privacy: Privacy
) -> ExportedFile:
    first = snapshots[0].request
    stem = f"{first.model.id} {variant}" if chosen.of_variant and variant else first.model.id
    stem += f" and {len(snapshots) - 1} more" if len(snapshots) > 1 else ""
    content = chosen.make([_without_home(snapshot, privacy) for snapshot in snapshots], variant)
    return ExportedFile(export_name(stem, first.run_id, chosen.ending), privacy.scrub(content))


def _without_home(snapshot: SweepSnapshot, privacy: Privacy) -> SweepSnapshot:
    """Names and folders begin with ``~`` before anything is made of them: a shell and a script have to expand it."""
    request = snapshot.request
    entry = replace(request.model, id=privacy.scrub(request.model.id), path=privacy.scrub(request.model.path))
    texts = tuple(replace(text, name=privacy.scrub(text.name)) for text in request.texts)
    private = replace(
        request,
        model=entry,
        texts=texts,
        prompts_from=privacy.scrub(request.prompts_from),
        texts_from=tuple(map(privacy.scrub, request.texts_from)),
    )
    return replace(snapshot, request=private)


def _answer(snapshot: SweepSnapshot, *, with_reference: bool) -> Variant:
    """The recommended variant; the only candidate, where there is one. Raises UsageError where neither is."""
    recommended, candidates = snapshot.result.verdict.recommended, snapshot.request.candidates
    if recommended is not None and (with_reference or recommended != snapshot.result.reference):
        return recommended
    if len(candidates) == 1:
        return candidates[0]
    names = [*([snapshot.result.reference] if with_reference else []), *candidates]
    raise UsageError(
        "this sweep recommends no quantized variant" if recommended else "this sweep recommends no variant",
        f"Name one with --variant: {', '.join(variant.spelling for variant in names)}",
    )


def _as_run(snapshot: SweepSnapshot) -> Run:
    """As much of a run as the script needs: the loads, and a prompt to begin with."""
    request = snapshot.request
    asked = RunRequest(
        request.run_id, request.model, request.reference, request.candidates, (_first_prompt(request),),
        request.generation
    )  # fmt: skip
    return Run(asked, snapshot.environment, snapshot.result.reference, identity_of(snapshot), (), snapshot.loads)


def _first_prompt(request: SweepRequest) -> str:
    if request.prompts:
        return request.prompts[0].text
    return request.texts[0].text[:_PROMPT_CHARACTERS] if request.texts else ""
