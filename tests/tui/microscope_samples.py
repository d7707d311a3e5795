"""Scores made by hand for pictures and tests of the microscope, and a small app that shows the pane alone."""

from __future__ import annotations

import math
import random

from textual.app import App, ComposeResult
from textual.widgets import Footer

from quanttui.records import (
    DivergenceSummary,
    FlipKind,
    KlSummary,
    NoiseFloor,
    Precision,
    Score,
    TokenScore,
    TopToken,
    Variant,
    Verdict,
    VerdictLevel,
)
from quanttui.tui.state.branch_view import BranchView
from quanttui.tui.widgets.branch import BranchScreen
from quanttui.tui.widgets.divergence import DivergencePane
from quanttui.tui.widgets.strip import DivergenceStrip

NOISE = NoiseFloor(mean=0.0026, kind="decode against prefill", tokens=120)
VARIANTS = (Variant(Precision.BF16), Variant(Precision.NF4))
TALE = (
    " there| lived| a| king| who| had| three| daughters|,| and| the| youngest| was| so| beautiful| that| the| sun|"
    " itself|,| which| had| seen| so| much|,| was| aston|ished| whenever| it| sh|one|.|\n|Close| by| a|"
    " king|'s| castle| lay| a| great| dark| forest|,| and| under| an| old| lime|-|tree| was| a| well|."
)
OTHERS = [" sons", " people", " woman", " soldier", " man", " miller", " fox", " two", " world", " golden"]
STRANGE = ("日本", "語", "🙂", "<0xE2>", "�", "\n", "\t", "", "\x1b", "\u200d", " ", "  ", "e\u0301", "[/x]", "\u202e")


def token(
    index: int, text: str, kl: float, flip: FlipKind = FlipKind.NONE, p: float = 0.6, q: float = 0.55
) -> TokenScore:
    """One token with lists of eight on both sides; at a flip the candidate puts another token first."""
    ours = [TopToken(1000 + index, text, p)]
    ours += [TopToken(2000 + k, OTHERS[(index + k) % len(OTHERS)], (1 - p) * 0.4 * 0.6**k) for k in range(7)]
    theirs = [TopToken(ours[0].token_id, text, q)]
    theirs += [TopToken(o.token_id, o.text, o.probability * 0.8) for o in (ours[2], ours[1], *ours[3:6])]
    theirs += [TopToken(3000 + k, [" dragon", " nothing"][k], 0.004 / (k + 1)) for k in range(2)]
    if flip is not FlipKind.NONE:
        theirs[1] = TopToken(theirs[1].token_id, theirs[1].text, q * (1.02 if flip is FlipKind.TIE else 1.7))
    theirs.sort(key=lambda entry: -entry.probability)
    return TokenScore(
        position=5 + index,
        token_id=1000 + index,
        text=text,
        kl_divergence=kl,
        reference_probability=p,
        candidate_probability=q,
        reference_rank=1,
        candidate_rank=1 if flip is FlipKind.NONE else 2,
        flip=flip,
        reference_entropy_nats=1.92,
        reference_max_probability=p,
        top_two_gap_nats=0.004 if flip is FlipKind.TIE else 0.52,
        noise_nats=0.011,
        reference_top=tuple(ours),
        candidate_top=tuple(theirs),
    )


def tale_score(count: int = 120) -> Score:
    """A realistic text: mostly calm, four real flips, three tie flips, a few loud tokens without a flip."""
    dice = random.Random(7)
    pieces = TALE.split("|")
    real, tie = {7: 0.62, 43: 0.19, 78: 1.4, 111: 0.33}, {12: 0.02, 51: 0.008, 90: 0.05}
    tokens = []
    for index in range(count):
        kl, place = math.exp(dice.gauss(-5.4, 1.4)), index % 120
        flip = FlipKind.REAL if place in real else FlipKind.TIE if place in tie else FlipKind.NONE
        kl = real.get(place, tie.get(place, kl))
        p = 0.41 if flip is not FlipKind.NONE else 0.3 + 0.65 * dice.random()
        q = max(0.02, p * (1 - 1.2 * math.sqrt(kl) / (1 + kl)))
        tokens.append(token(index, pieces[index % len(pieces)], kl, flip, p, q))
    return Score(tuple(tokens), NOISE, chunk_tokens=64, seconds=0.4)


def strange_score() -> Score:
    """Pieces that break tables: wide, emoji, bytes, controls, nothing, markup."""
    tokens = [
        token(i, text, 0.0004 * 4**i, FlipKind.REAL if i % 4 == 2 else FlipKind.NONE, 0.4, 0.2)
        for i, text in enumerate(STRANGE)
    ]
    return Score(tuple(tokens), NOISE, chunk_tokens=64, seconds=0.1)


def one_token_score() -> Score:
    return Score((token(0, " once", 0.012),), NOISE, chunk_tokens=1, seconds=0.0)


def summary(level: VerdictLevel = VerdictLevel.CLEAR) -> DivergenceSummary:
    text = f"{level}: mean KL 0.041 is 16 times the noise floor, and 1 first choice in 17 changed"
    return DivergenceSummary(
        tokens=120,
        scope="within this text",
        kl_divergence=KlSummary(0.041, 0.0082, 0.0045, 0.052, 0.19, 0.62, 1.31, 1.4),
        same_top=0.941,
        same_top_standard_error=0.021,
        delta_p_mean=-1.9,
        rms_delta_p=6.2,
        perplexity_reference=6.1,
        perplexity_candidate=6.4,
        ln_perplexity_ratio=0.048,
        ln_perplexity_ratio_standard_error=0.01,
        tie_flips=3,
        real_flips=4,
        noise_floor=NOISE,
        noise_multiple=15.8,
        smallest_detectable_nats=0.008,
        by_confidence=(),
        verdict=Verdict(level, text),
    )


class MicroscopeApp(App[None]):
    """The pane alone, and what it posted."""

    CSS = "DivergencePane { height: auto; }"

    def __init__(
        self, score: Score | None, figures: DivergenceSummary | None = None, height: int | None = None
    ) -> None:
        super().__init__()
        self.score, self.figures, self.height = score, figures, height
        self.moves: list[DivergenceStrip.CursorMoved] = []
        self.forced: list[DivergencePane.ForceTokenRequested] = []
        self.hints: list[DivergenceStrip.Hinted] = []

    def compose(self) -> ComposeResult:
        yield DivergencePane()
        yield Footer()

    def on_mount(self) -> None:
        pane = self.query_one(DivergencePane)
        if self.height:
            pane.styles.height = self.height
        if self.score is not None:
            pane.set_result(self.score, self.figures, VARIANTS)
        self.query_one(DivergenceStrip).focus()

    def on_divergence_strip_cursor_moved(self, event: DivergenceStrip.CursorMoved) -> None:
        self.moves.append(event)

    def on_divergence_strip_hinted(self, event: DivergenceStrip.Hinted) -> None:
        self.hints.append(event)

    def on_divergence_pane_force_token_requested(self, event: DivergencePane.ForceTokenRequested) -> None:
        self.forced.append(event)


BRANCH = BranchView(
    variant="nf4",
    donor="bf16",
    index=7,
    prefix=" there lived a king who had three",
    forced=" daughters",
    free=" there lived a king who had three sons, and the eldest of them went out into the wide world for luck.",
)


class BranchApp(App[None]):
    """A branch over an empty screen."""

    def __init__(self, view: BranchView) -> None:
        super().__init__()
        self.view = view
        self.stops = 0

    def on_mount(self) -> None:
        self.push_screen(BranchScreen(self.view))

    def on_branch_screen_stop_requested(self) -> None:
        self.stops += 1
