"""The summary's figures, words and verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest
from microscope_samples import summary

from quanttui.records import VerdictLevel
from quanttui.tui.widgets.legend import legend_content
from quanttui.tui.widgets.summary_line import summary_content


@pytest.mark.parametrize("level", VerdictLevel)
def test_the_verdict_is_a_sign_and_a_word_said_once(level: VerdictLevel) -> None:
    first = summary_content(summary(level), 160).plain.split("\n")[0]
    assert first.casefold().count(level.value) == 1
    assert level.value.upper() in first


@pytest.mark.parametrize("width", [76, 100, 160])
@pytest.mark.parametrize("height", [2, 3, 4])
def test_it_fits(width: int, height: int) -> None:
    shown = summary_content(summary(), width, height).split("\n")
    assert len(shown) <= height
    assert all(line.cell_length <= width for line in shown)


def test_every_figure_stands_over_its_words() -> None:
    values, words = summary_content(summary(), 160).plain.split("\n")[-2:]
    for value, word in [("0.041 ±0.008", "mean KL"), ("16 ×", "the noise floor"), ("94.1 ±2.1 %", "same first choice")]:
        assert values.index(value) == words.index(word)


def test_what_is_not_known_is_not_invented() -> None:
    figures = replace(summary(), same_top_standard_error=None, noise_multiple=None)
    figures = replace(figures, kl_divergence=replace(figures.kl_divergence, standard_error=None))
    values = summary_content(figures, 160).plain.split("\n")[1]
    assert "±" not in values
    assert values.split()[:2] == ["0.041", "n/a"]


def test_a_verdict_cannot_act_on_the_terminal() -> None:
    figures = replace(summary(), verdict=replace(summary().verdict, text="[/x]\x1b[2J\nclear"))
    assert "[/x]␛[2J⏎clear" in summary_content(figures, 160).plain


@pytest.mark.parametrize("width", [60, 76, 100, 160])
def test_the_legend_keeps_all_glyphs_where_there_is_room(width: int) -> None:
    legend = legend_content("bf16", "nf4", width)
    assert legend.cell_length <= width
    assert width < 76 or all(glyph in legend.plain for glyph in "_▁▂▃▄▅▆▇█▲△")
