"""What a device's kind alone says of the precisions."""

from __future__ import annotations

import pytest

from quanttui.torch_engine.capabilities import cpu_cautions, cuda_limits
from quanttui.torch_engine.engine import TorchEngine


@pytest.mark.parametrize(
    ("capability", "unsupported", "cautions"),
    [
        ((6, 1), {"int8"}, {"bf16", "nf4", "fp4"}),
        ((7, 0), {"int8"}, {"bf16", "nf4", "fp4"}),
        ((7, 5), set(), {"bf16", "nf4", "fp4"}),
        ((8, 0), set(), set()),
        ((9, 0), set(), set()),
        ((12, 0), set(), set()),
    ],
)
def test_older_gpus_lack_int8_and_bf16(capability: tuple[int, int], unsupported: set[str], cautions: set[str]) -> None:
    cannot, careful = cuda_limits(capability)
    assert (set(cannot), set(careful)) == (unsupported, cautions)
    for words in (*cannot.values(), *careful.values()):
        assert f"{capability[0]}.{capability[1]}" in words


@pytest.mark.parametrize(
    ("flags", "cautions"),
    [
        (set(), set()),
        ({"sse2"}, {"bf16", "fp16", "int8", "nf4", "fp4"}),
        ({"avx512f"}, {"bf16", "fp16", "nf4", "fp4"}),
        ({"avx512f", "avx512_bf16"}, {"fp16"}),
        ({"avx512f", "avx512_bf16", "avx512_fp16"}, set()),
    ],
)
def test_a_cpu_without_the_instructions_is_slow_and_says_so(flags: set[str], cautions: set[str]) -> None:
    assert set(cpu_cautions(flags)) == cautions


def test_the_engine_tells_of_what_runs_only(shared_engine: TorchEngine) -> None:
    description = shared_engine.describe()
    assert not description.cautions.keys() & description.unsupported.keys()
