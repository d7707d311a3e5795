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


@cache
def prepare_libraries() -> None:
    """Silence the libraries, then import them, once a process.

    What the imports made stays for good; freezing it spares every later collection (one a load, one an unload) a walk
    over half a million objects: 0.3 s each.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ["USE_HUB_KERNELS"] = "NO"  # a config may ask transformers for one: program code from the hub
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module=r"(torch|transformers|bitsandbytes|accelerate)(\.|$)")
    importlib.import_module("torch")
    importlib.import_module("transformers").utils.logging.set_verbosity_error()
    with _without_hub_kernels():
        importlib.import_module("bitsandbytes")
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
