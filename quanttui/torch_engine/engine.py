"""The torch engine, in this process. Importing this imports no torch: the libraries come with the first call."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TYPE_CHECKING

from quanttui.engine.base import LoadedModel
from quanttui.errors import UsageError
from quanttui.records import (
    EncodedText,
    EncodeRequest,
    EngineDescription,
    EngineMemory,
    EstimateRequest,
    LoadProgress,
    LoadRequest,
    MemoryEstimate,
)
from quanttui.torch_engine.libraries import prepare_libraries
from quanttui.torch_engine.operations import Operations

if TYPE_CHECKING:
    from quanttui.torch_engine.encode import Encoder
    from quanttui.torch_engine.estimate import Estimator
    from quanttui.torch_engine.loaded import TorchModel
    from quanttui.torch_engine.opened import OpenedFolder
    from quanttui.torch_engine.reference_side import ReferenceShelf

_GRAPHS = "QUANTTUI_CUDA_GRAPHS"


class TorchEngine:
    """Keeps the contract of ``engine.base.Engine``.

    ``device``: torch's name of one, None for the first GPU or else the CPU. ``threads``: on a CPU, None for as many
    as suit the model. ``graphs``: decode by CUDA graphs where that gives the same tokens; None: as the
    environment says.
    """

    def __init__(self, device: str | None = None, threads: int | None = None, graphs: bool | None = None) -> None:
        self._device_name = device
        self._threads = threads
        self._graphs = os.environ.get(_GRAPHS) == "1" if graphs is None else graphs
        self._operations = Operations()
        self._resident: TorchModel | None = None
        self._description: EngineDescription | None = None
        self._reference_shelf: ReferenceShelf | None = None
        self._opened_folder: OpenedFolder | None = None
        self._estimator: Estimator | None = None
        self._encoder: Encoder | None = None
        self._context_bytes = 0

    def describe(self) -> EngineDescription:
        if self._description is None:
            with self._operations.running():
                return self._warmed_up()
        return self._description

    def _warmed_up(self) -> EngineDescription:
        if self._description is None:
            self._description = self._describe()
        return self._description

    def _describe(self) -> EngineDescription:
        prepare_libraries()
        from quanttui.torch_engine.describe import choose_device, describe_engine
        from quanttui.torch_engine.memory import context_bytes
        from quanttui.torch_engine.threads import SMALL_MODEL_THREADS, use_threads

        device = choose_device(self._device_name)
        use_threads(device, self._threads, parameter_count=0)
        description = describe_engine(device, self._threads or SMALL_MODEL_THREADS)
        self._context_bytes = context_bytes(device)  # warm, and before any model
        return description

    def estimate(self, request: EstimateRequest) -> MemoryEstimate:
        with self._operations.running():
            description = self._warmed_up()
            import torch

            from quanttui.torch_engine.estimate import Estimator

            if self._estimator is None:
                self._estimator = Estimator(torch.device(description.device), self._context_bytes)
            return self._estimator.estimate(request)

    def encode(self, request: EncodeRequest) -> EncodedText:
        with self._operations.running():
            self._warmed_up()
            from quanttui.torch_engine.encode import Encoder

            self._encoder = self._encoder or Encoder()
            return self._encoder.encode(request)

    def load(self, request: LoadRequest) -> Generator[LoadProgress, None, LoadedModel]:
        with self._operations.running() as stop:
            description = self._warmed_up()
            if self._resident is not None:
                raise UsageError(f"{self._resident.report.variant} is still loaded", "Unload it first.")
            import torch

            from quanttui.torch_engine.failures import release_frames
            from quanttui.torch_engine.loaded import TorchModel
            from quanttui.torch_engine.loading import Place, load_model
            from quanttui.torch_engine.memory import release_memory
            from quanttui.torch_engine.opened import OpenedFolder
            from quanttui.torch_engine.reference_side import ReferenceShelf

            self._reference_shelf = self._reference_shelf or ReferenceShelf()
            self._opened_folder = self._opened_folder or OpenedFolder()
            device = torch.device(description.device)
            try:
                loaded = yield from load_model(
                    request, self._opened_folder, Place(device, self._threads, self._graphs), stop
                )
            except BaseException as error:
                release_frames(error)
                release_memory(device)
                raise
            self._resident = TorchModel(
                model=loaded.model,
                tokenizer=loaded.tokenizer,
                report=loaded.report,
                device=device,
                operations=self._operations,
                meter=loaded.meter,
                pages=loaded.pages,
                reference_shelf=self._reference_shelf,
                on_unload=self._forget,
            )
            return self._resident

    def cancel(self) -> None:
        self._operations.cancel()

    def memory(self) -> EngineMemory:
        if self._description is None:  # nothing was imported yet
            return EngineMemory()
        from quanttui.torch_engine.memory import accelerator_memory

        return accelerator_memory()

    def close(self) -> None:
        self._operations.cancel()
        if self._resident is not None:
            self._resident.unload()
        self._opened_folder = None
        if self._reference_shelf is not None:
            from quanttui.torch_engine.templates import RENDERER

            self._reference_shelf.clear()
            RENDERER.close()

    def _forget(self) -> None:
        self._resident = None
