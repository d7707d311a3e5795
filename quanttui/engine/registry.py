"""Which engines there are, by name. Imports one only when it is asked for."""

from __future__ import annotations

from typing import Any

from quanttui.engine.base import Engine
from quanttui.engine.child import load_engine_class
from quanttui.engine.process import EngineProcess
from quanttui.errors import UsageError

ENGINES = {
    "torch": "quanttui.torch_engine.engine:TorchEngine",
    "scripted": "quanttui.engine.scripted:ScriptedEngine",
}


def open_engine(name: str = "torch", *, in_process: bool = False, **options: Any) -> Engine:
    """The engine called ``name``, or named "module:Class": in a process of its own unless ``in_process``.

    ``options`` go to ``EngineProcess``, or to the engine itself where it is made in this process.
    Raises UsageError for a name that is not known.
    """
    spec = ENGINES.get(name, name)
    if ":" not in spec:
        raise UsageError(f"no engine is called {name!r}", f"Engines: {', '.join(ENGINES)}")
    if not in_process:
        return EngineProcess(spec, **options)
    engine: Engine = load_engine_class(spec)(**options)
    return engine
