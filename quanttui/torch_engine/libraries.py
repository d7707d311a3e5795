"""Imports torch, transformers and bitsandbytes once, quietly and without the network. Knows no model."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata

NOISY_LOGGERS = ("transformers", "bitsandbytes", "accelerate", "torch", "huggingface_hub")
REPORTED_PACKAGES = ("torch", "transformers", "bitsandbytes", "accelerate", "quanttui")
_OF_EVERY_MODEL = ("transformers.modeling_utils", "transformers.generation.utils", "transformers.modeling_layers")


# oneDNN keeps a kernel with its buffers for each shape that it has met, 1024 of them by default: 20 long prompts of
# different lengths took 533 MB with int8 on a 15 MB model, and 302 MB with 64 kept; decoding is as fast.
# https://uxlfoundation.github.io/oneDNN/dev_guide_primitive_cache.html
_ONEDNN_CACHE = "64"
# OpenMP's threads spin at every barrier: where another process wants a core, decoding 110 M parameters with two threads
# took 16 to 31 s for 16 tokens, and 2.6 to 4.0 s with threads that sleep there.
# https://gcc.gnu.org/onlinedocs/libgomp/OMP_005fWAIT_005fPOLICY.html
_OPENMP_WAIT = "PASSIVE"


@cache
def prepare_libraries() -> None:
    """Silence the libraries, then import them, once a process.

    What the imports made stays for good; freezing it spares every later collection (one a load, one an unload) a walk
    over half a million objects: 0.3 s each.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _ONEDNN_CACHE)
    os.environ.setdefault("OMP_WAIT_POLICY", _OPENMP_WAIT)
    os.environ["USE_HUB_KERNELS"] = "NO"  # a config may ask transformers for one: program code from the hub
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"(torch|transformers|bitsandbytes|accelerate)(\.|$)")
    importlib.import_module("torch")
    with importlib.import_module("quanttui.torch_engine.spared_imports").sparing(), _without_hub_kernels():
        importlib.import_module("transformers").utils.logging.set_verbosity_error()
        importlib.import_module("bitsandbytes")
        for name in _OF_EVERY_MODEL:
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


@contextmanager
def _without_hub_kernels() -> Iterator[None]:
    """While bitsandbytes is imported the package ``kernels`` cannot be.

    Where it can, bitsandbytes fetches a CPU kernel from the hub at import:
    https://github.com/bitsandbytes-foundation/bitsandbytes/blob/main/bitsandbytes/backends/cpu/ops.py
    """
    if "kernels" in sys.modules or "bitsandbytes" in sys.modules:
        yield
        return
    sys.modules["kernels"] = None  # type: ignore[assignment]  # None: an import of it raises ImportError
    try:
        yield
    finally:
        del sys.modules["kernels"]


def installed_versions() -> dict[str, str]:
    """Python and every package that a result depends on."""
    versions = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    for name in REPORTED_PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions
