"""With the real engine: what is kept is what was told, and a greedy run, run again here, gives the same tokens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quanttui.cli import main
from quanttui.runs.store import RunStore


def test_a_stored_greedy_run_gives_the_same_tokens_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QUANTTUI_HOME", str(tmp_path))
    monkeypatch.setenv("QUANTTUI_ENGINE", "torch")
    compare = ["compare", "--prompt", "Once upon a time", "--candidate", "nf4", "--max-new-tokens", "12"]
    assert main([*compare, "--in-process", "--json", "--per-token"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert main(["history", "rerun", first["run_id"], "--in-process", "--json", "--per-token"]) == 0
    second, said = capsys.readouterr()
    again = json.loads(second)
    assert said == ""
    assert main(["history", "show", first["run_id"], "--json", "--per-token"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown.pop("history")["state"] == "done"
    assert shown == first
    with RunStore.open_existing(tmp_path / "data" / "history.db") as store:
        one, two = store.load(first["run_id"]), store.load(again["run_id"])
    (ours,), (theirs,) = one.prompts, two.prompts
    assert ours.reference.token_ids == theirs.reference.token_ids
    assert ours.candidates[0].output.token_ids == theirs.candidates[0].output.token_ids
    assert len(ours.reference.token_ids) == 12
