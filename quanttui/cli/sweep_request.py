"""The request that the options of ``quanttui sweep`` make. Raises UsageError for what can be known to be wrong before
any load; knows no engine."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from quanttui.cli.prompts import STDIN, read_source
from quanttui.errors import UsageError
from quanttui.models.catalog import resolve_model
from quanttui.records import (
    EvaluationText,
    GenerationSettings,
    SuitePrompt,
    SweepBudget,
    SweepLimits,
    SweepProtocol,
    SweepRequest,
    Variant,
)
from quanttui.runs.identity import new_run_id
from quanttui.suite.built_in import built_in_text
from quanttui.suite.sources import BUILT_IN, SUITE, prompts_named
from quanttui.suite.text_files import read_texts
from quanttui.variants import default_candidates, parse_variant

ALL = "all"
DEFAULT_VARIANTS = "int8,nf4,nf4+dq,fp4"
_FEWEST_WINDOW_TOKENS = 4


def read_request(arguments: Namespace) -> SweepRequest:
    """``candidates``: the variants as they were named, the reference perhaps among them; empty for ``all``."""
    if arguments.context_length < _FEWEST_WINDOW_TOKENS:
        raise UsageError("--context-length is too short for a window", f"Give {_FEWEST_WINDOW_TOKENS} or more.")
    model = resolve_model(arguments.model)
    prompts, texts = _prompts(arguments), _texts(arguments.text)
    return SweepRequest(
        run_id=new_run_id(),
        model=model,
        reference=parse_variant(arguments.reference) if arguments.reference else None,
        candidates=_variants(arguments.variants, model.prequantized),
        prompts=prompts,
        texts=texts,
        generation=GenerationSettings(arguments.max_new_tokens, chat_template=not arguments.no_chat_template),
        protocol=SweepProtocol(arguments.context_length),
        budget=SweepBudget(arguments.budget, arguments.text_tokens),
        limits=_limits(arguments),
        prompts_from=_prompts_source(arguments),
        texts_from=tuple(arguments.text),
    )


def candidates_of(named: Sequence[Variant], reference: Variant) -> tuple[Variant, ...]:
    """What is compared with ``reference``. Raises UsageError where nothing is."""
    candidates = tuple(variant for variant in named if variant != reference)
    if not candidates:
        raise UsageError(
            f"there is no variant to compare with the reference {reference}",
            "Name others with --variants, such as int8,nf4, or another --reference.",
        )
    return candidates


def _variants(words: str | None, prequantized: str | None) -> tuple[Variant, ...]:
    if words is None and prequantized is not None:
        return default_candidates(prequantized)
    words = DEFAULT_VARIANTS if words is None else words
    if words.strip() == ALL:
        return ()
    named = tuple(parse_variant(word.strip()) for word in words.split(","))
    for variant in named:
        if named.count(variant) > 1:
            raise UsageError(f"{variant} is named twice", "Name every variant once.")
    return named


def _prompts(arguments: Namespace) -> tuple[SuitePrompt, ...]:
    if arguments.prompts is None:
        return () if arguments.text else prompts_named(SUITE)
    return read_source(os.path.expanduser(arguments.prompts))


def _prompts_source(arguments: Namespace) -> str:
    """ "" where there are none, or where nobody can give them again."""
    if arguments.prompts is None:
        return "" if arguments.text else SUITE
    return "" if arguments.prompts == STDIN else str(arguments.prompts)


def _texts(sources: Sequence[str]) -> tuple[EvaluationText, ...]:
    """A file called ``built-in`` is written ``./built-in``."""
    texts = [text for source in sources for text in _text(source)]
    names = [text.name for text in texts]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"the text {name!r} is given twice", "Give every text once.")
    return tuple(texts)


def _text(source: str) -> tuple[EvaluationText, ...]:
    return (built_in_text(),) if source == BUILT_IN else read_texts(Path(os.path.expanduser(source)))


def _limits(arguments: Namespace) -> SweepLimits:
    return SweepLimits(
        memory_bytes=arguments.memory,
        least_same_top=arguments.least_same_top,
        most_kl_nats=arguments.most_kl,
        least_tokens_per_second=arguments.least_speed,
    )
