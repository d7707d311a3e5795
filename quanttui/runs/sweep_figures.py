"""Which of a sweep's figures stand first, and where they are. Pure; knows records only."""

from __future__ import annotations

from quanttui.records import DivergenceSummary, ModelIdentity, SweepPart, SweepRequest, SweepSnapshot, SweptVariant
from quanttui.units import format_nats


def main_part(request: SweepRequest) -> SweepPart:
    """What a sweep's divergence is of where one figure has to do: the text, where there is one."""
    return SweepPart.TEXT if request.texts else SweepPart.SUITE


def parts_of(request: SweepRequest) -> tuple[SweepPart, ...]:
    """What was asked for, the main part first."""
    asked = {SweepPart.TEXT: request.texts, SweepPart.SUITE: request.prompts}
    return tuple(part for part, given in asked.items() if given)


def divergence_on(row: SweptVariant, part: SweepPart) -> DivergenceSummary | None:
    return row.text if part is SweepPart.TEXT else row.suite


def categories_of(snapshot: SweepSnapshot) -> tuple[str, ...]:
    """Those of the suite in the order in which they were asked for."""
    return tuple(dict.fromkeys(prompt.category for prompt in snapshot.request.prompts))


def farthest_category(row: SweptVariant) -> str | None:
    """The category with the largest mean KL; None where there is one category, or two that are shown as equal."""
    means = {each.category: each.divergence.kl_divergence.mean for each in row.by_category}
    if len(means) < 2:
        return None
    second, first = sorted(means, key=means.__getitem__)[-2:]
    return None if format_nats(means[first]) == format_nats(means[second]) else first


def identity_of(snapshot: SweepSnapshot) -> ModelIdentity | None:
    """What the model said of itself; None where it was never loaded."""
    return snapshot.loads[0].report.model if snapshot.loads else None
