"""``quanttui models fit``, and what a comparison says of what had been foretold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quanttui.cli.fit_watch import FitWatch, read_memory
from quanttui.engine.base import Engine
from quanttui.engine.scripted import ScriptedEngine
from quanttui.pipeline import run_comparison
from quanttui.records import (
    DeviceMemory,
    EngineMemory,
    GenerationSettings,
    HostReading,
    MemoryReading,
    ModelEntry,
    ModelSource,
    Precision,
    RunRequest,
    Variant,
)


def test_every_variant_is_foretold_in_a_row(command: Any) -> None:
    result = command("models", "fit", "demo")
    assert (result.code, result.err) == (0, "")
    for told in ("demo on cpu", "512 tokens", "fp32", "int8", "nf4+dq", "14.0 MiB", "needed", "room"):
        assert told in result.out


def test_the_document_holds_every_part_of_an_estimate(command: Any) -> None:
    result = command("models", "fit", "demo", "--variants", "bf16", "nf4+dq", "--tokens", "100", "--json")
    document = json.loads(result.out)
    assert [fit["variant"] for fit in document["fits"]] == ["bf16", "nf4+dq"]
    first = document["fits"][0]
    assert first["verdict"] in ("fits", "tight", "does not fit")
    assert (first["estimate"]["tokens"], first["estimate"]["weights_bytes"]) == (100, 14_684_160)
    assert first["estimate"]["needed_bytes"] >= first["estimate"]["peak_bytes"] > 14_684_160


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("nowhere",), "no model is called"),
        (("demo", "--variants", "nf5"), "nf5"),
        (("demo", "--tokens", "0"), "--tokens"),
        (("demo", "--reference", "bf1"), "bf1"),
    ],
)
def test_what_cannot_be_is_said_before_an_engine_starts(command: Any, argv: tuple[str, ...], told: str) -> None:
    result = command("models", "fit", *argv)
    assert (result.code, result.out) == (2, "")
    assert told in result.err


def test_a_comparison_tells_the_prediction_beside_what_was_measured(command: Any) -> None:
    run = ("compare", "--prompt", "Once", "--candidate", "nf4", "--max-new-tokens", "4", "--no-history")
    assert "nf4: weights 7.1 MB, as predicted · peak 15.9 MB, as predicted" in command(*run).out
    (reference, candidate) = json.loads(command(*run, "--json").out)["loads"]
    assert reference["predicted"]["weights_bytes"] == reference["parameter_bytes"]
    assert candidate["predicted"]["peak_bytes"] == candidate["peak_bytes"]


def test_a_load_that_will_not_fit_is_warned_of_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    entry = ModelEntry("demo", "/models/demo", ModelSource.DEMO, dtype=Precision.BF16)
    request = RunRequest("1", entry, None, (Variant(Precision.NF4),), ("Once",), GenerationSettings(4), score=False)
    crowded = MemoryReading(0.0, (), HostReading(10**9, 10**9 - 18_000_000, 18_000_000, 0))
    engine = ScriptedEngine()
    watch = FitWatch(engine, lambda *_: crowded)
    for event in run_comparison(engine, request):
        watch.tell(event)
    told = capsys.readouterr().err
    assert told.count("warning") == 1
    assert "bf16 will likely not fit: it needs 20.4 MiB, 17.2 MiB are there: 3.2 MiB short" in told


def test_an_engine_process_tells_which_gpu_is_its_own_before_the_first_load() -> None:
    """The driver may count GPUs in another order, and hide in a container whose memory is whose."""
    device = DeviceMemory("cuda:0", "GPU-7", "H200", 10**9, 2 * 10**9, 10**11, 14 * 10**10)

    class AskedBefore(ScriptedEngine):
        """Gives the last answer, as an engine process does."""

        answer = EngineMemory()

        def memory(self) -> EngineMemory:
            last, self.answer = self.answer, EngineMemory((device,))
            return last

    engine = AskedBefore()
    entry = ModelEntry("demo", "/models/demo", ModelSource.DEMO, dtype=Precision.BF16)
    request = RunRequest("1", entry, None, (Variant(Precision.NF4),), ("Once",), GenerationSettings(4), score=False)
    readings: list[MemoryReading] = []

    def read(engine: Engine, process_id: int) -> MemoryReading:
        readings.append(read_memory(engine, process_id))
        return readings[-1]

    watch = FitWatch(engine, read)
    for event in run_comparison(engine, request):
        watch.tell(event)
    own = [reading.own_gpu("cuda:0") for reading in readings]
    assert [gpu.uuid for gpu in own if gpu] == ["GPU-7", "GPU-7"]
