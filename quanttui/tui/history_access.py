"""What the screen needs of the history, handed in by whoever starts the app: a test brings its own. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from quanttui.records import ModelEntry
from quanttui.runs.export.privacy import Privacy

if TYPE_CHECKING:
    from quanttui.pipeline.recorded import StartRecording  # numpy behind it
    from quanttui.runs.store import RunStore


@dataclass(frozen=True, slots=True)
class HistoryAccess:
    """``open`` gives the calling thread a store of its own and may raise ``HistoryError``. ``off``: why runs of this
    session are not kept, and how they would be; "" where they are. ``find_again`` gives a stored run's model as it lies
    here today, or raises ``UsageError``. ``record_again`` keeps a run as a repetition of the one with that id.
    ``folder`` and ``privacy`` are for exports."""

    open: Callable[[], RunStore]
    off: str = ""
    find_again: Callable[[ModelEntry], ModelEntry] = lambda entry: entry
    record_again: Callable[[str], StartRecording | None] = lambda run_id: None
    folder: Path = Path()
    privacy: Privacy = field(default_factory=Privacy)
    now: Callable[[], datetime] = datetime.now
