"""A branch as it comes in: from the run and the token to force to a request, from its events to a view. Pure."""

from __future__ import annotations

from dataclasses import replace

from quanttui.records import FinishReason, Variant
from quanttui.records.branch import BranchEvent, BranchFinished, BranchRequest
from quanttui.records.events import LoadProgressed, ModelLoaded, RunFailed, TokenGenerated
from quanttui.tui.state.branch_view import BranchState, BranchView
from quanttui.tui.state.run_view import RunView
from quanttui.tui.state.variant_view import VariantView


def branch_request(
    run: RunView, run_id: str, variant: Variant, forced_token_ids: tuple[int, ...]
) -> BranchRequest | None:
    """What to ask of the engine; None while the run has no reference to force upon, or from."""
    parties = _parties(run, variant)
    if run.reference is None or parties is None:
        return None
    return BranchRequest(
        run_id=run_id,
        model=run.request.model,
        variant=variant,
        reference=run.reference.variant,
        prompt=run.request.prompts[0],
        generation=run.request.generation,
        forced_token_ids=forced_token_ids,
        donor_token_ids=tuple(parties[1].token_ids),
    )


def branch_view(run: RunView, variant: Variant, index: int, forced: str) -> BranchView | None:
    """The branch before anything came in. The text up to the forced token is the reference's, which was scored."""
    parties = _parties(run, variant)
    if run.reference is None or parties is None:
        return None
    writer, donor = parties
    return BranchView(
        variant=variant.spelling,
        donor=donor.variant.spelling,
        index=index,
        prefix="".join(token.text for token in run.reference.tokens[:index]),
        forced=forced,
        free=writer.text,
    )


def apply_branch_event(view: BranchView, event: BranchEvent) -> BranchView:
    match event:
        case LoadProgressed(progress=made):
            return replace(view, detail=f"{made.done} of {made.total}" if made.total else made.stage)
        case ModelLoaded():
            return replace(view, state=BranchState.RUNNING, detail="")
        case TokenGenerated(token=token):
            return replace(view, branch=view.branch + token.text)
        case BranchFinished(output=output, agreed_tokens=agreed):
            stopped = output.finish_reason is FinishReason.CANCELLED
            state = BranchState.STOPPED if stopped else BranchState.DONE
            return replace(view, state=state, agreed_tokens=agreed, detail="")
        case RunFailed():
            state = BranchState.STOPPED if event.was_cancelled else BranchState.FAILED
            return replace(view, state=state, detail=f"{event.message} · {event.hint}".strip(" ·"))
    return view


def _parties(run: RunView, variant: Variant) -> tuple[VariantView, VariantView] | None:
    """Who writes, and whose token is forced on it: the shown candidate's and the reference's."""
    writer, candidate = run.view_of(variant), run.candidate
    donor = candidate if writer is run.reference else run.reference
    return (writer, donor) if writer is not None and donor is not None else None
