"""The project's own quantizing on a CPU against bitsandbytes' own: every bit, of every kind of tensor."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from bitsandbytes.functional import int8_vectorwise_quant, quantize_4bit

from quanttui.torch_engine import cpu_kernels
from quanttui.torch_engine.cpu_kernels import PIECE, fast_quantizing, quantizes_as_bitsandbytes

quantize_4bit_here = cpu_kernels.quantize_4bit
DTYPES = (torch.bfloat16, torch.float16, torch.float32)
SHAPES = ((1, 1), (3, 21), (7, 64), (51, 77), (64, 64), (300, 257), (3, PIECE), (1031, 192))


def both(quantize: Callable[[], object]) -> tuple[object, object]:
    """By bitsandbytes, and by this project."""
    theirs = quantize()
    with fast_quantizing():
        return theirs, quantize()


def equal(left: torch.Tensor, right: torch.Tensor) -> bool:
    return left.dtype is right.dtype and left.shape == right.shape and torch.equal(_bits(left), _bits(right))


def _bits(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.contiguous().view(torch.uint8)


def weight(shape: tuple[int, int], dtype: torch.dtype) -> torch.Tensor:
    """With rows of zeros, of one value, of tiny and of huge ones among random ones."""
    values = torch.randn(shape, generator=torch.Generator().manual_seed(shape[0]))
    values[::5] *= 1e-6
    values[1::7] *= 1e4
    if shape[0] > 3:
        values[2], values[3] = 0.0, -0.5
    return values.to(dtype)


def test_it_quantizes_as_the_installed_bitsandbytes_does() -> None:
    assert quantizes_as_bitsandbytes()


def _of_other_bits(*given: object) -> tuple[torch.Tensor, torch.Tensor]:
    packed, maxima = quantize_4bit_here(*given)  # type: ignore[arg-type]  # whatever the operation is given
    return packed ^ 1, maxima


def _of_fewer_arguments(weight: torch.Tensor) -> None:
    raise AssertionError("called with what it does not take")


@pytest.mark.parametrize("other", [_of_other_bits, _of_fewer_arguments])
def test_a_bitsandbytes_that_differs_quantizes_by_itself(
    monkeypatch: pytest.MonkeyPatch, other: Callable[..., object]
) -> None:
    monkeypatch.setattr(cpu_kernels, "quantize_4bit", other)
    monkeypatch.setattr(cpu_kernels, "quantizes_as_bitsandbytes", quantizes_as_bitsandbytes.__wrapped__)
    theirs, ours = both(lambda: quantize_4bit(weight((64, 64), torch.float32))[0])
    assert isinstance(theirs, torch.Tensor)
    assert isinstance(ours, torch.Tensor)
    assert equal(theirs, ours)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_4bit_weights_are_those_of_bitsandbytes(shape: tuple[int, int], dtype: torch.dtype) -> None:
    values = weight(shape, dtype)
    for quant_type in ("nf4", "fp4"):
        for blocksize in (64, 32, 4096):
            (their_packed, theirs), (packed, ours) = both(
                lambda kind=quant_type, size=blocksize: quantize_4bit(values, blocksize=size, quant_type=kind)
            )
            assert equal(their_packed, packed)
            assert equal(theirs.absmax, ours.absmax)


def test_a_value_on_a_bound_has_the_code_that_bitsandbytes_gives_it() -> None:
    """Each bound itself, and the numbers right beside it."""
    for quant_type in ("nf4", "fp4"):
        values = torch.sort(quantize_4bit(torch.ones(64), quant_type=quant_type)[1].code).values
        bounds = (values[1:] + values[:-1]) / 2
        nearby = [torch.nextafter(bounds, torch.tensor(side)) for side in (-2.0, 2.0)]
        ties = torch.cat([torch.ones(1), bounds, *nearby, -bounds, values, torch.tensor([-0.0, 0.0])])
        ties = torch.nn.functional.pad(ties, (0, -len(ties) % 64))
        (theirs, _), (ours, _) = both(
            lambda kind=quant_type, ties=ties: quantize_4bit(ties, quant_type=kind, blocksize=128)
        )
        assert equal(theirs, ours)


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_is_told_as_bitsandbytes_tells_it(broken: float) -> None:
    values = weight((70, 65), torch.bfloat16)
    values[4, 7] = broken
    values[-1, -1] = broken
    (their_packed, theirs), (packed, ours) = both(lambda: quantize_4bit(values, quant_type="nf4"))
    assert equal(their_packed, packed)
    assert equal(theirs.absmax, ours.absmax)
    assert not ours.absmax.isfinite().all()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_int8_weights_are_those_of_bitsandbytes(shape: tuple[int, int]) -> None:
    (their_codes, their_maxima, _), (codes, maxima, outliers) = both(
        lambda: int8_vectorwise_quant(weight(shape, torch.float16))
    )
    assert equal(their_codes, codes)
    assert equal(their_maxima, maxima)
    assert outliers is None


def test_storage_of_another_type_holds_the_same_bytes() -> None:
    values = weight((64, 128), torch.bfloat16)
    (theirs, _), (ours, _) = both(lambda: quantize_4bit(values, quant_type="nf4", quant_storage=torch.bfloat16))
    assert equal(theirs, ours)


def test_afterwards_bitsandbytes_is_as_it_was() -> None:
    with fast_quantizing(), pytest.raises(NotImplementedError):
        int8_vectorwise_quant(torch.ones(2, 2, dtype=torch.float16), threshold=6.0)
    _, _, columns = int8_vectorwise_quant(torch.full((2, 2), 7.0, dtype=torch.float16), threshold=6.0)
    assert columns is not None
    assert columns.tolist() == [0, 1]
