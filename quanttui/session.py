"""What is remembered from one start of the screen to the next: the choices and the prompt, in one small private file.

It is a comfort, never needed: whatever cannot be read is left out, with a word for the user. Knows no screen.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from pathlib import Path

from quanttui.records import GenerationSettings, Variant
from quanttui.typed_json import TypedJsonError, from_text, to_text
from quanttui.whole_files import write_whole

FILE_NAME = "session.json"
VERSION = 1
_LARGEST_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class SweepChoices:
    """What the last sweep was asked for, its fields as they were typed. ``left_out``: categories of the built-in suite
    that were not read; all of them: no prompt of it was."""

    left_out: tuple[str, ...] = ()
    built_in_text: bool = True
    own_prompts: str = ""
    own_text: str = ""
    budget: str = "20m"
    text_tokens: str = ""
    least_same_top: str = ""
    most_kl: str = ""
    least_speed: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """``model``: what ``resolve_model`` finds it by. ``reference`` None: the checkpoint's own half-precision type.
    ``warm_up_seconds``: how long the engine took to get ready, where it was seen."""

    model: str | None = None
    prompt: str = ""
    reference: Variant | None = None
    candidates: tuple[Variant, ...] = ()
    generation: GenerationSettings = field(default_factory=GenerationSettings)
    theme: str | None = None
    warm_up_seconds: float | None = None
    sweep: SweepChoices = field(default_factory=SweepChoices)


@dataclass(frozen=True, slots=True)
class _Remembered:
    session: Session
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class _Header:
    version: int


def read_session(folder: Path) -> tuple[Session | None, str]:
    """What was remembered, and why it was not where something is there; both nothing at a first start."""
    path = folder / FILE_NAME
    try:
        if path.exists() and not path.is_file():  # reading a pipe would wait for ever
            raise OSError(errno.EINVAL, "no file")
        if path.stat().st_size > _LARGEST_BYTES:
            return None, "what was chosen last is too large to be read: this start is a fresh one"
        text = path.read_text("utf-8")
        if from_text(text, _Header).version > VERSION:
            return None, "what was chosen last was kept by a newer quanttui: this start is a fresh one"
        return from_text(text, _Remembered).session, ""
    except FileNotFoundError:
        return None, ""
    except (OSError, UnicodeError, TypedJsonError):
        return None, "what was chosen last cannot be read: this start is a fresh one"


def write_session(folder: Path, session: Session) -> None:
    """For the user's eyes only, whole or not at all; of two apps the last one counts. Raises OSError.

    Not forced onto the disk: that can take long, and a file that a power cut left half written is only left out.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(folder / FILE_NAME, to_text(_Remembered(session)).encode(), replace=True, durable=False)
