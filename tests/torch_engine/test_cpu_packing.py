"""Packing 4-bit weights for a CPU's kernel: as bitsandbytes does at the first forward pass, bit for bit."""

from __future__ import annotations

from copy import deepcopy

import bitsandbytes.functional
import pytest
import torch
from bitsandbytes.functional import _convert_weight_packed_for_cpu, quantize_4bit
from bitsandbytes.nn.modules import Linear4bit

from quanttui.torch_engine.cpu_packing import pack_4bit_weights, packed, packs_as_bitsandbytes


@pytest.mark.parametrize("double_quant", [False, True])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=str)
@pytest.mark.parametrize("shape", [(32, 64), (96, 192), (160, 320)], ids=str)
def test_the_weight_and_its_state_are_those_of_bitsandbytes(
    shape: tuple[int, int], dtype: torch.dtype, double_quant: bool
) -> None:
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(dtype)
    codes, theirs = quantize_4bit(weight, quant_type="nf4", compress_statistics=double_quant)
    ours = deepcopy(theirs)
    expected, theirs = _convert_weight_packed_for_cpu(codes, theirs)
    found = packed(codes, ours)
    assert (found.dtype, found.shape, found.is_contiguous()) == (expected.dtype, expected.shape, True)
    assert torch.equal(found, expected)
    assert vars(ours).keys() == vars(theirs).keys()
    for name, value in vars(theirs).items():
        same = torch.equal(vars(ours)[name], value) if isinstance(value, torch.Tensor) else vars(ours)[name] == value
        assert same, name
    assert ours.absmax.stride() == theirs.absmax.stride()


def test_it_packs_as_the_installed_bitsandbytes_does() -> None:
    assert packs_as_bitsandbytes()


def test_it_leaves_packing_to_a_bitsandbytes_that_does_it_by_another_name_or_with_more_arguments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packs_now = packs_as_bitsandbytes.__wrapped__
    monkeypatch.setattr(
        bitsandbytes.functional, "_convert_weight_packed_for_cpu", lambda codes, state, way: (codes, way)
    )
    assert not packs_now()
    monkeypatch.delattr(bitsandbytes.functional, "_convert_weight_packed_for_cpu")
    assert not packs_now()


@pytest.mark.parametrize("has_kernel", [False, True])
def test_only_layers_that_the_kernel_will_run_are_packed(has_kernel: bool) -> None:
    layer = Linear4bit(64, 96, bias=False, quant_type="nf4").to("cpu")
    layer.support_avx512bf16_for_cpu = has_kernel
    before = layer.weight.data.clone()
    pack_4bit_weights(layer)
    assert getattr(layer.weight.quant_state, "packing_format_for_cpu", False) is has_kernel
    assert torch.equal(before.flatten(), layer.weight.data.flatten()) is not has_kernel
