"""Rows of the memory pane at the width of a side column: a row each, in it, nothing wrapped."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scripted_app import WITH_GPU

from quanttui.tui.widgets.memory_rows import gpu_foot, gpu_head

GPU = replace(
    WITH_GPU.gpus[0],
    torch_name="cuda:0",
    allocated_bytes=3 * 2**30,
    reserved_bytes=4 * 2**30,
    free_bytes=103_180_000_000,
)


@pytest.mark.parametrize("width", [25, 27, 28, 60])
def test_every_row_of_a_gpu_fits_its_width(width: int) -> None:
    rows = [*gpu_head(GPU, width), *gpu_foot(GPU, width)]
    assert max(row.cell_length for row in rows) <= width
    text = "\n".join(row.plain for row in rows)
    for words in ("engine", "others", "free", "96.1", "in tensors", "kept free"):
        assert words in text


def test_what_others_hold_is_never_negative() -> None:
    text = "\n".join(row.plain for row in gpu_head(replace(GPU, engine_bytes=GPU.used_bytes + 10**9), 60))
    assert "others 0.0" in text
    assert "-" not in text
