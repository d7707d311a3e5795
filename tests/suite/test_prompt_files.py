"""Prompts of the user's own: the two formats, what names a source, and what is said of files that are wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from quanttui.errors import UsageError
from quanttui.records import SuitePrompt
from quanttui.suite.built_in import built_in_prompts
from quanttui.suite.prompt_files import MAX_PROMPTS_BYTES, parse_prompts, read_prompts
from quanttui.suite.sources import prompts_named


def written(folder: Path, content: str | bytes, name: str = "mine.jsonl") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_a_text_file_holds_one_prompt_a_line(tmp_path: Path) -> None:
    file = written(tmp_path, "\ufeff  first \r\n\r\n \nzweiter\u2028– ü", "mine.txt")
    expected = (SuitePrompt("line-1", "own", "  first "), SuitePrompt("line-4", "own", "zweiter\u2028– ü"))
    assert read_prompts(file) == expected


def test_a_row_says_what_it_says_and_the_rest_is_filled_in(tmp_path: Path) -> None:
    rows = [
        {"prompt": "a\nb", "category": "poem", "id": "p-1", "source": {"more": [1]}},
        {"text": "c", "id": 7, "category": None},
        {"prompt": "d", "text": "not this"},
    ]
    file = written(tmp_path, "\ufeff" + "\r\n\r\n".join(map(json.dumps, rows)))
    assert read_prompts(file) == (
        SuitePrompt("p-1", "poem", "a\nb"),
        SuitePrompt("7", "own", "c"),
        SuitePrompt("line-5", "own", "d"),
    )


@pytest.mark.parametrize("name", ["rows.txt", "rows", "rows.JSON", "rows.NDJSON"])
def test_rows_are_known_by_their_first_line_too(tmp_path: Path, name: str) -> None:
    assert [prompt.text for prompt in read_prompts(written(tmp_path, '\n{"text": "x"}\n', name))] == ["x"]


@pytest.mark.parametrize("line", ["{", '{"a": 1}', '{"prompt": 3}', "[1]", "{" * 50_000, '{"a":' * 50_000])
def test_other_braces_in_a_text_file_are_a_prompt(tmp_path: Path, line: str) -> None:
    assert [prompt.text for prompt in read_prompts(written(tmp_path, line, "a.txt"))] == [line]


WRONG_ROWS = {
    "no JSON": ('{"prompt": "x"', "this is no JSON: Expecting ',' delimiter at column 15"),
    "plain words": ("Once upon a time", "this is no JSON: Expecting value at column 1"),
    "list": ('["x"]', "this is no object"),
    "too deep": ("[" * 100_000, "this is nested too deeply"),
    "other keys": ('{"question": "x", "answer": "y"}', "no 'prompt' and no 'text', only 'question', 'answer'"),
    "no keys": ("{}", "no 'prompt' and no 'text', only nothing"),
    "number": ('{"prompt": 7}', "'prompt' is no string"),
    "blank": ('{"text": " \\n"}', "'text' is empty"),
    "category of a number": ('{"prompt": "x", "category": 7}', "'category' is no string"),
    "true for an id": ('{"prompt": "x", "id": true}', "'id' is no string"),
    "surrogate": ('{"prompt": "\\ud83d"}', "'prompt' holds half a surrogate pair"),
    "id again": ('{"prompt": "x", "id": "a"}', "the id 'a' stands in line 1 already"),
}


@pytest.mark.parametrize(("line", "said"), WRONG_ROWS.values(), ids=WRONG_ROWS.keys())
def test_a_wrong_row_is_told_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    file = written(tmp_path, f'{{"prompt": "ok", "id": "a"}}\n\n{line}\n')
    with pytest.raises(UsageError) as caught:
        read_prompts(file)
    assert caught.value.message.startswith(f"the prompts file {str(file)!r}, line 3: ")
    assert said in caught.value.message
    assert '{"prompt": "Once upon a time"' in caught.value.hint


WRONG_FILES = {
    "Latin-1": ("a.txt", "ok\nqué\n".encode("latin-1"), "line 2: this is no UTF-8 text: invalid continuation byte"),
    "UTF-16": ("a.txt", "ok\n".encode("utf-16"), "line 1: this is no UTF-8 text"),
    "UTF-16 without a mark": ("a.txt", "ok\n".encode("utf-16-le"), "line 1: a zero byte"),
    "zero": ("a.txt", b"one\ntwo\0\n", "line 2: a zero byte"),
    "empty": ("a.txt", b"", "holds no prompt"),
    "blank rows": ("a.jsonl", b"\n \n", "holds no prompt"),
    "a list in JSON": ("a.json", b'[\n  {"prompt": "x"}\n]', "is one JSON document"),
    "too large": ("a.txt", b"x" * (MAX_PROMPTS_BYTES + 1), "is larger than 16 MB"),
}


@pytest.mark.parametrize(("name", "content", "said"), WRONG_FILES.values(), ids=WRONG_FILES.keys())
def test_a_wrong_file_is_told_by_name(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    file = written(tmp_path, content, name)
    with pytest.raises(UsageError) as caught:
        read_prompts(file)
    assert caught.value.message.startswith(f"the prompts file {str(file)!r}")
    assert said in caught.value.message
    assert caught.value.hint


def test_what_has_no_end_is_not_read_to_its_end() -> None:
    with pytest.raises(UsageError, match="'/dev/zero' is larger than 16 MB"):
        read_prompts(Path("/dev/zero"))


def test_a_pipe_is_read_like_a_file() -> None:
    read, write = os.pipe()
    with os.fdopen(write, "wb") as end:
        end.write(b"one\ntwo\n")
    assert [prompt.text for prompt in read_prompts(Path(f"/dev/fd/{read}"))] == ["one", "two"]
    os.close(read)


def test_bytes_that_were_read_already_are_told_by_their_title() -> None:
    with pytest.raises(UsageError, match="standard input, line 1: this is no UTF-8 text"):
        parse_prompts(b"\xff", "standard input")


def test_suite_names_the_built_in_prompts() -> None:
    assert prompts_named("suite") == built_in_prompts()


def test_categories_of_the_suite_come_in_its_own_order_and_once() -> None:
    chosen = prompts_named("suite:code, facts,code")
    assert chosen == tuple(prompt for prompt in built_in_prompts() if prompt.category in ("facts", "code"))
    assert chosen[0].category == "facts"


@pytest.mark.parametrize(("source", "nearest"), [("suite:fact", "suite:facts"), ("suite:", ""), ("suite:code,", "")])
def test_an_unknown_category_is_refused_with_those_there_are(source: str, nearest: str) -> None:
    with pytest.raises(UsageError, match="the suite has no category") as caught:
        prompts_named(source)
    assert nearest in caught.value.hint
    assert "story, facts, arithmetic" in caught.value.hint


def test_a_file_called_suite_is_in_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "mine\n", "suite")
    monkeypatch.chdir(tmp_path)
    assert len(prompts_named("suite")) > 1
    assert [prompt.text for prompt in prompts_named("./suite")] == ["mine"]
