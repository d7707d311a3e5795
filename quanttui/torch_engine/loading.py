"""One load from start to end: check, read, settle, measure, warm up. Joins the other files of this room."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from quanttui.errors import VariantUnsupportedError
from quanttui.records import LoadProgress, LoadReport, LoadRequest
from quanttui.torch_engine.blueprint import Blueprint, check_variant
from quanttui.torch_engine.cpu_packing import pack_4bit_weights
from quanttui.torch_engine.decoder import warm_up
from quanttui.torch_engine.failures import as_user_error, release_frames, translated
from quanttui.torch_engine.generate import eos_token_ids
from quanttui.torch_engine.layers import quantize_tied_head, settle_4bit_paths
from quanttui.torch_engine.load import read_weights
from quanttui.torch_engine.mapped_pages import MappedPages, pages_of
from quanttui.torch_engine.memory import MemoryMeter, trim_memory, weights_placed_apart
from quanttui.torch_engine.opened import OpenedFolder
from quanttui.torch_engine.operations import raise_if_stopped
from quanttui.torch_engine.placement import DeviceMap, choose_device_map, free_gpu_bytes, spread_notes, spread_of
from quanttui.torch_engine.planned import plan_weights
from quanttui.torch_engine.quantize import LoadPlan
from quanttui.torch_engine.save import check_can_be_saved, save_quantized
from quanttui.torch_engine.settings_notes import settings_set_aside
from quanttui.torch_engine.stored import check_stored_variant, plan_request, stored_notes
from quanttui.torch_engine.templates import RENDERER
from quanttui.torch_engine.threads import use_threads
from quanttui.torch_engine.tokens import has_chat_template
from quanttui.torch_engine.weights import parameter_bytes


@dataclass(frozen=True)
class Place:
    """Where a model goes. ``threads`` None: as many as suit it. ``graphs``: try to decode by CUDA graphs."""

    device: torch.device
    threads: int | None
    graphs: bool = False


@dataclass(frozen=True)
class Loaded:
    """What a load leaves behind."""

    model: Any
    tokenizer: Any
    report: LoadReport
    meter: MemoryMeter
    pages: MappedPages


def load_model(
    request: LoadRequest, folder: OpenedFolder, place: Place, stop: threading.Event
) -> Generator[LoadProgress, None, Loaded]:
    """Follows the contract of ``Engine.load``. ``load_seconds`` covers all but the warm-up."""
    started = time.perf_counter()
    yield LoadProgress("checking files", 0, 0)
    job = _check(request, folder, place)
    raise_if_stopped(stop)
    trim_memory(place.device)
    pages = pages_of(job.blueprint.checkpoint)
    meter = MemoryMeter(place.device)
    with weights_placed_apart():
        read = yield from read_weights(job.blueprint, job.plan, job.device_map, stop, job.doing)
        with translated(job.doing):
            notes = (*job.notes, *read.notes, *_settle(job, read.model, place.device))
        report = _report(job, read.model, place.device, notes, time.perf_counter() - started)
        if request.save_to is not None:
            yield LoadProgress("saving", 0, 0)
            save_quantized(read.model, job.tokenizer, Path(request.save_to))
        yield LoadProgress("warming up", 0, 0)
        raise_if_stopped(stop)
        pack_4bit_weights(read.model)
        told = _warm_up(read.model, job, graphs=place.graphs)
        report = replace(report, notes=(*report.notes, *told))
    return Loaded(read.model, job.tokenizer, report, meter, pages)


@dataclass(frozen=True)
class _Job:
    """A request that was found possible, before any weight is read."""

    request: LoadRequest
    blueprint: Blueprint
    tokenizer: Any
    plan: LoadPlan
    notes: list[str]
    device_map: DeviceMap

    @property
    def doing(self) -> str:
        return f"loading {self.request.variant}"


def _check(request: LoadRequest, folder: OpenedFolder, place: Place) -> _Job:
    opened = folder.open(request.path)
    blueprint, tokenizer, notes = opened.blueprint, opened.tokenizer, [*opened.notes]
    check_stored_variant(blueprint.checkpoint, request.variant)
    check_variant(blueprint, request.variant)
    if has_chat_template(tokenizer):
        RENDERER.warm_up()
    if request.save_to is not None:
        check_can_be_saved(blueprint, request.variant, Path(request.save_to))
    plan = plan_request(request, blueprint)
    notes += stored_notes(blueprint.checkpoint, request.variant)
    notes += use_threads(place.device, place.threads, blueprint.parameter_count, request.most_threads)
    return _Job(request, blueprint, tokenizer, plan, notes, _device_map(request, blueprint, place.device))


def _device_map(request: LoadRequest, blueprint: Blueprint, device: torch.device) -> DeviceMap:
    if device.type != "cuda":
        return {"": str(device)}
    weights = plan_weights(blueprint.checkpoint, request)
    return choose_device_map(device, weights.parameter_bytes, free_gpu_bytes(device))


def _settle(job: _Job, model: Any, device: torch.device) -> list[str]:
    """What is left to do once the weights are there."""
    variant, blueprint = job.request.variant, job.blueprint
    notes: list[str] = []
    eos_token_ids(model)  # refused here, not at the first prompt
    if variant.head and blueprint.has_tied_head:
        notes += quantize_tied_head(model, variant, job.plan, str(blueprint.head_name))
    notes += spread_notes(model, blueprint.model, job.plan.dtype)
    return notes + settle_4bit_paths(model, device)


def _report(job: _Job, model: Any, device: torch.device, notes: tuple[str, ...], seconds: float) -> LoadReport:
    has_template = has_chat_template(job.tokenizer)
    return LoadReport(
        variant=job.request.variant,
        model=job.blueprint.identity(job.request.model_id, has_chat_template=has_template),
        device=str(device),
        options=job.plan.reported_options(),
        load_seconds=seconds,
        parameter_bytes=parameter_bytes(model),
        notes=(*notes, *settings_set_aside(model.generation_config)),
        device_map=spread_of(model),
    )


def _warm_up(model: Any, job: _Job, *, graphs: bool) -> tuple[str, ...]:
    """Some architectures (Mamba) multiply with a layer's weight by hand, which a quantized one does not bear."""
    variant = job.request.variant
    try:
        return warm_up(model, graphs=graphs)
    except (RuntimeError, MemoryError, TypeError, AttributeError, AssertionError) as error:
        told = as_user_error(error, f"warming up {variant}")
        if told is None and not variant.precision.is_quantized:
            raise
        problem = told or VariantUnsupportedError(
            f"{type(model).__name__} does not run as {variant}: {error}", "Choose another variant."
        )
        release_frames(error)
    raise problem
