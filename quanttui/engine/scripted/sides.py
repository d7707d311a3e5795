"""What a scripted reference leaves behind, in memory or in a file, and scores as packed columns. Scores nothing."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from quanttui.errors import MeasurementError, UsageError
from quanttui.records import FlipKind, ScoreRequest, TokenColumns, TokenScore
from quanttui.whole_files import write_whole

_FLIPS = (FlipKind.NONE, FlipKind.TIE, FlipKind.REAL)


def keep_side(request: ScoreRequest, shelf: dict[str, tuple[int, ...]]) -> None:
    """Remember which text was read: the scores themselves follow from it."""
    if request.side_path is None:
        shelf[request.text_id] = request.token_ids
        return
    text = json.dumps([request.first_scored, *request.token_ids])
    write_whole(Path(request.side_path), text.encode(), replace=True, durable=False)


def check_side(request: ScoreRequest, shelf: dict[str, tuple[int, ...]]) -> None:
    """Raises UsageError where the reference has read nothing, or something else, under this name."""
    if request.side_path is not None:
        _check_file(request, Path(request.side_path))
    elif request.text_id not in shelf:
        raise UsageError(f"the reference has not read the text {request.text_id!r}", "Score the reference first.")


def packed_columns(rows: Sequence[TokenScore]) -> TokenColumns:
    return TokenColumns(
        tokens=len(rows),
        token_ids=struct.pack(f"<{len(rows)}i", *(row.token_id for row in rows)),
        kl=_doubles(row.kl_divergence for row in rows),
        reference_probability=_doubles(row.reference_probability for row in rows),
        candidate_probability=_doubles(row.candidate_probability for row in rows),
        reference_max_probability=_doubles(row.reference_max_probability for row in rows),
        flips=bytes(_FLIPS.index(row.flip) for row in rows),
    )


def _check_file(request: ScoreRequest, path: Path) -> None:
    try:
        kept = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(f"the reference's side is not at {path}", "Score the reference first.") from None
    except ValueError:
        raise MeasurementError(f"{path} is damaged", "Delete it, and score the reference again.") from None
    if kept != [request.first_scored, *request.token_ids]:
        raise UsageError("the reference has read another text under this name", "Score the reference again.")


def _doubles(values: Iterable[float]) -> bytes:
    listed = list(values)
    return struct.pack(f"<{len(listed)}d", *listed)
