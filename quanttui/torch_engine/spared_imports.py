"""Spares the engine what its libraries import and inference never uses: torch's compiler, scipy, training on several
machines. More than half of the start.

At import bitsandbytes compiles two functions and transformers marks some of its own, each of which brings in
``torch._dynamo`` and with it ``torch._inductor``: two seconds. So does the first call of any of bitsandbytes' kernels,
and each one pays for a detour then; and the first tensor that is filled on the meta device. What was to be compiled is
compiled at its first call.

Only on a CPU: where torch has a GPU, more is compiled at import, and none of this has been tried.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

_COMPILER = "torch._dynamo"
_MARKS = ("allow_in_graph", "assume_constant_result", "disable")
_SCIPY = "scipy"


@contextmanager
def sparing() -> Iterator[None]:
    """Within, imports bring in none of it. Without effect where torch has a GPU, or transformers has looked round."""
    if torch.cuda.is_available() or "transformers" in sys.modules:
        yield
        return
    with compiler_put_off(), _without_scipy():
        _settle_distributed()
        yield


def _settle_distributed() -> None:
    """transformers asks once whether torch can train on several machines, and imports sharding, with sympy, if so. One
    model over several GPUs, as here, does without."""
    is_available = torch.distributed.is_available
    torch.distributed.is_available = lambda: False
    try:
        ask = getattr(
            importlib.import_module("transformers.utils.import_utils"), "is_torch_distributed_available", None
        )
        if ask is not None:
            ask()
    finally:
        torch.distributed.is_available = is_available


@contextmanager
def compiler_put_off() -> Iterator[None]:
    """Who asks for torch's compiler gets it later, or not at all where it only says how it is to be compiled: nothing
    that is imported here is ever compiled as a part of something else. Without effect where torch has a GPU.

    So do torch's own functions for the meta device at their first call, which keep the answer: a model that is built
    there needs no compiler from then on, which took 33 MiB.
    """
    if torch.cuda.is_available() or _COMPILER in sys.modules or not _is_as_known():
        yield
        return
    compile_now, disable_later = torch.compile, torch.__dict__["_disable_dynamo"]
    marking = {name: getattr(torch.compiler, name) for name in _MARKS}
    torch.compile = _compile_later(compile_now)
    torch.__dict__["_disable_dynamo"] = _as_it_is
    sys.modules[_COMPILER] = torch.__dict__["_dynamo"] = _StandIn()
    for name in _MARKS:
        setattr(torch.compiler, name, _as_it_is)
    try:
        yield
    finally:
        torch.compile = compile_now
        torch.__dict__["_disable_dynamo"] = disable_later
        for name, mark in marking.items():
            setattr(torch.compiler, name, mark)
        _make_way()


def _is_as_known() -> bool:
    """Whether torch has the names that are exchanged; one of them is its own affair."""
    return "_disable_dynamo" in torch.__dict__ and all(hasattr(torch.compiler, name) for name in _MARKS)


class _StandIn(ModuleType):
    """A module of that name whose submodules can be imported; asked for more, it makes way for the real one."""

    def __init__(self) -> None:
        super().__init__(_COMPILER)
        self.__path__ = [str(Path(torch.__file__).parent / "_dynamo")]
        for name in _MARKS:
            setattr(self, name, _as_it_is)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _make_way()
        return getattr(importlib.import_module(_COMPILER), name)


def _make_way() -> None:
    if isinstance(sys.modules.get(_COMPILER), _StandIn):
        del sys.modules[_COMPILER]
        torch.__dict__.pop("_dynamo", None)


@contextmanager
def _without_scipy() -> Iterator[None]:
    """transformers imports it, where it is there, for the training losses of object detectors."""
    if _SCIPY in sys.modules:
        yield
        return
    sys.modules[_SCIPY] = None  # type: ignore[assignment]  # None: an import of it raises ImportError
    try:
        yield
    finally:
        del sys.modules[_SCIPY]


def _compile_later(compile_now: Callable[..., Any]) -> Callable[..., Any]:
    def compile_function(function: Callable[..., Any] | None = None, **options: Any) -> Callable[..., Any]:
        if function is None:
            return lambda given: compile_function(given, **options)
        compiled: list[Callable[..., Any]] = []

        @wraps(function)
        def at_first_call(*arguments: Any, **named: Any) -> Any:
            if not compiled:
                _make_way()
                compiled.append(compile_now(function, **options))
            return compiled[0](*arguments, **named)

        return at_first_call

    return compile_function


def _as_it_is(function: Any = None, *_: Any, **__: Any) -> Any:
    return function if function is not None else lambda given: given
