"""A quantized model into a folder: its weights, its config and its tokenizer, all of them or nothing."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from quanttui.errors import LoadError, UsageError, VariantUnsupportedError
from quanttui.records import Variant
from quanttui.torch_engine.blueprint import Blueprint
from quanttui.torch_engine.failures import reason_of


def check_can_be_saved(blueprint: Blueprint, variant: Variant, folder: Path) -> None:
    """Before any weight is read. Raises UsageError or VariantUnsupportedError."""
    if not variant.precision.is_quantized or blueprint.checkpoint.stored_as is not None:
        raise UsageError(f"{variant} of {blueprint.checkpoint.folder} is there as it is", "Quantize a model in full.")
    if variant.head and blueprint.has_tied_head:
        raise VariantUnsupportedError(
            f"{variant} cannot be saved: the head shares the embedding's weight, and would again once it is loaded",
            "Leave +head.",
        )
    _refuse_taken(folder)


def save_quantized(model: Any, tokenizer: Any, folder: Path) -> None:
    """Before the first forward pass, after which a CPU's 4-bit weights are no longer what they were.

    Written beside ``folder`` under another name, then renamed. Raises LoadError where the disk does not take it.
    """
    _refuse_taken(folder)
    try:
        with _whole_folder(folder) as partial:
            model.save_pretrained(partial)
            tokenizer.save_pretrained(partial)
    except (OSError, SafetensorError, ValueError) as error:
        problem = LoadError(
            f"the quantized model cannot be saved in {folder}: {reason_of(error)}",
            "Free some space there, or name another folder. Nothing is left of it.",
        )
    else:
        return
    raise problem


def _refuse_taken(folder: Path) -> None:
    try:
        taken = os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {reason_of(error)}", "Name another folder.") from None
    if taken:
        raise UsageError(f"{folder} is there already and not empty", "Name a new folder, or an empty one.")


@contextmanager
def _whole_folder(folder: Path) -> Iterator[Path]:
    """A new folder beside ``folder`` that takes its name at the end; gone where anything fails."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    partial.mkdir()
    try:
        yield partial
        os.replace(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
