"""What goes into an engine and what comes out of it. All of it can cross a pipe."""

from __future__ import annotations

from dataclasses import dataclass, field

from quanttui.records.fit import MemoryEstimate
from quanttui.records.generation import GenerationSettings
from quanttui.records.model import ModelIdentity
from quanttui.records.variant import Precision, Variant


@dataclass(frozen=True, slots=True)
class EngineDescription:
    """Where an engine runs and on what.

    ``device`` is torch's name ("cpu", "cuda:0"); ``versions`` maps a package to its version; ``unsupported`` maps a
    precision to the reason why it cannot run here; ``cautions`` maps one that runs to what to know of it (no native
    arithmetic, a slower path).
    """

    device: str
    device_name: str
    process_id: int
    versions: dict[str, str]
    threads: int
    unsupported: dict[str, str] = field(default_factory=dict)
    cautions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """Load the model in the folder ``path`` as ``variant``.

    ``reference_dtype``: the reference's floating type, in which all stays that ``variant`` does not quantize.
    ``most_threads``: on a CPU it computes with no more of them, as other models work beside it; None: no limit.
    ``save_to``: a folder, new or empty, in which the quantized weights are saved on the way, with config and tokenizer.
    """

    model_id: str
    path: str
    variant: Variant
    reference_dtype: Precision
    most_threads: int | None = None
    save_to: str | None = None


@dataclass(frozen=True, slots=True)
class EstimateRequest:
    """What would ``load`` take with a text of ``tokens`` (prompt and output), and, where ``score``, its scoring?

    ``load.path`` needs no more than a config.json in it.
    """

    load: LoadRequest
    tokens: int
    score: bool = True


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """``done`` of ``total`` weights are in place; ``stage`` names what is waited for. ``total`` 0: not known."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class LoadReport:
    """A load that ended well.

    ``options``: every option that was set, as transformers and bitsandbytes name them. ``parameter_bytes``: all that
    the weights occupy before any forward pass, quantization state included, tied weights once. ``notes``: what the
    user should know (settings of the checkpoint that were set aside, layers on another path). ``predicted``: what had
    been foretold before it, None where nobody asked; whoever asked puts it here. ``device_map``: by device, the names
    of the modules that lie there ("model.layers.0–15, model.norm"), where they are not all on ``device``, else empty.
    """

    variant: Variant
    model: ModelIdentity
    device: str
    options: dict[str, str | int | float | bool | list[str] | None]
    load_seconds: float
    parameter_bytes: int
    notes: tuple[str, ...] = ()
    predicted: MemoryEstimate | None = None
    device_map: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnloadReport:
    """After a model is gone. ``peak_bytes``: the highest use above the idle level from load to unload;
    ``residual_bytes``: use now, less the use before the load (what was not given back)."""

    peak_bytes: int | None
    residual_bytes: int | None


@dataclass(frozen=True, slots=True)
class GenerateRequest:
    """Continue ``prompt``. ``forced_token_ids`` are put after it before generation goes on (and are part of the
    context, not of the output). ``keep_states``: remember what ``score`` of this model needs for its noise floor."""

    prompt: str
    settings: GenerationSettings
    forced_token_ids: tuple[int, ...] = ()
    keep_states: bool = False


@dataclass(frozen=True, slots=True)
class EncodeRequest:
    """``text`` by the tokenizer of the model in the folder ``path``: running text, no template, no special tokens."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class EncodedText:
    """``bos_token_id``: what a window of this model begins with, None where its tokenizer puts nothing there.
    ``context_length`` None: no limit is known."""

    token_ids: tuple[int, ...]
    bos_token_id: int | None
    context_length: int | None


@dataclass(frozen=True, slots=True)
class PromptEncoded:
    """The prompt as tokens, template and BOS included; the first forward pass comes next."""

    token_ids: tuple[int, ...]
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """Score ``token_ids`` (prompt + continuation), of which those from ``first_scored`` on count.

    A model loaded as reference keeps its side in the engine under ``text_id``; a candidate is compared with it.
    ``release``: forget the reference's side afterwards. ``side_path``: the file in which the reference's side is kept
    instead, for other processes and later sweeps: a reference writes it, whole or not at all; a candidate reads it.
    ``keep_head``: put the reference's output head beside it too, for candidates whose head may be another (a quantized
    head, another dtype). ``as_columns``: answer with ``Score.columns`` in place of ``Score.tokens``.
    ``replay_tokens``: of a text that a half-precision reference did not generate, so many are decoded one by one, to
    measure its noise.
    """

    text_id: str
    token_ids: tuple[int, ...]
    first_scored: int
    is_reference: bool
    top_k: int = 8
    release: bool = False
    side_path: str | None = None
    keep_head: bool = False
    as_columns: bool = False
    replay_tokens: int = 128


@dataclass(frozen=True, slots=True)
class ScoreProgress:
    done_tokens: int
    total_tokens: int
