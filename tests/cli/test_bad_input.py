"""What cannot be done ends in one clear message on stderr, the right exit code, and nothing on stdout."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from quanttui.models.demo import MODEL_FOLDER

ONCE = ("compare", "--prompt", "Once")

WRONG = {
    "unknown command": (("comprae",), "no command 'comprae'", "Did you mean quanttui compare?"),
    "unknown command of models": (("models", "lst"), "no command 'lst' of quanttui models", "quanttui models list?"),
    "unknown option": ((*ONCE, "--candidat", "nf4"), "no option '--candidat'", "Did you mean --candidate?"),
    "unknown option with a value": ((*ONCE, "--max-tokens=5"), "no option '--max-tokens'", "--max-new-tokens"),
    "option of the screen": (("--in-proces",), "no option '--in-proces'", "Did you mean --in-process?"),
    "stray argument": ((*ONCE, "twice"), "no argument 'twice'", "--help"),
    "option without its value": (("compare", "--prompt"), "--prompt: expected one argument", "--option=-value"),
    "no prompt": (("compare",), "there is no prompt", "--prompt"),
    "empty prompt": (("compare", "--prompt", ""), "the prompt is empty", "Type what"),
    "blank prompt": (("compare", "--prompt", "ok", "--prompt", " \n"), "the prompt is empty", "Type what"),
    "unknown variant": ((*ONCE, "--candidate", "nf5"), "no variant is called 'nf5'", "Did you mean nf4?"),
    "unknown reference": ((*ONCE, "--reference", "bf61"), "no variant is called 'bf61'", "Did you mean bf16?"),
    "unknown variant option": ((*ONCE, "--candidate", "nf4+qd"), "'qd' is no option", "Did you mean dq?"),
    "impossible option": ((*ONCE, "--candidate", "nf4+threshold=0"), "threshold= is for int8", "Variants:"),
    "candidate twice": (
        (*ONCE, "--candidate", "int8", "--candidate", "int8+threshold=6"),
        "int8 is a candidate twice",
        "once",
    ),
    "no tokens": ((*ONCE, "--max-new-tokens", "0"), "0 is not from 1 up", "--help"),
    "no number": ((*ONCE, "--max-new-tokens", "many"), "'many' is no whole number", "--help"),
    "temperature without sampling": ((*ONCE, "--temperature", "0.5"), "--temperature has no effect", "--do-sample"),
    "seed and top-k without sampling": (
        (*ONCE, "--seed", "0", "--top-k", "5"),
        "--top-k has no effect",
        "--do-sample",
    ),
    "zero temperature": ((*ONCE, "--do-sample", "--temperature", "0"), "0 is not above 0", "--help"),
    "NaN temperature": ((*ONCE, "--do-sample", "--temperature", "nan"), "nan is not above 0", "--help"),
    "top-p beyond one": ((*ONCE, "--do-sample", "--top-p", "1.5"), "1.5 is not above 0 and at most 1", "--help"),
    "huge seed": ((*ONCE, "--do-sample", "--seed", str(2**63)), "is not from 0 up to 2**63 - 1", "--help"),
    "system prompt without a template": (
        (*ONCE, "--system-prompt", "Hi", "--no-chat-template"),
        "a part of the chat template",
        "--no-chat-template",
    ),
    "tokens without a document": ((*ONCE, "--per-token"), "--per-token adds", "--json"),
    "tokens without scores": ((*ONCE, "--json", "--per-token", "--no-score"), "--per-token adds", "--no-score"),
    "unknown model": ((*ONCE, "--model", "dmeo"), "no model is called 'dmeo'", "Did you mean demo?"),
    "missing folder": ((*ONCE, "--model", "./nowhere"), "there is no folder './nowhere'", "quanttui models"),
    "missing prompts file": (("compare", "--prompts-file", "nowhere.txt"), "No such file", "text file"),
    "folder of prompts": (("compare", "--prompts-file", "."), "Is a directory", "text file"),
    "empty standard input": (("compare", "--prompts-file", "-"), "standard input holds no prompt", "one prompt a line"),
}


def complaint(result: Any, code: int) -> tuple[str, str]:
    """What was said and what to do next; checks all that every complaint has in common."""
    assert result.code == code
    assert result.out == ""
    assert "Traceback" not in result.err
    what, _, following = result.err.partition("\n  next: ")
    assert what.startswith("quanttui: ")
    return what, following


@pytest.mark.parametrize(("argv", "what", "following"), WRONG.values(), ids=WRONG.keys())
def test_wrong_usage_is_told_with_the_way_out(command: Any, argv: tuple[str, ...], what: str, following: str) -> None:
    said, hint = complaint(command(*argv), 2)
    assert what in said
    assert following in hint


def test_a_prompts_file_that_is_no_text_is_refused(command: Any, tmp_path: Path) -> None:
    file = tmp_path / "prompts.bin"
    file.write_bytes(b"ok\n\xff\xfe")
    said, hint = complaint(command("compare", "--prompts-file", str(file)), 2)
    assert "no UTF-8 text" in said
    assert "byte 3" in said
    assert "one prompt a line" in hint


def test_a_folder_that_is_no_model_is_refused(command: Any, tmp_path: Path) -> None:
    said, _ = complaint(command(*ONCE, "--model", str(tmp_path)), 2)
    assert "cannot be run" in said


@pytest.fixture
def copied_demo(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODEL_FOLDER, tmp_path / "model"))


def test_truncated_weights_are_refused(command: Any, copied_demo: Path) -> None:
    weights = copied_demo / "model.safetensors"
    os.truncate(weights, weights.stat().st_size // 2)
    result = command(*ONCE, "--model", str(copied_demo))
    said, _ = complaint(result, 2)
    assert "model.safetensors" in said


def test_pickled_weights_are_refused(command: Any, copied_demo: Path) -> None:
    (copied_demo / "model.safetensors").rename(copied_demo / "pytorch_model.bin")
    said, _ = complaint(command(*ONCE, "--model", str(copied_demo)), 2)
    assert "safetensors" in said


def test_an_engine_that_is_not_known_is_refused(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANTTUI_ENGINE", "steam")
    said, hint = complaint(command(*ONCE), 2)
    assert "no engine is called 'steam'" in said
    assert "torch" in hint


def test_the_screen_is_refused_without_a_terminal(command: Any) -> None:
    said, hint = complaint(command(), 2)
    assert "needs a terminal" in said
    assert "quanttui compare" in hint


@pytest.mark.parametrize("option", ["--model", "--candidate", "--prompts-file", "--\x1b[31m"])
def test_an_escape_sequence_in_an_argument_never_acts(command: Any, option: str) -> None:
    result = command(*ONCE, option, "\x1b]0;owned\x07\u202ex")
    complaint(result, 2)
    assert not {"\x1b", "\x07", "\u202e"} & set(result.err)
