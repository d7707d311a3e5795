"""Chooses the next token from raw logits, and reads it off the device. Knows settings and a seed; knows no model."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from transformers.generation.logits_process import (
    LogitsProcessorList,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from quanttui.errors import MeasurementError, UsageError
from quanttui.records import GenerationSettings

Chooser = Callable[[torch.Tensor], torch.Tensor]
"""From logits [vocabulary] to the token's id [1], both on the model's device; any id where a logit is no number."""


def make_chooser(settings: GenerationSettings, device: torch.device) -> Chooser:
    """Greedy, or sampling as ``generate(do_sample=True)`` samples after ``set_seed(seed)``."""
    check_settings(settings)
    if not settings.do_sample:
        return lambda logits: logits.argmax(dim=-1, keepdim=True)
    warpers = _warpers(settings)
    no_ids = torch.LongTensor()  # none of these warpers reads them
    generator = torch.Generator(device).manual_seed(settings.seed)

    def sample(logits: torch.Tensor) -> torch.Tensor:
        scores = warpers(no_ids, logits[None])  # [1, vocabulary]
        probabilities = torch.softmax(scores, dim=-1).nan_to_num(nan=1.0)  # multinomial of NaN would fault a GPU
        return torch.multinomial(probabilities, num_samples=1, generator=generator)[0]

    return sample


def check_settings(settings: GenerationSettings) -> None:
    if settings.max_new_tokens < 1:
        raise UsageError(f"max_new_tokens {settings.max_new_tokens} makes no text", "Give 1 or more.")
    if not settings.do_sample:
        return
    if not settings.temperature > 0 or settings.temperature == float("inf"):
        raise UsageError(f"temperature {settings.temperature} cannot be sampled with", "Give a number above 0.")
    if not 0 < settings.top_p <= 1:
        raise UsageError(f"top_p {settings.top_p} is no share", "Give a number above 0, at most 1 (1: off).")
    if settings.top_k < 0:
        raise UsageError(f"top_k {settings.top_k} is no number of tokens", "Give 0 (off) or more.")
    if not -(2**63) <= settings.seed < 2**64:
        raise UsageError(f"seed {settings.seed} does not fit 64 bits", "Give a smaller number.")


def read_choice(choose: Chooser, logits: torch.Tensor) -> tuple[int, float]:
    """The next token and the model's own probability of it, in one transfer: on a GPU each is a wait for the device.

    Raises MeasurementError where a logit is NaN or infinite.
    """
    chosen = choose(logits)
    probability = torch.softmax(logits, dim=-1).gather(0, chosen)
    lowest, highest = torch.aminmax(logits)  # both NaN where one logit is
    told = torch.stack((chosen[0].double(), probability[0].double(), lowest.double(), highest.double()))
    token_id, share, *ends = told.tolist()
    if not all(map(math.isfinite, ends)):
        raise MeasurementError(
            "the model gave NaN or infinite logits: what it would choose means nothing",
            "Try another variant; fp16 overflows in models trained in bf16, bf16 and fp32 do not.",
        )
    return int(token_id), share


def _warpers(settings: GenerationSettings) -> LogitsProcessorList:
    """In the order in which ``generate`` applies them."""
    warpers = LogitsProcessorList()
    if settings.temperature != 1.0:
        warpers.append(TemperatureLogitsWarper(settings.temperature))
    if settings.top_k:
        warpers.append(TopKLogitsWarper(settings.top_k))
    if settings.top_p < 1.0:
        warpers.append(TopPLogitsWarper(settings.top_p))
    return warpers
