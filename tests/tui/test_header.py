"""The line at the top: the hardware in use, at every width."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scripted_app import DEMO, HOST_ONLY, WITH_GPU

from quanttui.records import Precision, Variant
from quanttui.tui.state.selection import Selection
from quanttui.tui.widgets.header_line import gpu_in_use, header_content

SELECTION = Selection(model=DEMO, ticked=frozenset({Variant(Precision.INT8), Variant(Precision.NF4)}))
GPU = WITH_GPU.gpus[0]
FOUR = tuple(replace(GPU, index=i, uuid=f"GPU-{i}", engine_bytes=10**9 if i == 2 else 0) for i in range(4))


@pytest.mark.parametrize("width", [58, 78, 118, 198])
def test_memory_utilisation_power_and_temperature_are_always_in_view(width: int):
    line = header_content(SELECTION, WITH_GPU, width).plain
    assert len(line) == width
    for words in ("GPU0", "61.2/139.7 GiB", "87 %", "412 W", "61 °C"):
        assert words in line
    assert ("demo · bf16 → int8, nf4" in line) == (width >= 78)
    assert ("H200" in line) == (width >= 118)


def test_of_several_gpus_the_one_in_use_is_shown_and_the_others_are_counted():
    line = header_content(SELECTION, replace(WITH_GPU, gpus=FOUR), 120).plain
    assert "GPU2 H200" in line
    assert line.endswith("+3 GPUs")
    idle = tuple(replace(gpu, engine_bytes=None) for gpu in FOUR)
    assert gpu_in_use(idle, None).index == 0


def test_without_a_gpu_it_is_the_host():
    assert header_content(SELECTION, HOST_ONLY, 78).plain.endswith("5.0/16.0 GiB  23 %")
