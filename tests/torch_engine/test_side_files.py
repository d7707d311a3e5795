"""A reference's side in a file: the figures are those of the side in memory, and nothing but that side is taken."""

from __future__ import annotations

import errno
import os
import stat
import struct
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from driving import DEMO, finish, load_request
from scoring import disturbed, drain, make_scorer, random_model, random_text, word_tokenizer

from quanttui.errors import CancelledError, MeasurementError, UsageError
from quanttui.records import FlipKind, Precision, ScoreRequest
from quanttui.torch_engine.engine import TorchEngine
from quanttui.torch_engine.reference_side import ReferenceShelf
from quanttui.whole_files import write_whole

NAME = "llama, untied, odd vocabulary"
VOCABULARY = 1021
FLIPS = (FlipKind.NONE, FlipKind.TIE, FlipKind.REAL)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pair():
    reference = random_model(NAME)
    return reference, disturbed(reference)


def score(model, request, shelf=None, precision=Precision.BF16, **options):
    return drain(make_scorer(model, shelf or ReferenceShelf(), precision, **options).score(request))[1]


def requests(text, path, first_scored=3, **changes):
    """The reference's and the candidate's; nothing but the file goes from one to the other."""
    candidate = replace(ScoreRequest("t", text, first_scored, False, side_path=str(path)), **changes)
    return replace(candidate, is_reference=True), candidate


def in_memory(reference, candidate, request, **options):
    shelf = ReferenceShelf()
    request = replace(request, side_path=None)
    score(reference, replace(request, is_reference=True), shelf, **options)
    return score(candidate, request, shelf, **options)


def figures(result):
    return replace(result, seconds=0.0)


def assert_columns_are(columns, rows):
    count = len(rows)
    assert columns.tokens == count
    assert struct.unpack(f"<{count}i", columns.token_ids) == tuple(row.token_id for row in rows)
    for name, attribute in (
        ("kl", "kl_divergence"),
        ("reference_probability", "reference_probability"),
        ("candidate_probability", "candidate_probability"),
        ("reference_max_probability", "reference_max_probability"),
    ):
        assert struct.unpack(f"<{count}d", getattr(columns, name)) == tuple(getattr(row, attribute) for row in rows)
    assert [FLIPS[number] for number in columns.flips] == [row.flip for row in rows]


@pytest.fixture(scope="module")
def demo_scores(tmp_path_factory):
    """Of the demo model's variants on a text of several windows, by engines of their own where a file is between:
    {(reference, variant): (in memory, by the file, as columns)}."""
    folder = tmp_path_factory.mktemp("sides")
    text = random_text(4000, 700)
    results = {}
    for reference, variants in (("bf16", ("int8", "nf4", "nf4+head")), ("fp32", ("nf4", "bf16"))):
        memory, path = ScoreRequest("t", text, 500, False), folder / f"{reference}.safetensors"
        first, second = TorchEngine(device="cpu", threads=1), TorchEngine(device="cpu", threads=1)
        loaded = finish(first.load(load_request(DEMO, reference, reference)))
        finish(loaded.score(replace(memory, is_reference=True, side_path=str(path), keep_head=True)))
        finish(loaded.score(replace(memory, is_reference=True)))
        loaded.unload()
        by_file = replace(memory, side_path=str(path))
        for variant in variants:
            loaded = finish(first.load(load_request(DEMO, variant, reference)))
            kept = finish(loaded.score(memory))
            loaded.unload()
            loaded = finish(second.load(load_request(DEMO, variant, reference)))
            files = [finish(loaded.score(replace(by_file, as_columns=columns))) for columns in (False, True)]
            loaded.unload()
            results[reference, variant] = (kept, *files)
        first.close()
        second.close()
    return results


@pytest.mark.parametrize(
    "case", [("bf16", "int8"), ("bf16", "nf4"), ("bf16", "nf4+head"), ("fp32", "nf4"), ("fp32", "bf16")]
)
def test_the_figures_are_those_of_the_side_in_memory_bit_for_bit(demo_scores, case):
    kept, by_file, columns = demo_scores[case]
    assert len(kept.windows) > 1
    assert figures(by_file) == figures(kept)
    assert figures(replace(columns, columns=None)) == figures(replace(kept, tokens=()))
    assert_columns_are(columns.columns, kept.tokens)


def test_columns_of_a_side_in_memory_are_its_tokens_figures(pair):
    request = requests(random_text(VOCABULARY, 90), "unused")[1]
    rows, columns = (in_memory(*pair, replace(request, as_columns=asked)) for asked in (False, True))
    assert columns.tokens == ()
    assert rows.columns is None
    assert_columns_are(columns.columns, rows.tokens)


def test_nothing_stays_in_memory_and_the_file_is_its_owners_alone(pair, tmp_path):
    shelf = ReferenceShelf()
    reference, _ = requests(random_text(VOCABULARY, 40), tmp_path / "side")
    score(pair[0], reference, shelf)
    assert (shelf.head, shelf.sides) == (None, {})
    assert os.listdir(tmp_path) == ["side"]
    assert stat.S_IMODE((tmp_path / "side").stat().st_mode) == 0o600


def test_the_head_is_kept_once_for_all_texts(pair, tmp_path):
    for number in range(2):
        reference, _ = requests(random_text(VOCABULARY, 40, seed=number), tmp_path / f"side{number}", keep_head=True)
        score(pair[0], reference)
    assert len([name for name in os.listdir(tmp_path) if name.startswith("head-")]) == 1
    assert len(os.listdir(tmp_path)) == 3


def test_a_candidate_with_another_head_needs_the_references_own(pair, tmp_path):
    candidate = disturbed(pair[0])
    candidate.lm_head.weight.data.mul_(1.25)
    reference, request = requests(random_text(VOCABULARY, 40), tmp_path / "side")
    score(pair[0], reference)
    with pytest.raises(UsageError, match="own was not kept"):
        score(candidate, request)
    score(pair[0], replace(reference, keep_head=True))
    assert figures(score(candidate, request)) == figures(in_memory(pair[0], candidate, request))


@pytest.mark.parametrize("name", ["phi, head with bias", "granite, scaled down", "gemma2, soft cap"])
def test_a_kept_head_has_its_bias_and_its_transform(name, tmp_path):
    model = random_model(name)
    candidate = disturbed(model).to(torch.float32)
    reference, request = requests(random_text(700, 40), tmp_path / "side", keep_head=True)
    score(model, reference)
    assert figures(score(candidate, request)) == figures(in_memory(model, candidate, request))


def test_a_generation_s_own_states_serve_the_noise_as_they_do_in_memory(pair, tmp_path):
    text = random_text(VOCABULARY, 60)
    reference, request = requests(text, tmp_path / "side")
    decoded = score_module_decoded(text, 57)
    shelf = ReferenceShelf()
    drain(make_scorer(pair[0], shelf).score(reference, decoded=decoded))
    drain(make_scorer(pair[0], shelf).score(replace(reference, side_path=None), decoded=decoded))
    ours, theirs = score(pair[1], request), score(pair[1], replace(request, side_path=None), shelf)
    assert ours.noise_floor.tokens == 57
    assert figures(ours) == figures(theirs)


def score_module_decoded(text, made):
    from quanttui.torch_engine.score import Decoded

    return Decoded(text, torch.randn(made, 64, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16))


def test_a_side_that_is_not_there_is_asked_for(pair, tmp_path):
    with pytest.raises(UsageError, match="nothing to compare with"):
        score(pair[1], requests(random_text(VOCABULARY, 40), tmp_path / "side")[1])


@pytest.mark.parametrize("what", ["text", "start"])
def test_a_side_of_another_text_is_refused(pair, tmp_path, what):
    reference, request = requests(random_text(VOCABULARY, 40), tmp_path / "side")
    score(pair[0], reference)
    other = {"token_ids": random_text(VOCABULARY, 40, seed=9)} if what == "text" else {"first_scored": 4}
    with pytest.raises(UsageError, match="another text"):
        score(pair[1], replace(request, **other))


def test_a_side_of_another_tokenizer_or_vocabulary_is_refused(pair, tmp_path):
    reference, request = requests(random_text(512, 40), tmp_path / "side")
    score(pair[0], reference)
    with pytest.raises(UsageError, match="another tokenizer"):
        score(pair[1], request, tokenizer=word_tokenizer(VOCABULARY, prefix="x"))
    with pytest.raises(UsageError, match="512 entries, the reference's 1021"):
        score(random_model("llama, tied"), request, tokenizer=word_tokenizer(VOCABULARY))


def cut(data):
    return data[:-7]


def flipped(data):
    return data[:-100] + bytes([data[-100] ^ 1]) + data[-99:]


def emptied(data):
    return b""


@pytest.mark.parametrize("damage", [cut, flipped, emptied])
@pytest.mark.parametrize("which", ["side", "head"])
def test_a_damaged_file_is_refused_by_name(pair, tmp_path, damage, which):
    reference, request = requests(random_text(VOCABULARY, 40), tmp_path / "side", keep_head=True)
    score(pair[0], reference)
    file = next(path for path in tmp_path.iterdir() if path.name.startswith(which))
    file.write_bytes(damage(file.read_bytes()))
    candidate = disturbed(pair[0])
    candidate.lm_head.weight.data.mul_(1.25)
    with pytest.raises(MeasurementError, match=f"{file.name}.* is damaged") as caught:
        score(candidate, request)
    assert "Delete it" in caught.value.hint


def test_some_other_safetensors_file_is_refused(pair, tmp_path):
    from quanttui.torch_engine.tensor_file import write_tensors

    write_tensors(tmp_path / "side", {"states": torch.zeros(2, 3)}, {})
    with pytest.raises(MeasurementError, match="another version"):
        score(pair[1], requests(random_text(VOCABULARY, 40), tmp_path / "side")[1])
    write_tensors(tmp_path / "side", {"states": torch.zeros(2, 3)}, {"format": "quanttui side 1"})
    with pytest.raises(MeasurementError, match="does not hold"):
        score(pair[1], requests(random_text(VOCABULARY, 40), tmp_path / "side")[1])


def test_a_folder_that_is_not_there_is_told(pair, tmp_path):
    reference, _ = requests(random_text(VOCABULARY, 40), tmp_path / "gone" / "side")
    with pytest.raises(MeasurementError, match="cannot be written"):
        score(pair[0], reference)


def test_a_head_that_the_disk_does_not_take_is_told(pair, tmp_path, monkeypatch):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    written = []

    def write_one(path, data, **options):
        if written:
            raise full
        written.append(path)
        write_whole(path, data, **options)

    monkeypatch.setattr("quanttui.torch_engine.tensor_file.write_whole", write_one)
    reference, _ = requests(random_text(VOCABULARY, 40), tmp_path / "side", keep_head=True)
    with pytest.raises(MeasurementError, match=r"head-.* cannot be written: No space"):
        score(pair[0], reference)
    assert written == [tmp_path / "side"]


def test_a_reading_that_is_stopped_leaves_no_file(pair, tmp_path):
    reference, _ = requests(random_text(VOCABULARY, 100), tmp_path / "side")
    answers = iter([False] * 3)
    with pytest.raises(CancelledError):
        drain(make_scorer(pair[0], ReferenceShelf()).score(reference, lambda: next(answers, True)))
    assert os.listdir(tmp_path) == []


def test_a_side_can_be_scored_against_after_another_took_its_name(pair, tmp_path):
    """It is replaced, never written over: who has it open keeps what he read."""
    reference, request = requests(random_text(VOCABULARY, 40), tmp_path / "side")
    score(pair[0], reference)
    work = make_scorer(pair[1], ReferenceShelf()).score(request)
    next(work)
    Path(tmp_path / "new").write_bytes(b"")
    os.replace(tmp_path / "new", tmp_path / "side")
    expected = in_memory(*pair, request)
    assert figures(drain(work)[1]) == figures(expected)
