"""``quanttui compare`` keeps its runs, unless it is told not to or cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from quanttui.records.history import RunState
from quanttui.runs.store import RunStore

COMPARE = ("compare", "--json", "--prompt", "Once", "--max-new-tokens", "6")


def database(home: Path) -> Path:
    return home / "quanttui" / "data" / "history.db"


def test_a_run_is_kept_under_the_id_that_the_document_names(command: Any, home: Path) -> None:
    made = json.loads(command(*COMPARE).out)
    with RunStore.open_existing(database(home)) as store:
        (line,) = store.lines()
    assert (line.run_id, line.state) == (made["run_id"], RunState.DONE)


def test_a_run_past_its_limit_is_kept_too(command: Any, home: Path) -> None:
    result = command(*COMPARE, "--candidate", "nf4", "--fail-if", "kl_divergence.mean>0")
    assert result.code == 3
    with RunStore.open_existing(database(home)) as store:
        assert store.lines()[0].state is RunState.DONE


def test_no_history_leaves_none(command: Any, home: Path) -> None:
    assert command(*COMPARE, "--no-history").code == 0
    assert not database(home).exists()


def test_a_damaged_history_costs_one_warning_and_not_the_run(command: Any, home: Path) -> None:
    database(home).parent.mkdir(parents=True)
    database(home).write_bytes(b"garbage" * 1000)
    result = command(*COMPARE)
    assert result.code == 0
    assert json.loads(result.out)["summary"]
    assert result.err.count("warning") == 1
    assert "damaged" in result.err
    assert "next: " in result.err


def test_the_setting_keeps_none(command: Any, home: Path) -> None:
    (home / "quanttui").mkdir()
    (home / "quanttui" / "settings.toml").write_text("history = false\n")
    assert command(*COMPARE).code == 0
    assert not database(home).exists()
