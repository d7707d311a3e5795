"""``--fail-if`` as a pipeline uses it: the exit code, the words on stderr, the document on stdout."""

from __future__ import annotations

import json
from typing import Any

ONCE = ("compare", "--prompt", "Once upon a time", "--candidate", "int8", "--candidate", "nf4")


def test_a_limit_that_holds_changes_nothing(command: Any) -> None:
    result = command(*ONCE, "--fail-if", "kl_divergence.mean>100", "--fail-if", "same_top<0")
    assert (result.code, result.err) == (0, "")


def test_a_limit_that_is_exceeded_ends_with_3_and_says_which_and_by_how_much(command: Any) -> None:
    result = command(*ONCE, "--fail-if", "nf4:kl_divergence.mean>0.0000001", "--fail-if", "same_top<0")
    assert result.code == 3
    (line,) = result.err.splitlines()
    assert line.startswith("quanttui: limit exceeded: nf4 kl_divergence.mean is ")
    assert "past >1e-07 by " in line
    assert "What each variant costs" in result.out


def test_the_document_holds_every_check(command: Any) -> None:
    result = command(*ONCE, "--json", "-q", "--fail-if", "same_top<0.9999")
    gate = json.loads(result.out)["gate"]
    assert [row["variant"] for row in gate] == ["int8", "nf4"]
    assert result.code == (3 if any(row["exceeded"] for row in gate) else 0)
    assert len(result.err.splitlines()) == sum(row["exceeded"] for row in gate)


def test_a_limit_that_cannot_be_read_is_refused_before_anything_runs(command: Any) -> None:
    for wrong in (
        ("--fail-if", "same_top"),
        ("--fail-if", "sametop<1"),
        ("--fail-if", "fp4:same_top<1"),
        ("--fail-if", "same_top<1", "--no-score"),
    ):
        result = command(*ONCE, *wrong)
        assert (result.code, result.out) == (2, "")
        assert "next:" in result.err
