from __future__ import annotations

import sys
from math import comb

import pytest
from interleaved import Row, ratio_of, row_result, told
from table import markdown
from watching import run_watched


@pytest.mark.parametrize("rounds", [1, 2, 5, 6, 9, 20, 51])
def test_the_interval_is_the_tightest_pair_of_order_statistics_that_holds_95_percent(rounds: int) -> None:
    ratio = ratio_of(list(range(rounds, 0, -1)))
    rank = int(ratio.low) - 1

    def inside(at: int) -> float:
        return 1 - 2 * sum(comb(rounds, k) for k in range(at + 1)) / 2**rounds

    assert ratio.high == rounds - rank
    assert ratio.confidence == pytest.approx(inside(rank))
    assert rank == 0 or ratio.confidence >= 0.95
    assert inside(rank + 1) < 0.95
    assert ratio.median == (rounds + 1) / 2


def rounds_of(ours: list[float]) -> list[dict[str, dict[str, float]]]:
    return [{"plain": {"s": 2.0}, "ours": {"s": value}, "plain, again": {"s": 4.0}} for value in ours]


def test_a_row_is_measured_against_both_runs_of_a_round_and_its_control_is_the_second_over_the_first() -> None:
    row = Row("time", ours="ours", against="plain", figure="s", limit=0.95)
    result = row_result(row, "demo", rounds_of([1.5, 3.0, 6.0]))
    assert (result.ratio.median, result.ratio.low, result.ratio.high) == (1.0, 0.5, 2.0)
    assert result.control.median == 2.0
    assert result.is_met is False
    assert "MISSED" in told(result)


def test_a_limit_from_below_is_met_by_more_and_a_figure_without_one_is_only_stated() -> None:
    at_least = Row("speed", ours="ours", against="plain", figure="s", limit=1.0, at_least=True)
    assert row_result(at_least, "demo", rounds_of([4.0])).is_met is True
    stated = Row("memory", ours="ours", against="plain", figure="s", limit=None)
    assert row_result(stated, "demo", rounds_of([4.0])).is_met is None


def test_the_table_tells_ratio_interval_limit_and_control_and_each_machine_once() -> None:
    row = {"name": "decode", "against": "plain", "words": "generate()", "limit": 0.95, "at_least": False}
    ratio = {"median": 0.9, "low": 0.85, "high": 0.97}
    result = {"row": row, "size": "demo", "ratio": ratio, "control": ratio | {"median": 1.0}}
    machine = {
        "processor": "P",
        "cores": 2,
        "threads": "1",
        "memory_bytes": 2**34,
        "python": "3.11",
        "versions": {"torch": "2"},
    }
    table = markdown([{"rows": [result], "machine": machine}] * 2)
    line = "| decode | demo | generate() | 0.90 [0.85, 0.97] | ≤ 0.95 ✓ | 1.00 [0.85, 0.97] |"
    assert table.splitlines()[2:] == [line, line, "", "P, 2 cores, threads 1, 16 GiB; Python 3.11, torch 2"]


def test_a_watched_program_is_measured_with_its_children_and_a_failing_one_is_told() -> None:
    child = "import time; block = bytearray(80 << 20); print(len(block), flush=True); time.sleep(60)"
    parent = (
        "import json, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "time.sleep(0.5)\n"
        "child.kill(); child.wait()\n"
        "print('words'); print(json.dumps({'tokens': 3}))\n"
    )
    figures = run_watched([sys.executable, "-c", parent])
    assert figures["tokens"] == 3
    assert figures["peak_pss_bytes"] > 80 << 20
    assert figures["process_cpu_seconds"] > 0
    with pytest.raises(RuntimeError, match="ended with 3"):
        run_watched([sys.executable, "-c", "raise SystemExit(3)"])
