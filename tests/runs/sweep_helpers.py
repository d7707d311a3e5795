"""Sweeps for the history's, the exports' and the gate's tests: figures by hand, events in the order of a real sweep."""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from quanttui.compare.sweep import conclude
from quanttui.records import (
    CategoryDivergence,
    DivergenceSummary,
    EngineDescription,
    EvaluationText,
    KlSummary,
    LoadRecord,
    LoadReport,
    MeasuredSpeed,
    ModelEntry,
    ModelIdentity,
    ModelSource,
    NoiseFloor,
    Precision,
    SuitePrompt,
    Sweep,
    SweepCell,
    SweepLimits,
    SweepPart,
    SweepProgress,
    SweepRequest,
    SweepSnapshot,
    SweepUnit,
    SweptVariant,
    TokenColumns,
    UnloadReport,
    Variant,
    VariantFailure,
    VariantProgress,
    Verdict,
    VerdictLevel,
)
from quanttui.records.events import ModelLoaded, ModelUnloaded
from quanttui.records.history import RunOrigin
from quanttui.records.sweep_events import (
    CellScored,
    SpeedMeasured,
    SweepEvent,
    SweepFinished,
    SweepStarted,
    SweepTallied,
    UnitRead,
    UnitsDropped,
    VariantFailed,
)
from quanttui.runs.store import RunStore
from quanttui.runs.sweep_recorder import SweepRecorder
from quanttui.variants import parse_variant

ORIGIN = RunOrigin("0.1.0", "command", "ab" * 32)
REFERENCE = parse_variant("bf16")
IDENTITY = ModelIdentity("demo", "LlamaForCausalLM", 7_342_080, 4096, 512, Precision.BF16, False, True)
ENVIRONMENT = EngineDescription("cpu", "Test CPU", 1, {"torch": "2.13.0", "transformers": "5.23.0"}, 1)
WEIGHTS = {"bf16": 14_684_160, "int8": 8_400_000, "nf4": 7_078_912, "nf4+dq": 6_900_000, "fp4": 7_078_912}
KL = {"int8": 0.012, "nf4": 0.031, "nf4+dq": 0.033, "fp4": 0.062}
LIMITS = SweepLimits(memory_bytes=14_000_000)
TOKENS = 16


def sweep_request(
    run_id: str = "sweep-1", *candidates: str, prompts: int = 2, texts: int = 1, **changes: Any
) -> SweepRequest:
    suite = tuple(SuitePrompt(f"p{n}", ("story", "facts")[n % 2], f"Prompt number {n}") for n in range(prompts))
    read = tuple(EvaluationText(f"text{n}.txt", "Once upon a time. " * 20) for n in range(texts))
    variants = tuple(map(parse_variant, candidates or ("int8", "nf4")))
    entry = ModelEntry(changes.pop("model_id", "demo"), "/nowhere", ModelSource.DEMO)
    return SweepRequest(run_id, entry, REFERENCE, variants, suite, read, **changes)


def units_of(request: SweepRequest) -> tuple[SweepUnit, ...]:
    made = [(SweepPart.TEXT, f"{text.name} window {n}", "") for text in request.texts for n in (1, 2)]
    made += [(SweepPart.SUITE, prompt.id, prompt.category) for prompt in request.prompts]
    ids = tuple(range(3, 3 + 2 * TOKENS))
    return tuple(
        SweepUnit(index, part, name, category, ids, TOKENS) for index, (part, name, category) in enumerate(made)
    )


def cell_of(variant: Variant, unit: SweepUnit) -> SweepCell:
    chance = random.Random(f"{variant.spelling} {unit.index}")
    floats = [array("d", [chance.random() for _ in range(TOKENS)]).tobytes() for _ in range(4)]
    ids = array("i", unit.token_ids[unit.first_scored :]).tobytes()
    columns = TokenColumns(TOKENS, ids, *floats, bytes(chance.randrange(3) for _ in range(TOKENS)))
    return SweepCell(variant, unit.index, columns, NoiseFloor(1e-4, "bf16 decode vs prefill", TOKENS), 0.5, (TOKENS,))


def sweep_divergence(kl: float, tokens: int = 8_000, **changes: Any) -> DivergenceSummary:
    made = DivergenceSummary(
        tokens=tokens,
        scope="over 32 windows",
        kl_divergence=KlSummary(kl, 0.0005, kl / 2, 3 * kl, 4 * kl, 6 * kl, 9 * kl, 20 * kl),
        same_top=0.96,
        same_top_standard_error=0.002,
        delta_p_mean=-0.1,
        rms_delta_p=2.0,
        perplexity_reference=9.0,
        perplexity_candidate=9.2,
        ln_perplexity_ratio=0.02,
        ln_perplexity_ratio_standard_error=0.002,
        tie_flips=3,
        real_flips=320,
        noise_floor=NoiseFloor(1e-4, "bf16 decode vs prefill", tokens),
        noise_multiple=kl / 1e-4,
        smallest_detectable_nats=1e-4,
        by_confidence=(),
        verdict=Verdict(VerdictLevel.CLEAR, "clear: by hand"),
    )
    return replace(made, **changes)


def row_of(variant: Variant, request: SweepRequest, **changes: Any) -> SweptVariant:
    name = variant.spelling
    kl = KL.get(name)
    made = SweptVariant(
        variant,
        parameter_bytes=WEIGHTS[name],
        peak_bytes=WEIGHTS[name] + 6_000_000,
        needed_bytes=WEIGHTS[name] + 5_000_000,
        tokens_per_second=40.0,
        tokens_per_second_standard_error=0.4,
        text=sweep_divergence(kl) if kl and request.texts else None,
        suite=sweep_divergence(2 * kl, 4_000) if kl and request.prompts else None,
        by_category=tuple(
            CategoryDivergence(category, sweep_divergence(kl * share, 2_000))
            for category, share in (("facts", 1.5), ("story", 2.5))
            if kl and request.prompts
        ),
    )
    return replace(made, **changes)


def snapshot_of(request: SweepRequest, done: int | None = None, **changes: Any) -> SweepSnapshot:
    """With ``done`` cells of all; the rows are those of a whole sweep."""
    total = len(units_of(request)) * (1 + len(request.candidates))
    done = total if done is None else done
    rows = [row_of(variant, request) for variant in (REFERENCE, *request.candidates)]
    rows = [replace(row, **changes.pop(row.variant.spelling, {})) for row in rows]
    by_variant = tuple(VariantProgress(row.variant, done, total) for row in rows)
    made = SweepSnapshot(
        request,
        ENVIRONMENT,
        conclude(rows, REFERENCE, request.limits, {}),
        SweepProgress("", None, done, total, TOKENS * done, TOKENS * total, 12.0, None, by_variant),
        loads=tuple(load_of(row.variant) for row in rows),
        notes=("int8: figures depend on the window",),
    )
    return replace(made, **changes)


def report_of(variant: Variant) -> LoadReport:
    return LoadReport(variant, IDENTITY, "cpu", {"dtype": "bfloat16"}, 0.42, WEIGHTS[variant.spelling])


def load_of(variant: Variant) -> LoadRecord:
    return LoadRecord(report_of(variant), UnloadReport(WEIGHTS[variant.spelling] + 6_000_000, 0))


def sweep_events(
    request: SweepRequest, had: Sweep | None = None, failing: str = "", kept: int | None = None
) -> Iterator[SweepEvent]:
    """The sweep of ``request``, without the units and cells of ``had``."""
    had = had or Sweep(request, ENVIRONMENT, REFERENCE)
    resumed = had if had.units or had.cells else None
    yield SweepStarted(request, ENVIRONMENT, REFERENCE, resumed)
    units = units_of(request)
    yield ModelLoaded(REFERENCE, report_of(REFERENCE))
    yield from (UnitRead(unit) for unit in units if unit not in had.units)
    yield SpeedMeasured(MeasuredSpeed(REFERENCE, 40.0, 0.4))
    yield ModelUnloaded(REFERENCE, UnloadReport(20_684_160, 0))
    if kept is not None:
        yield UnitsDropped(kept)
    scored = {(cell.variant, cell.unit) for cell in had.cells}
    for place, variant in enumerate(request.candidates, 1):
        if variant.spelling == failing:
            yield VariantFailed(VariantFailure(variant, "out of memory", "Take a smaller one."))
            continue
        yield ModelLoaded(variant, report_of(variant))
        for unit in units[:kept]:
            if (variant, unit.index) not in scored:
                yield CellScored(cell_of(variant, unit))
                yield SweepTallied(snapshot_of(request, place * len(units) + unit.index + 1))
        yield SpeedMeasured(MeasuredSpeed(variant, 40.0, None))
        yield ModelUnloaded(variant, load_of(variant).unload or UnloadReport(None, None))
    snapshot = snapshot_of(request)
    yield SweepFinished(Sweep(request, ENVIRONMENT, REFERENCE), snapshot)


def told(events: Iterable[SweepEvent]) -> Sweep:
    """What a history must hold after ``events``."""
    started, *rest = events
    assert isinstance(started, SweepStarted)
    sweep = started.resumed or Sweep(started.request, started.environment, started.reference)
    for event in rest:
        match event:
            case ModelLoaded(report=report):
                sweep = replace(sweep, model=report.model, loads=(*sweep.loads, LoadRecord(report)))
            case ModelUnloaded(report=unload):
                sweep = replace(sweep, loads=(*sweep.loads[:-1], replace(sweep.loads[-1], unload=unload)))
            case UnitRead(unit=unit):
                sweep = replace(sweep, units=(*sweep.units, unit))
            case UnitsDropped(kept=kept):
                sweep = replace(sweep, kept_units=kept)
            case CellScored(cell=cell):
                sweep = replace(sweep, cells=(*sweep.cells, cell))
            case SpeedMeasured(speed=speed):
                others = tuple(known for known in sweep.speeds if known.variant != speed.variant)
                sweep = replace(sweep, speeds=(*others, speed))
            case VariantFailed(failure=failure):
                sweep = replace(sweep, failures=(*sweep.failures, failure))
            case SweepTallied(snapshot=snapshot) | SweepFinished(snapshot=snapshot):
                sweep = replace(sweep, notes=snapshot.notes)
    return sweep


def record_sweep(path: Path, events: Iterable[SweepEvent], clock: Any = None, origin: RunOrigin = ORIGIN) -> Sweep:
    """The sweep, written into the history at ``path`` as far as ``events`` go; what must be there then."""
    store = RunStore.open(path, clock) if clock else RunStore.open(path)
    passed = iter(events)
    started = next(passed)
    assert isinstance(started, SweepStarted)
    seen: list[SweepEvent] = [started]
    with closing(SweepRecorder(store, started, origin)) as recorder:
        for event in passed:
            recorder.note(event)
            seen.append(event)
    return told(seen)
