"""``quanttui sweep``: every variant over prompts and text, without a screen. Turns options into a request and the
figures into an exit code."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from quanttui.cli.amounts import duration, nats, size_bytes, speed
from quanttui.cli.arguments import Parser, positive_int, share
from quanttui.cli.gate import say_gate
from quanttui.cli.recording import history_path, sweep_recording_for
from quanttui.cli.sweep_request import read_request
from quanttui.cli.sweep_running import sweep_to_end, tell_sweep_end
from quanttui.errors import MeasurementError, UsageError
from quanttui.records import Sweep, SweepProtocol
from quanttui.records.sweep_events import SweepFailed, SweepFinished
from quanttui.records.sweep_run import CONTINUATION_TOKENS
from quanttui.runs.gate import Limit, LimitCheck
from quanttui.runs.store import RunStore
from quanttui.runs.sweep_gate import check_sweep_limits, parse_sweep_limits
from quanttui.settings import Settings

DESCRIPTION = """\
Measure every variant over prompts and text, and say which one to run: memory against fidelity, with errors.

  quanttui sweep --model demo --variants bf16,int8,nf4 --prompts suite --text notes.txt --budget 20m
"""
_PROTOCOL = SweepProtocol()
_ASKED = ("reference", "variants", "prompts", "text", "budget", "text_tokens", "memory", "least_same_top", "most_kl")


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "--model", default="demo", help="demo, a folder, or a model in the hub cache (id or id@revision)"
    )
    parser.add_argument("--reference", metavar="VARIANT", help="default: the checkpoint's own half-precision type")
    parser.add_argument(
        "--variants", metavar="LIST", help="what to sweep, commas between: bf16,int8,nf4+dq; all: every precision that "
        "fits here; default: int8,nf4,nf4+dq,fp4. The reference is measured whether it is named or not"
    )  # fmt: skip
    _add_sources(parser)
    _add_budget(parser)
    _add_limits(parser)
    parser.add_argument(
        "--fail-if", metavar="LIMIT", action="append", default=[], help="end with code 3 where a figure is past its "
        'limit: "nf4:kl_divergence.mean>0.05", "suite:same_top<0.95", "nf4:code:same_top<0.9" (a category); again for '
        "more"
    )  # fmt: skip
    parser.add_argument(
        "--resume", metavar="RUN", help="go on with a sweep that was stopped or cut off (its id, the beginning of it, "
        "or latest); all else stays as it was asked for"
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress on stderr")
    parser.add_argument("--no-history", action="store_true", help="do not keep this sweep: it cannot be resumed then")
    parser.add_argument(
        "--in-process", action="store_true", default=None, help="run the engine in this process, without a child"
    )


def _add_sources(parser: Parser) -> None:
    group = parser.add_argument_group("what is read (default: the built-in suite of prompts)")
    group.add_argument(
        "--prompts", metavar="SOURCE", help="suite: the built-in prompts, or some of their categories "
        '(suite:code,facts); else a file: one prompt a line, or JSONL ({"prompt": "…", "category": "…"}); '
        "- is standard input. The reference continues each; all variants read that"
    )  # fmt: skip
    group.add_argument(
        "--text", metavar="SOURCE", action="append", default=[], help="running text, read in windows: built-in, a file "
        "or a folder of text files; again for more"
    )  # fmt: skip
    group.add_argument(
        "--context-length", type=positive_int, default=_PROTOCOL.context_length, metavar="N",
        help="of a window, in tokens, "
        "of which the second half is scored (default: %(default)s, or less where the model holds less)"
    )  # fmt: skip
    group.add_argument(
        "--max-new-tokens", type=positive_int, default=CONTINUATION_TOKENS, metavar="N", help="of the "
        "reference's continuation of each prompt (default: %(default)s)"
    )  # fmt: skip
    group.add_argument("--no-chat-template", action="store_true", help="hand the prompts over as they are")


def _add_budget(parser: Parser) -> None:
    group = parser.add_argument_group("how much")
    group.add_argument("--budget", type=duration, metavar="TIME", help="of the whole sweep: 90s, 20m, 1h30m")
    group.add_argument("--text-tokens", type=positive_int, metavar="N", help="score at most so many tokens of text")


def _add_limits(parser: Parser) -> None:
    group = parser.add_argument_group("what the recommended variant has to keep")
    group.add_argument(
        "--memory", type=size_bytes, metavar="SIZE", help="at most so much, at the peak on a GPU, of "
        "weights on a CPU: 12GB, 11.5GiB"
    )  # fmt: skip
    group.add_argument("--least-same-top", type=share, metavar="SHARE", help="the same first choice at least so often")
    group.add_argument("--most-kl", type=nats, metavar="NATS", help="a mean KL divergence of at most so many nats")
    group.add_argument("--least-speed", type=speed, metavar="N", help="tokens per second at least")


def run(arguments: Namespace, settings: Settings) -> int:
    resumed = _stored(arguments, settings)
    request = resumed.request if resumed is not None else read_request(arguments)
    limits = parse_sweep_limits(arguments.fail_if, request)
    record = sweep_recording_for(settings, wanted=not arguments.no_history)
    last, kept = sweep_to_end(request, settings, record, resumed, quiet=arguments.quiet)
    checks, unreadable = _checked(last, limits)
    code = tell_sweep_end(last, json=arguments.json, kept=kept, checks=checks)
    if unreadable is not None:
        raise unreadable
    return code or say_gate(checks)


def _checked(
    last: SweepFinished | SweepFailed, limits: Sequence[Limit]
) -> tuple[list[LimitCheck], MeasurementError | None]:
    """A limit that cannot be read must not pass, and must not keep what was measured from being shown."""
    try:
        return check_sweep_limits(last.snapshot, limits) if isinstance(last, SweepFinished) else [], None
    except MeasurementError as error:
        return [], error


def _stored(arguments: Namespace, settings: Settings) -> Sweep | None:
    """The sweep to go on with, as the history has it."""
    if arguments.resume is None:
        return None
    given = [name for name in _ASKED if getattr(arguments, name)]
    if given or arguments.no_history:
        option = "--" + (given[0] if given else "no_history").replace("_", "-")
        raise UsageError(f"{option} cannot be given to a sweep that goes on", "It stays as it was asked for.")
    with RunStore.open_existing(history_path(settings)) as store:
        return store.read_resumable(store.find(arguments.resume)).sweep
