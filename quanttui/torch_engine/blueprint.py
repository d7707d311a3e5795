"""A model without weights: its config and its modules on the meta device, to check a request against before a load."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.pytorch_utils import Conv1D
from transformers.quantizers.base import get_keys_to_not_convert
from transformers.quantizers.quantizers_utils import should_convert_module

from quanttui.errors import LoadError, UsageError, VariantUnsupportedError
from quanttui.prequantized import quantization_settings, quantized_by
from quanttui.records import ModelIdentity, Variant
from quanttui.torch_engine.checkpoint import Checkpoint
from quanttui.torch_engine.failures import reason_of
from quanttui.torch_engine.spared_imports import compiler_put_off

# What transformers raises for a config that it does not know or that contradicts itself.
_BUILD_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    ImportError,
    OSError,
    RuntimeError,
    ZeroDivisionError,
    StrictDataclassError,
)
_WEIGHT_DTYPES = ("F64", "F32", "BF16", "F16")
_CONTEXT_NAMES = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length")


@dataclass(frozen=True)
class Blueprint:
    """``config`` and ``model`` as transformers builds them; no tensor of ``model`` has memory."""

    checkpoint: Checkpoint
    config: Any
    model: Any

    @property
    def context_length(self) -> int | None:
        text_config = self.config.get_text_config(decoder=True)
        for name in _CONTEXT_NAMES:
            length = getattr(text_config, name, None)
            if isinstance(length, int) and length > 0:
                return length
        return None

    @property
    def head_name(self) -> str | None:
        """Full name of the output head."""
        head = self.model.get_output_embeddings()
        return next((name for name, module in self.model.named_modules() if module is head), None) if head else None

    @property
    def has_tied_head(self) -> bool:
        head = self.model.get_output_embeddings()
        return head is not None and head.weight is self.model.get_input_embeddings().weight

    @property
    def embedding_rows(self) -> int:
        """Token ids from here on have no row."""
        return int(self.model.get_input_embeddings().weight.shape[0])

    @property
    def parameter_count(self) -> int:
        """Tied weights once: ``parameters()`` leaves out what it has given before."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    def identity(self, model_id: str, *, has_chat_template: bool) -> ModelIdentity:
        return ModelIdentity(
            id=model_id,
            architecture=type(self.model).__name__,
            parameter_count=self.parameter_count,
            vocab_size=int(self.config.get_text_config(decoder=True).vocab_size),
            context_length=self.context_length,
            dtype=self.checkpoint.dtype,
            has_chat_template=has_chat_template,
            tied_embeddings=self.has_tied_head,
        )


def draw_blueprint(checkpoint: Checkpoint, dtype: torch.dtype | None = None) -> Blueprint:
    """Build the model that the folder's config describes, in ``dtype`` or else in the config's own.

    Raises LoadError where transformers knows no such model.
    """
    try:
        config = AutoConfig.from_pretrained(str(checkpoint.folder), trust_remote_code=False, local_files_only=True)
        _refuse_quantized(checkpoint, config)
        with compiler_put_off(), torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config, dtype=dtype, trust_remote_code=False)
    except _BUILD_ERRORS as error:
        problem = _unbuildable(checkpoint, error)
    else:
        blueprint = Blueprint(checkpoint, config, model)
        _check_shapes(blueprint)
        return blueprint
    raise problem


def modules_left_alone(blueprint: Blueprint, variant: Variant) -> list[str]:
    """What bitsandbytes must not quantize: what transformers would leave alone by default, and ``variant.skip``.

    A list that is given replaces the default (facts of transformers' ``get_modules_to_not_convert``), so it is made
    whole here. With ``variant.head`` the head is taken out of it; a tied head stays in and is quantized after the
    load (``layers.quantize_tied_head``): its weight is the embedding's, which has to stay as it is.
    """
    names = set(get_keys_to_not_convert(blueprint.model))
    if variant.head and not blueprint.has_tied_head and blueprint.head_name is not None:
        names.discard(blueprint.head_name)
    return sorted(names) + [name for name in variant.skip if name not in names]


def check_variant(blueprint: Blueprint, variant: Variant) -> None:
    """Refuse a skip name that matches no module, and a head that cannot be quantized."""
    if not variant.precision.is_quantized:
        return
    quantizable = [name for name, module in blueprint.model.named_modules() if isinstance(module, (nn.Linear, Conv1D))]
    if not quantizable:
        raise VariantUnsupportedError(
            f"{variant} cannot be made: {type(blueprint.model).__name__} has no Linear layer", "Choose bf16 or fp16."
        )
    for name in variant.skip:
        _check_skip_name(blueprint, name, quantizable)
    _check_head(blueprint, variant)


def _check_skip_name(blueprint: Blueprint, name: str, quantizable: list[str]) -> None:
    """By transformers' own rule: a regex from the start up to a module boundary, or the end of a full name."""
    modules = [module for module, _ in blueprint.model.named_modules() if module]
    try:
        found = name in modules or any(not should_convert_module(module, [name]) for module in quantizable)
    except re.error:
        found = False
    if not found:
        near = difflib.get_close_matches(name, modules, n=3, cutoff=0.5) or quantizable[:3]
        raise UsageError(f"skip={name} matches no module of this model", f"Names are full: {', '.join(near)}")


def _check_head(blueprint: Blueprint, variant: Variant) -> None:
    if not variant.head:
        return
    if not isinstance(blueprint.model.get_output_embeddings(), nn.Linear):
        raise VariantUnsupportedError(f"{variant} cannot be made: the model has no Linear output head", "Leave +head.")
    if not should_convert_module(str(blueprint.head_name), list(variant.skip)):
        raise UsageError(f"{variant} both quantizes and skips {blueprint.head_name}", "Leave one of the two out.")


def _refuse_quantized(checkpoint: Checkpoint, config: Any) -> None:
    """By another library than bitsandbytes."""
    if getattr(config, "quantization_config", None) is not None and checkpoint.stored_as is None:
        method = quantized_by(quantization_settings(checkpoint.config) or {})
        raise LoadError(
            f"{checkpoint.folder} was saved already quantized, by {method}: only what bitsandbytes saved can be run",
            "Choose the model that it was made from.",
        )


def _unbuildable(checkpoint: Checkpoint, error: Exception) -> LoadError:
    if "trust_remote_code" in str(error) or "custom code" in str(error):
        return LoadError(
            f"{checkpoint.folder} needs program code from its own files, which quanttui never runs",
            "Choose a model that transformers knows by itself.",
        )
    return LoadError(
        f"{checkpoint.folder}/config.json describes no model that transformers can build: {reason_of(error)}",
        "Choose a model for text generation that this version of transformers knows.",
    )


def _check_shapes(blueprint: Blueprint) -> None:
    """bitsandbytes quantizes whatever shape a file holds; only the blueprint knows the right one."""
    stored = blueprint.checkpoint.shapes
    for name, tensor in blueprint.model.state_dict().items():
        _check_is_weight(blueprint.checkpoint, name)
        if name in stored and stored[name] != tuple(tensor.shape) and not _is_packed(blueprint.checkpoint, name):
            raise LoadError(
                f"{blueprint.checkpoint.files[name]}: tensor {name} has shape {list(stored[name])}, "
                f"config.json says {list(tensor.shape)}",
                "The files do not belong together: download the model again.",
            )


def _check_is_weight(checkpoint: Checkpoint, name: str) -> None:
    """transformers casts what it finds: integers and 8-bit floats without their scales would pass for weights."""
    dtype = checkpoint.dtypes.get(name, "F32")
    if dtype not in _WEIGHT_DTYPES and not _is_packed(checkpoint, name):
        raise LoadError(
            f"{checkpoint.files[name]}: tensor {name} is stored as {dtype}, which is no weight by itself",
            "Choose the model in full precision: F32, BF16 or F16.",
        )


def _is_packed(checkpoint: Checkpoint, name: str) -> bool:
    """A weight that bitsandbytes quantized, with its state beside it. Its shape is looked at once it is read."""
    if checkpoint.stored_as is None:
        return False
    return f"{name}.absmax" in checkpoint.shapes or f"{name.removesuffix('weight')}SCB" in checkpoint.shapes
