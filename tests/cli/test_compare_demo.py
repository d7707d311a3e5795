"""``quanttui compare`` as a user runs it: the demo model, the real engine in its process, one JSON document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

PROMPTS = ("Once upon a time", "The king said")
TOKENS = 24


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    argv = ["compare", "--model", "demo", "--reference", "bf16", "--candidate", "int8", "--candidate", "nf4+dq"]
    argv += ["--prompt", PROMPTS[0], "--prompt", PROMPTS[1], "--max-new-tokens", str(TOKENS), "--json", "--per-token"]
    home = tmp_path_factory.mktemp("home")
    return subprocess.run(
        [sys.executable, "-m", "quanttui", *argv],
        env={**os.environ, "QUANTTUI_HOME": str(home), "QUANTTUI_ENGINE": "torch"},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=150,
    )


@pytest.fixture(scope="module")
def document(shown: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert shown.returncode == 0, shown.stderr
    parsed: dict[str, Any] = json.loads(shown.stdout)
    return parsed


def candidates(document: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each candidate's output with the reference's of the same prompt."""
    return [(prompt["reference"], c) for prompt in document["prompts"] for c in prompt["candidates"]]


def test_stderr_stays_empty_without_a_terminal(shown: subprocess.CompletedProcess[str]) -> None:
    assert shown.stderr == ""


def test_says_what_ran_and_on_what(document: dict[str, Any]) -> None:
    assert document["model"]["id"] == "demo"
    assert document["model"]["architecture"] == "LlamaForCausalLM"
    assert 4e6 < document["model"]["parameter_count"] < 8.5e6
    versions = {"device", "python", "torch", "transformers", "bitsandbytes", "quanttui"}
    assert all(isinstance(document["environment"][name], str) for name in versions)


def test_outputs_are_the_generated_tokens_alone(document: dict[str, Any]) -> None:
    for prompt in document["prompts"]:
        for output in (prompt["reference"], *prompt["candidates"]):
            assert 0 < len(output["token_ids"]) <= TOKENS
            assert (len(output["token_ids"]) == TOKENS) == (output["finish_reason"] == "length")
            assert output["tokens_per_second"] > 0
            assert output["time_to_first_token_seconds"] > 0
            assert not output["text"].startswith(prompt["text"])


def test_the_difference_is_that_of_the_token_ids(document: dict[str, Any]) -> None:
    for reference, candidate in candidates(document):
        rebuilt = []
        for span in candidate["diff"]:
            ours, theirs = reference["token_ids"][slice(*span["reference"])], slice(*span["candidate"])
            rebuilt += ours if span["op"] == "equal" else candidate["token_ids"][theirs]
        assert rebuilt == candidate["token_ids"]
        first = candidate["first_divergence"]
        assert (first is None) == (reference["token_ids"] == candidate["token_ids"])
        if first is not None:
            assert reference["token_ids"][:first] == candidate["token_ids"][:first]
            assert reference["token_ids"][first : first + 1] != candidate["token_ids"][first : first + 1]


def test_every_option_that_was_set_is_told(document: dict[str, Any]) -> None:
    int8, nf4 = document["prompts"][0]["candidates"]
    assert (int8["variant"], nf4["variant"]) == ("int8", "nf4+dq")
    assert int8["options"]["load_in_8bit"] is True
    assert nf4["options"]["bnb_4bit_quant_type"] == "nf4"
    assert nf4["options"]["bnb_4bit_use_double_quant"] is True


def test_quantized_weights_are_smaller(document: dict[str, Any]) -> None:
    reference, int8, nf4 = (load["parameter_bytes"] for load in document["loads"])
    assert nf4 < int8 < reference
    assert all(load["load_seconds"] > 0 for load in document["loads"])


def test_the_divergence_is_that_of_its_tokens(document: dict[str, Any]) -> None:
    for reference, candidate in candidates(document):
        tokens, divergence = candidate["per_token"], candidate["divergence"]
        assert [token["token_id"] for token in tokens] == reference["token_ids"]
        assert divergence["tokens"] == len(tokens)
        mean = sum(token["kl_divergence"] for token in tokens) / len(tokens)
        assert divergence["kl_divergence"]["mean"] == pytest.approx(mean, rel=1e-6)
        assert divergence["kl_divergence"]["max"] == pytest.approx(max(t["kl_divergence"] for t in tokens))
        assert divergence["delta_p_mean"] == pytest.approx(sum(t["delta_p"] for t in tokens) / len(tokens), abs=1e-6)
        assert divergence["verdict"].startswith(divergence["verdict_level"])


def test_the_summary_pools_the_prompts(document: dict[str, Any]) -> None:
    assert [summary["variant"] for summary in document["summary"]] == ["int8", "nf4+dq"]
    for index, summary in enumerate(document["summary"]):
        parts = [prompt["candidates"][index]["divergence"]["tokens"] for prompt in document["prompts"]]
        assert summary["tokens"] == sum(parts)
