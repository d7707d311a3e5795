"""A sweep as it is asked for and as it goes: its units, its cells, and what is known of it at any moment.

A unit is one text that every variant reads: a window of running text, or a prompt with the reference's continuation.
A cell is one unit scored by one candidate. Units have one order, which mixes parts and categories, and every variant
goes through them in it: what has been scored so far is a beginning of that order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from quanttui.records.divergence import NoiseFloor, TokenColumns
from quanttui.records.engine import EngineDescription
from quanttui.records.generation import GenerationSettings
from quanttui.records.model import ModelEntry, ModelIdentity
from quanttui.records.run import LoadRecord
from quanttui.records.suite import EvaluationText, SuitePrompt
from quanttui.records.sweep import SweepLimits, SweepPart, SweepResult
from quanttui.records.variant import Variant

CONTINUATION_TOKENS = 64
"""How far the reference continues a prompt unless told otherwise."""


@dataclass(frozen=True, slots=True)
class SweepBudget:
    """Where a sweep ends early; None: it does not. ``seconds``: of the whole sweep, loads included; units are dropped
    from the end of their order, for all variants alike. ``text_tokens``: scored tokens of running text."""

    seconds: float | None = None
    text_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class SweepProtocol:
    """How text is read: windows of ``context_length`` tokens (less where the model holds less), each beginning with
    BOS where the model has one, of which the second half is scored. ``speed_tokens``: decoded for the speed of a
    variant, over ``speed_prompts`` prompts; 0: no speed is measured."""

    context_length: int = 512
    speed_prompts: int = 4
    speed_tokens: int = 32


@dataclass(frozen=True, slots=True)
class SweepRequest:
    """What to sweep. ``reference`` None: the checkpoint's own half-precision type. ``prompts`` or ``texts`` may be
    empty, not both. ``generation``: how the reference continues a prompt (greedy). ``prompts_from``, ``texts_from``:
    the sources as ``quanttui sweep`` can be given them again ("suite:code", a file), "" and () where it cannot."""

    run_id: str
    model: ModelEntry
    reference: Variant | None
    candidates: tuple[Variant, ...]
    prompts: tuple[SuitePrompt, ...] = ()
    texts: tuple[EvaluationText, ...] = ()
    generation: GenerationSettings = field(default_factory=lambda: GenerationSettings(CONTINUATION_TOKENS))
    protocol: SweepProtocol = field(default_factory=SweepProtocol)
    budget: SweepBudget = field(default_factory=SweepBudget)
    limits: SweepLimits = field(default_factory=SweepLimits)
    prompts_from: str = ""
    texts_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SweepUnit:
    """``index``: its place in the order. ``name``: of the prompt, or of the text and its window. ``category``: of a
    prompt, "" for text. ``token_ids`` and ``first_scored``: what is read, and from where on it counts. ``from_cache``:
    the reference's side of it was there already."""

    index: int
    part: SweepPart
    name: str
    category: str
    token_ids: tuple[int, ...]
    first_scored: int
    from_cache: bool = False


@dataclass(frozen=True, slots=True)
class SweepCell:
    """One unit scored by one candidate. ``windows`` as in ``Score``: tokens that each forward pass scored."""

    variant: Variant
    unit: int
    columns: TokenColumns
    noise_floor: NoiseFloor
    seconds: float
    windows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasuredSpeed:
    """Decode tokens per second of one variant, the mean over prompts; the error None below two prompts.
    ``measured_on``: the day of the earlier sweep that it is from ("2026-11-21"), "" for this one."""

    variant: Variant
    tokens_per_second: float
    standard_error: float | None
    measured_on: str = ""


@dataclass(frozen=True, slots=True)
class VariantFailure:
    """A variant that ended early (out of memory, a crash), with ``QuantTuiError``'s message and hint, raw."""

    variant: Variant
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """All that a sweep has measured so far, as the history keeps it. ``units``: those the reference has read.
    ``kept_units``: how many of them count, where the time was too short for all. ``notes``: on what the figures depend.
    ``failure``: why it ended early, where it did."""

    request: SweepRequest
    environment: EngineDescription
    reference: Variant
    model: ModelIdentity | None = None
    units: tuple[SweepUnit, ...] = ()
    loads: tuple[LoadRecord, ...] = ()
    cells: tuple[SweepCell, ...] = ()
    speeds: tuple[MeasuredSpeed, ...] = ()
    failures: tuple[VariantFailure, ...] = ()
    kept_units: int | None = None
    notes: tuple[str, ...] = ()
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class VariantProgress:
    """``done`` of ``total`` units were read by a variant (by the reference: read or found in the cache)."""

    variant: Variant
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class SweepProgress:
    """``cells``: reference's readings count as cells. ``tokens``: scored ones. ``stage``: what goes on now, in words,
    "" when nothing does; ``variant``: which model it is done with. ``remaining_seconds`` None: not known yet."""

    stage: str
    variant: Variant | None
    cells_done: int
    cells_total: int
    tokens_done: int
    tokens_total: int
    elapsed_seconds: float
    remaining_seconds: float | None
    by_variant: tuple[VariantProgress, ...]


@dataclass(frozen=True, slots=True)
class UnitsRead:
    """How much of what was asked for counts: prompts and their categories, and windows of text. ``time_was_short``: for
    all of it."""

    prompts: int
    categories: int
    windows: int
    time_was_short: bool = False


@dataclass(frozen=True, slots=True)
class SweepSnapshot:
    """A sweep as it is shown at one moment: what screen, command and export paint. Holds no cell. ``read`` None: not
    known."""

    request: SweepRequest
    environment: EngineDescription
    result: SweepResult
    progress: SweepProgress
    loads: tuple[LoadRecord, ...] = ()
    notes: tuple[str, ...] = ()
    failure: str | None = None
    read: UnitsRead | None = None
