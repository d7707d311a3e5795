"""Reads a checkpoint into a model: progress by weights, cancelled between two of them, refused where one is missing."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from transformers import AutoModelForCausalLM
from transformers.utils import logging as transformers_logging

from quanttui.errors import LoadError, OutOfMemoryError
from quanttui.records import LoadProgress
from quanttui.torch_engine.blueprint import Blueprint
from quanttui.torch_engine.cpu_kernels import fast_quantizing
from quanttui.torch_engine.failures import as_user_error, reason_of, release_frames
from quanttui.torch_engine.loaded_checks import (
    refuse_broken_state,
    refuse_incomplete,
    refuse_misshapen,
    refuse_not_finite,
)
from quanttui.torch_engine.mapped_pages import MappedPages, pages_of
from quanttui.torch_engine.operations import raise_if_stopped
from quanttui.torch_engine.placement import DeviceMap
from quanttui.torch_engine.quantize import LoadPlan
from quanttui.torch_engine.stored import dequantized
from quanttui.torch_engine.weight_files import AGAIN

WEIGHTS_STAGE = "loading weights"

Report = Callable[[LoadProgress], None]


@dataclass(frozen=True)
class Read:
    """A model with its weights, and the names of the tensors in its files that it has no use for."""

    model: Any
    unused: list[str]

    @property
    def notes(self) -> list[str]:
        return [f"{len(self.unused)} tensors in the files are not used, first {self.unused[0]}"] if self.unused else []


def read_weights(
    blueprint: Blueprint, plan: LoadPlan, device_map: DeviceMap, stop: threading.Event, doing: str
) -> Generator[LoadProgress, None, Read]:
    """Load in a thread of its own, so that this generator can tell how far it is. After an error nothing is left."""
    progress: queue.SimpleQueue[LoadProgress | None] = queue.SimpleQueue()
    future: Future[Read]
    with ThreadPoolExecutor(1, "load") as executor:
        future = executor.submit(_from_pretrained, blueprint, plan, device_map, stop, progress.put)
        future.add_done_callback(lambda _: progress.put(None))
        try:
            while (event := progress.get()) is not None:
                yield event
        except GeneratorExit:
            stop.set()
            raise
    problem = _problem(future, doing)
    if problem is not None:
        raise problem
    return future.result()


def _problem(future: Future[Read], doing: str) -> BaseException | None:
    error = future.exception()
    if error is None:
        return None
    release_frames(error)
    told = as_user_error(error, doing) or _no_room(error, doing)
    if told is None and isinstance(error, (OSError, ValueError, RuntimeError)):
        told = LoadError(f"the weights cannot be read: {_reason(error)}", AGAIN)
    return told or error


def _no_room(error: BaseException, doing: str) -> OutOfMemoryError | None:
    """accelerate would have to offload: bitsandbytes' layers cannot be, and nothing goes to disk here."""
    if isinstance(error, ValueError) and _has_offload_words(str(error)):
        return OutOfMemoryError(
            f"out of memory while {doing}: the GPUs have no room for it, and it cannot lie in the host's memory",
            "Choose a smaller model or variant; free the memory that others use.",
        )
    return None


def _has_offload_words(text: str) -> bool:
    return "dispatched on the CPU or the disk" in text or "offload_folder" in text or "offload the whole model" in text


def _reason(error: Exception) -> str:
    if "ignore_mismatched_sizes" in str(error):
        return "a tensor has another shape than config.json says"
    return reason_of(error)


def _from_pretrained(
    blueprint: Blueprint, plan: LoadPlan, device_map: DeviceMap, stop: threading.Event, report: Report
) -> Read:
    with _progress_hook(stop, report, pages_of(blueprint.checkpoint)), fast_quantizing():
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            str(blueprint.checkpoint.folder),
            config=blueprint.config,
            dtype=plan.dtype,
            quantization_config=plan.quantization_config(),
            device_map=device_map,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
        )
    raise_if_stopped(stop)
    model, info = loaded
    refuse_incomplete(blueprint, info)
    refuse_broken_state(blueprint, model)
    model = dequantized(blueprint.checkpoint, model, plan)
    refuse_misshapen(blueprint, model)
    refuse_not_finite(blueprint, model)
    return Read(model.eval().requires_grad_(False), sorted(str(key) for key in info["unexpected_keys"]))


class _progress_hook:
    """While it is entered, transformers' progress bars report to ``report`` and raise once ``stop`` is set; after some
    weights the process lets go of the ``pages`` that they were read from."""

    def __init__(self, stop: threading.Event, report: Report, pages: MappedPages) -> None:
        self.stop = stop
        self.report = report
        self.pages = pages

    def __enter__(self) -> None:
        self.previous = transformers_logging.set_tqdm_hook(self._bar)

    def __exit__(self, *_: object) -> None:
        transformers_logging.set_tqdm_hook(self.previous)

    def _bar(self, factory: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        raise_if_stopped(self.stop)
        if kwargs.get("desc") == "Loading weights" and args:
            return self._counted(args[0])
        return factory(*args, **{**kwargs, "disable": True})

    def _counted(self, weights: Collection[Any]) -> Iterator[Any]:
        steps = self.pages.steps_between_drops(len(weights))
        for done, weight in enumerate(weights):
            raise_if_stopped(self.stop)
            self.report(LoadProgress(WEIGHTS_STAGE, done, len(weights)))
            yield weight
            if (done + 1) % steps == 0:
                self.pages.drop()
        self.pages.drop()
        self.report(LoadProgress(WEIGHTS_STAGE, len(weights), len(weights)))
