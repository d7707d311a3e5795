"""``quanttui compare``: one run without a screen. Turns options into a request and limits into an exit code."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from quanttui.cli.arguments import Parser, count, positive_int, seed, share, temperature
from quanttui.cli.gate import say_gate
from quanttui.cli.prompts import gather_prompts
from quanttui.cli.recording import recording_for
from quanttui.cli.running import run_to_end, tell_end
from quanttui.errors import UsageError
from quanttui.models.catalog import resolve_model
from quanttui.records import GenerationSettings, ModelEntry, Plan, RunRequest, Variant
from quanttui.records.events import RunFinished
from quanttui.runs.gate import Limit, check_limits, gate_document, parse_limit
from quanttui.runs.identity import new_run_id
from quanttui.settings import Settings
from quanttui.variants import default_candidates, parse_variant

DESCRIPTION = """\
Run prompts through a reference and its quantized candidates, and measure how far apart they are.

  quanttui compare --candidate int8 --candidate nf4 --prompt "Once upon a time"
"""
_DEFAULTS = GenerationSettings()
_SAMPLING = ("temperature", "top_p", "top_k", "seed")


def add_arguments(parser: Parser) -> None:
    parser.add_argument(
        "--model", default="demo", help="demo, a folder, or a model in the hub cache (id or id@revision)"
    )
    parser.add_argument("--reference", metavar="VARIANT", help="default: the checkpoint's own half-precision type")
    parser.add_argument(
        "--candidate", metavar="VARIANT", action="append", help="fp32 bf16 fp16 int8 nf4 fp4, options after a plus "
        "(nf4+dq, int8+threshold=0); again for more; default: int8 and nf4, or "
        "what a model that was saved quantized is"
    )  # fmt: skip
    parser.add_argument("--prompt", metavar="TEXT", action="append", help="what to continue; again for more")
    parser.add_argument(
        "--prompts", "--prompts-file", dest="prompts_source", metavar="SOURCE", help="suite: the built-in prompts, or "
        "some of their categories (suite:code,facts); else a file (./suite if it is called so): one prompt a line, or "
        'JSONL ({"prompt": "…"}, with "category" and "id" where wanted); - is standard input'
    )  # fmt: skip
    parser.add_argument(
        "--plan", choices=[plan.value for plan in Plan], help="one model at a time (sequential), or several side by "
        "side: faster, in more memory, with speeds that share the machine; auto: where they hardly would; default: "
        "sequential"
    )  # fmt: skip
    _add_generation(parser)
    parser.add_argument("--no-score", action="store_true", help="compare the texts only, measure no divergence")
    parser.add_argument(
        "--fail-if", metavar="LIMIT", action="append", default=[], help='end with code 3 where a pooled figure is past '
        'its limit: "kl_divergence.mean>0.05", "same_top<0.95", "nf4:flips.real>3"; again for more'
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--per-token", action="store_true", help="with --json: every scored token too")
    parser.add_argument("-v", "--verbose", action="store_true", help="also the options of every load (--json has them)")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress on stderr")
    parser.add_argument("--no-history", action="store_true", help="do not keep this run (quanttui history --help)")
    parser.add_argument(
        "--in-process", action="store_true", default=None, help="run the engine in this process, without a child"
    )


def _add_generation(parser: Parser) -> None:
    group = parser.add_argument_group("generation (greedy unless --do-sample)")
    group.add_argument("--max-new-tokens", type=positive_int, default=_DEFAULTS.max_new_tokens, metavar="N")
    group.add_argument("--do-sample", action="store_true", help="sample; the same seed gives the same tokens")
    group.add_argument("--temperature", type=temperature, metavar="T")
    group.add_argument("--top-p", type=share, metavar="P")
    group.add_argument("--top-k", type=count, metavar="K", help="0: off")
    group.add_argument("--seed", type=seed, metavar="S")
    group.add_argument("--no-chat-template", action="store_true", help="hand the prompt over as it is")
    group.add_argument("--system-prompt", metavar="TEXT", help="for models with a chat template")


def run(arguments: Namespace, settings: Settings) -> int:
    request = replace(read_request(arguments), plan=Plan(settings.plan))
    limits = read_limits(arguments, request.candidates)
    record = recording_for(settings, wanted=not arguments.no_history)
    last = run_to_end(request, settings, record, quiet=arguments.quiet)
    checks = check_limits(last.run, limits) if isinstance(last, RunFinished) else []
    added = {"gate": gate_document(checks)} if checks else {}
    code = tell_end(last, json=arguments.json, per_token=arguments.per_token, verbose=arguments.verbose, added=added)
    return code or say_gate(checks)


def read_request(arguments: Namespace) -> RunRequest:
    """The request that the options make. Raises UsageError for what can be known to be wrong before any load."""
    if arguments.per_token and (arguments.no_score or not arguments.json):
        raise UsageError("--per-token adds the scored tokens to the JSON document", "Give --json, and not --no-score.")
    model = resolve_model(arguments.model)
    candidates = _candidates(arguments, model)
    reference = parse_variant(arguments.reference) if arguments.reference else None
    _refuse_twice(candidates)
    generation = _generation(arguments)
    prompts = gather_prompts(arguments.prompt or (), arguments.prompts_source)
    return RunRequest(new_run_id(), model, reference, candidates, prompts, generation, score=not arguments.no_score)


def _candidates(arguments: Namespace, model: ModelEntry) -> tuple[Variant, ...]:
    if arguments.candidate:
        return tuple(parse_variant(text) for text in arguments.candidate)
    return default_candidates(model.prequantized)


def read_limits(arguments: Namespace, candidates: tuple[Variant, ...]) -> list[Limit]:
    """The limits of ``--fail-if``. Raises UsageError before anything runs."""
    limits = [parse_limit(text) for text in arguments.fail_if]
    if limits and arguments.no_score:
        raise UsageError("--fail-if reads what --no-score does not measure", "Give one of the two.")
    for limit in limits:
        if limit.variant is not None and limit.variant not in candidates:
            known = ", ".join(map(str, candidates))
            raise UsageError(f"the limit {limit.text!r} names no candidate", f"Candidates: {known}")
    return limits


def _generation(arguments: Namespace) -> GenerationSettings:
    given = {name: value for name in _SAMPLING if (value := getattr(arguments, name)) is not None}
    idle = [name for name in given if name != "seed"]  # a script that always names its seed is right
    if idle and not arguments.do_sample:
        option = "--" + idle[0].replace("_", "-")
        raise UsageError(f"{option} has no effect on greedy generation", f"Add --do-sample, or leave {option} out.")
    if arguments.system_prompt is not None and arguments.no_chat_template:
        raise UsageError("a system prompt is a part of the chat template", "Leave --no-chat-template out.")
    return GenerationSettings(
        max_new_tokens=arguments.max_new_tokens,
        do_sample=arguments.do_sample,
        chat_template=not arguments.no_chat_template,
        system_prompt=arguments.system_prompt,
        **given,
    )


def _refuse_twice(candidates: tuple[Variant, ...]) -> None:
    for candidate in candidates:
        if candidates.count(candidate) > 1:
            raise UsageError(f"{candidate} is a candidate twice", "Give every candidate once.")
