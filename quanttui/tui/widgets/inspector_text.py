"""The inspector's words and bars: one token of two models as a block of text. Pure; knows no widget and no Score."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from quanttui.records import FlipKind, TokenScore, TopToken
from quanttui.tui.shading import FLIP_GLYPHS, LEVEL_GLYPHS, Band, band_of, level_of
from quanttui.tui.visible import fit, visible_piece, visible_run
from quanttui.units import format_multiple, format_nats, format_percent, format_points

ORDER_STYLES = ("$text-primary", "$text-accent", "$text-success", "$text-error", "$text-secondary")
"""Colours of the tokens both lists hold, by the reference's order; the number after ← says the same without colour."""

BAND_STYLES = {
    Band.CALM: "$foreground-muted",
    Band.SLIGHT: "$text-success",
    Band.VISIBLE: "$text-warning",
    Band.STRONG: "bold $text-error",
}
_FLIP_NAMES = {
    FlipKind.REAL: ("bold $text-error", "Real flip"),
    FlipKind.TIE: ("bold $text-warning", "Tie flip"),
    FlipKind.NONE: ("bold $text-success", "No flip"),
}
_MUTED = "$foreground-muted"
_EIGHTHS = " ▏▎▍▌▋▊▉"
_SEPARATOR = " │ "
_TAG_CELLS = 4


@dataclass(frozen=True, slots=True)
class InspectorView:
    """What the inspector shows. ``index`` counts scored tokens from 0; ``before`` and ``after`` are raw text.

    ``wrote``: what the candidate chose here when it wrote by itself, where that is known and another token.
    """

    token: TokenScore
    index: int
    count: int
    noise_nats: float
    reference: str
    candidate: str
    before: str = ""
    after: str = ""
    wrote: str | None = None


@dataclass(frozen=True, slots=True)
class ListRow:
    """One line of a top-k list. ``order``: the token's place in the reference's list, None where it has none."""

    rank: int
    token_id: int
    text: str
    probability: float
    is_emitted: bool
    order: int | None


def inspector_content(view: InspectorView, width: int, height: int) -> Content:
    """The whole block, at most ``height`` lines of ``width`` cells: 6 lines hold the top 3, 12 hold the top 8."""
    head = [_identity(view, width), _figures(view, width, name_flip=height < 7)]
    if height >= 7:
        head.append(_flip_sentence(view, width))
    spare = height - len(head) - 1
    head += [Content("")] if spare > len(view.token.reference_top) else []
    rows = max(1, height - len(head) - 1)
    return Content("\n").join(line.truncate(width) for line in [*head, *_lists(view, width, rows)])


def list_rows(token: TokenScore, *, of_reference: bool, limit: int) -> list[ListRow]:
    """The first ``limit`` of one model's list. The token that stands in the text is always among them, last if need
    be, with its true rank."""
    top = token.reference_top if of_reference else token.candidate_top
    order = {entry.token_id: place for place, entry in enumerate(token.reference_top)}
    shared = {entry.token_id for entry in token.candidate_top}

    def row(rank: int, entry: TopToken) -> ListRow:
        place = order.get(entry.token_id) if entry.token_id in shared else None
        return ListRow(rank, entry.token_id, entry.text, entry.probability, entry.token_id == token.token_id, place)

    rows = [row(rank, entry) for rank, entry in enumerate(top, start=1)][:limit]
    if any(shown.is_emitted for shown in rows):
        return rows
    rank = token.reference_rank if of_reference else token.candidate_rank
    probability = token.reference_probability if of_reference else token.candidate_probability
    return [*rows[: limit - 1], row(rank, TopToken(token.token_id, token.text, probability))]


def _identity(view: InspectorView, width: int) -> Content:
    """Which token, and where it stands in the text."""
    level = level_of(view.token.kl_divergence, view.noise_nats)
    label = f"Token {view.index + 1} of {view.count}   "
    return Content.assemble(
        (LEVEL_GLYPHS[level] + " ", BAND_STYLES[band_of(level)]),
        (label, "bold"),
        *_context(view, width - 2 - len(label)),
    )


def _context(view: InspectorView, room: int) -> list[tuple[str, str]]:
    """The token among its neighbours; two thirds of the room at most for what stands before it."""
    piece = visible_piece(view.token.text)
    middle = fit(piece, min(24, room, cell_len(piece)))
    sides = room - cell_len(middle)
    before, after = visible_run(view.before[-sides - 1 :]), visible_run(view.after[: sides + 1])
    before_cells = min(cell_len(before), max(sides * 2 // 3, sides - cell_len(after)))
    after_cells = min(cell_len(after), sides - before_cells)
    return [
        (fit(before, before_cells, from_end=True), _MUTED),
        (middle, "bold reverse"),
        (fit(after, after_cells), _MUTED),
    ]


def _figures(view: InspectorView, width: int, *, name_flip: bool) -> Content:
    """KL and how many times the noise that is, the token's probability and rank in both."""
    token = view.token
    noise = f" = {format_multiple(token.kl_divergence / view.noise_nats)} noise" if view.noise_nats > 0 else ""
    kl = f"KL {format_nats(token.kl_divergence)}{' nats' if width >= 90 else ''}{noise}"
    change = format_points(token.delta_p)
    line = Content.assemble(
        (kl, BAND_STYLES[band_of(level_of(token.kl_divergence, view.noise_nats))]),
        (f"   p {format_percent(token.reference_probability)} → {format_percent(token.candidate_probability)}", "bold"),
        f" ({change if width >= 90 else change.removesuffix(' points')})",
        f"   rank {token.reference_rank} → {token.candidate_rank}",
    )
    if name_flip and token.flip is not FlipKind.NONE:
        style, name = _FLIP_NAMES[token.flip]
        line = Content.assemble(line, "   ", (f"{FLIP_GLYPHS[token.flip]} {name.casefold()}", style))
    return line.truncate(width, ellipsis=True)


def _flip_sentence(view: InspectorView, width: int) -> Content:
    """What either model would have written here, and, where there is room, why that is a tie or not."""
    token, ours, theirs = view.token, _first(view.token.reference_top), _first(view.token.candidate_top)
    gap, noise = format_nats(token.top_two_gap_nats), format_nats(token.noise_nats)
    lead = f"{view.reference}'s lead is {gap} nats, its noise {noise}"
    style, name = _FLIP_NAMES[token.flip]
    match token.flip:
        case FlipKind.REAL:
            text = f"{view.reference} would go on with {ours}, {view.candidate} with {theirs}"
            reason = f"  (no tie: {lead})"
        case FlipKind.TIE:
            text = f"{ours} or {theirs} is a tie for {view.reference} itself"
            reason = f"  ({lead})"
        case FlipKind.NONE:
            text, reason = f"both would go on with {ours}", ""
            if view.wrote is not None:
                text = f"reading this text both go on with {ours}; writing by itself {view.candidate} chose"
                text, reason = f"{text} {visible_piece(view.wrote)}", "  (the two differ by rounding: noise floor)"
    glyph = FLIP_GLYPHS[token.flip].strip() or "="
    sentence = Content.assemble((f"{glyph} {name}: ", style), text)
    whole = Content.assemble(sentence, (reason, _MUTED))
    return whole if whole.cell_length <= width else sentence.truncate(width, ellipsis=True)


def _first(top: tuple[TopToken, ...]) -> str:
    return visible_piece(top[0].text) if top else "?"


def _lists(view: InspectorView, width: int, limit: int) -> list[Content]:
    """The head line and the rows of both lists, side by side; bars of both on one scale."""
    half = (width - len(_SEPARATOR)) // 2
    separator = (_SEPARATOR, _MUTED)
    ours = list_rows(view.token, of_reference=True, limit=limit)
    theirs = list_rows(view.token, of_reference=False, limit=limit)
    scale = max((row.probability for row in [*ours, *theirs]), default=1.0) or 1.0
    entropy = view.token.reference_entropy_nats
    lines = [
        Content.assemble(
            _list_head(view.reference, _entropy_words(entropy), half), separator, _list_head(view.candidate, [""], half)
        )
    ]
    for place in range(max(len(ours), len(theirs))):
        left = _list_row(ours[place], half, scale, tag=False) if place < len(ours) else Content(" " * half)
        right = _list_row(theirs[place], half, scale, tag=True) if place < len(theirs) else Content("")
        lines.append(Content.assemble(left, separator, right))
    return lines


def _entropy_words(entropy_nats: float) -> list[str]:
    """How unsure the reference was, longest first; exp(entropy) is the number of equal choices it amounts to."""
    short = f", entropy {format_nats(entropy_nats)}"
    choices = math.exp(min(entropy_nats, 50.0))
    return [f"{short} nats (like {choices:,.1f} equal choices)", f"{short} nats", short, ""]


def _list_head(name: str, words: list[str], width: int) -> Content:
    expected = " expected here"
    shown = fit(name, min(cell_len(name), max(4, width - len(expected) - 2)))
    room = width - 2 - cell_len(shown)
    tail = next((expected + text for text in words if len(expected + text) <= room), expected)
    return Content.assemble(("  " + shown, "bold"), (fit(tail, room), _MUTED))


def _list_row(row: ListRow, width: int, scale: float, *, tag: bool) -> Content:
    """``▸ 1 ␣daughters  41.0 % ██████  ←2``: mark, rank, token, probability, bar, the rank the reference gave it."""
    fixed = 2 + 4 + 7 + 1 + _TAG_CELLS
    token_cells = min(22, max(4, (width - fixed) * 11 // 20))
    bar_cells = max(0, width - fixed - token_cells)
    style = _MUTED if row.order is None else ORDER_STYLES[row.order % len(ORDER_STYLES)]
    note = "" if not tag else " new" if row.order is None else f" ←{row.order + 1}"
    emitted = "bold underline" if row.is_emitted else ""
    return Content.assemble(
        ("▸ " if row.is_emitted else "  ", "bold"),
        (f"{row.rank if row.rank < 1000 else '>1k':<4}", _MUTED),
        *_token_cell(row, token_cells, f"{emitted} {style}".strip()),
        (f"{format_percent(row.probability):>7} ", "bold" if row.is_emitted else ""),
        (fit(bar(row.probability / scale, bar_cells), bar_cells), style),
        (fit(note, _TAG_CELLS), _MUTED),
    )


def _token_cell(row: ListRow, width: int, style: str) -> list[tuple[str, str]]:
    """The piece and, apart from it, its padding, so that an underline ends where the token does."""
    piece = visible_piece(row.text)
    cells = min(width - 1, cell_len(piece))
    return [(fit(piece, cells), style), (" " * (width - cells), "")]


def bar(share: float, width: int) -> str:
    """A horizontal bar of ``share`` of ``width`` cells, in eighths; what is there at all shows at least one eighth."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    if share > 0:
        eighths = max(eighths, 1)
    full, rest = divmod(eighths, 8)
    return ("█" * full + _EIGHTHS[rest].strip())[:width]
