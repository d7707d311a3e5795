"""One engine for the whole session: the libraries are imported and warmed up once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from driving import LoadModel, load
from small_models import llama, save_model

from quanttui.torch_engine.engine import TorchEngine
from quanttui.torch_engine.loaded import TorchModel


@pytest.fixture(scope="session")
def shared_engine() -> Iterator[TorchEngine]:
    engine = TorchEngine()
    engine.describe()
    yield engine
    engine.close()


@pytest.fixture
def torch_engine(shared_engine: TorchEngine) -> Iterator[TorchEngine]:
    """The session's engine, empty before and after the test."""
    yield shared_engine
    shared_engine.close()


@pytest.fixture
def load_model(torch_engine: TorchEngine) -> LoadModel:
    """Loads (path, variant, reference) in place of what was loaded before."""

    def loaded(path: Path, variant: str = "bf16", reference: str = "bf16") -> TorchModel:
        torch_engine.close()
        return load(torch_engine, path, variant, reference)

    return loaded


@pytest.fixture(scope="session")
def small_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("llama"), llama())
