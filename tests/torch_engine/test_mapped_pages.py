"""Pages of weight files: counted as the process's own once read, let go of, and still there to be read again."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import pytest
import torch
from driving import LoadModel
from safetensors import safe_open
from safetensors.torch import save_file
from small_models import llama, save_model

from quanttui.torch_engine.mapped_pages import MappedPages

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process its mappings")

MIB = 2**20


def mapped_mib(file: Path) -> float:
    """Of ``file``, what counts as this process's own: see proc_pid_smaps(5)."""
    total, is_inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            is_inside = line.endswith(str(file))
        elif is_inside and line.startswith("Rss:"):
            total += int(line.split()[1])
    return total / 1024


def test_pages_that_were_read_are_let_go_of_and_read_again(tmp_path: Path) -> None:
    file, other = tmp_path / "weights.safetensors", tmp_path / "other.safetensors"
    weight = torch.arange(2 * MIB, dtype=torch.float32)
    for path in (file, other):
        save_file({"weight": weight}, path)
    with safe_open(file, "pt") as opened, safe_open(other, "pt") as beside:
        read, kept = opened.get_tensor("weight"), beside.get_tensor("weight")
        assert torch.equal(read, kept)
        assert mapped_mib(file) > 7
        MappedPages([file]).drop()
        assert mapped_mib(file) < 1
        assert mapped_mib(other) > 7
        assert torch.equal(read, weight)


def test_what_was_written_into_pages_of_a_file_of_like_name_stays(tmp_path: Path) -> None:
    """Let go of, it would be lost."""
    unread, other = tmp_path / "a.bin", tmp_path / f"other{tmp_path}" / "a.bin"
    other.parent.mkdir(parents=True)
    for path in (unread, other):
        path.write_bytes(b"as it is on the disk")
    with other.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as written:
        written[:2] = b"AS"
        MappedPages([unread]).drop()
        assert written[:5] == b"AS it"


def test_after_a_load_the_weights_that_were_quantized_are_not_held_twice(tmp_path: Path, load_model: LoadModel) -> None:
    folder = save_model(tmp_path, llama(hidden_size=512, intermediate_size=2048, num_hidden_layers=4))
    file = folder / "model.safetensors"
    assert file.stat().st_size > 30 * MIB
    model = load_model(folder, "nf4")
    assert mapped_mib(file) < 2
    model.unload()
    load_model(folder, "fp32")
    assert mapped_mib(file) < 2
