"""Engines to test: scripted and torch, in this process and in a child."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine_helpers import HERE, Subject

from quanttui.engine.base import LoadedModel
from quanttui.engine.process import EngineProcess
from quanttui.engine.registry import open_engine

SUBJECTS = [
    pytest.param(("scripted", True), id="scripted"),
    pytest.param(("scripted", False), id="scripted-process"),
    pytest.param(("torch", True), id="torch"),
    pytest.param(("torch", False), id="torch-process"),
]


@pytest.fixture(scope="session", params=SUBJECTS)
def shared_subject(request) -> Iterator[Subject]:
    name, in_process = request.param
    if name == "torch" and in_process:
        import torch

        torch.set_num_threads(1)
    options = {} if in_process else {"environment": {"OMP_NUM_THREADS": "1"}}
    engine = open_engine(name, in_process=in_process, **options)
    yield Subject(engine, in_child=not in_process)
    engine.close()


@pytest.fixture
def subject(shared_subject: Subject) -> Subject:
    """An engine with nothing loaded."""
    shared_subject.make_empty()
    return shared_subject


@pytest.fixture
def model(shared_subject: Subject) -> LoadedModel:
    """A loaded reference, shared by the tests that do not unload it."""
    return shared_subject.keep_model()


@pytest.fixture
def open_double(tmp_path: Path) -> Iterator[Callable[..., EngineProcess]]:
    """Opens a process with the engine of that name in ``engine_doubles``; closes it afterwards."""
    opened: list[EngineProcess] = []

    def open_it(name: str = "ScriptedEngine", **options) -> EngineProcess:
        spec = "quanttui.engine.scripted:" if name == "ScriptedEngine" else "engine_doubles:"
        spec = name if ":" in name else spec + name
        options.setdefault("log_path", tmp_path / "engine.log")
        opened.append(EngineProcess(spec, environment={"PYTHONPATH": str(HERE)}, **options))
        return opened[-1]

    yield open_it
    for engine in opened:
        engine.close()
