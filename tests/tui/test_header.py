"""The line at the top: the hardware in use, at every width."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scripted_app import DEMO, HOST_ONLY, WITH_GPU

from quanttui.records import EngineDescription, Precision, Variant
from quanttui.tui.state.selection import Selection
from quanttui.tui.widgets.header_line import header_content

SELECTION = Selection(model=DEMO, ticked=frozenset({Variant(Precision.INT8), Variant(Precision.NF4)}))
GPU = WITH_GPU.gpus[0]
ON_GPU = EngineDescription("cuda:0", "NVIDIA H200", process_id=1, versions={}, threads=1)
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
    assert "GPU0" in header_content(SELECTION, replace(WITH_GPU, gpus=idle), 120).plain


def test_the_gpu_is_the_engines_own_though_the_driver_counts_otherwise():
    """As with CUDA_VISIBLE_DEVICES=3, in a container that hides whose memory it is."""
    gpus = tuple(replace(gpu, engine_bytes=None, torch_name="cuda:0" if gpu.index == 3 else None) for gpu in FOUR)
    selection = replace(SELECTION, engine=ON_GPU)
    assert "GPU3 H200" in header_content(selection, replace(WITH_GPU, gpus=gpus), 120).plain


def test_without_a_gpu_it_is_the_host():
    assert header_content(SELECTION, HOST_ONLY, 78).plain.endswith("5.0/16.0 GiB  23 %")
