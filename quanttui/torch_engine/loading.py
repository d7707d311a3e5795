"""One load from start to end: check, read, settle, measure, warm up. Joins the other files of this room."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import torch

from quanttui.records import LoadProgress, LoadReport, LoadRequest
from quanttui.torch_engine.blueprint import Blueprint, check_variant, draw_blueprint, modules_left_alone
from quanttui.torch_engine.checkpoint import open_checkpoint
from quanttui.torch_engine.decoder import Decoder
from quanttui.torch_engine.failures import translated
from quanttui.torch_engine.layers import quantize_tied_head, settle_4bit_paths
from quanttui.torch_engine.load import read_weights
from quanttui.torch_engine.memory import MemoryMeter, parameter_bytes, release_memory
from quanttui.torch_engine.operations import raise_if_stopped
from quanttui.torch_engine.quantize import plan_load
from quanttui.torch_engine.settings_notes import settings_set_aside
from quanttui.torch_engine.threads import use_threads
from quanttui.torch_engine.tokens import has_chat_template, open_tokenizer


@dataclass
class Loaded:
    """What a load leaves behind."""

    model: Any
    tokenizer: Any
    report: LoadReport
    meter: MemoryMeter


def load_model(
    request: LoadRequest, device: torch.device, threads: int | None, stop: threading.Event
) -> Generator[LoadProgress, None, Loaded]:
    """Follows the contract of ``Engine.load``. ``load_seconds`` covers all but the warm-up."""
    started = time.perf_counter()
    doing = f"loading {request.variant}"
    yield LoadProgress("checking files", 0, 0)
    blueprint = draw_blueprint(open_checkpoint(request.path))
    check_variant(blueprint, request.variant)
    tokenizer = open_tokenizer(blueprint.checkpoint.folder)
    notes = use_threads(device, threads, blueprint.parameter_count)
    release_memory(device)
    meter = MemoryMeter(device)
    plan = plan_load(request.variant, request.reference_dtype, modules_left_alone(blueprint, request.variant))
    raise_if_stopped(stop)
    model = yield from read_weights(blueprint, plan, device, stop, doing)
    with translated(doing):
        notes += _settle(blueprint, request, model, plan, device)
    report = LoadReport(
        variant=request.variant,
        model=blueprint.identity(request.model_id, has_chat_template=has_chat_template(tokenizer)),
        device=str(device),
        options=plan.reported_options(),
        load_seconds=time.perf_counter() - started,
        parameter_bytes=parameter_bytes(model),
        notes=(*notes, *settings_set_aside(model.generation_config)),
    )
    yield LoadProgress("warming up", 0, 0)
    with translated(doing):
        raise_if_stopped(stop)
        _warm_up(model)
    return Loaded(model, tokenizer, report, meter)


def _settle(blueprint: Blueprint, request: LoadRequest, model: Any, plan: Any, device: torch.device) -> list[str]:
    notes = []
    if request.variant.head and blueprint.has_tied_head:
        notes += quantize_tied_head(model, request.variant, plan, str(blueprint.head_name))
    return notes + settle_4bit_paths(model, device)


def _warm_up(model: Any) -> None:
    """A prefill and a decode step, so that the first figures are no worse than the later ones."""
    decoder = Decoder(model)
    decoder.feed([0, 0])
    decoder.feed([0])
