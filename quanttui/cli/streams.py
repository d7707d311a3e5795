"""The three standard streams: data out, errors and narration out, prompts in. The only writer to stdout and stderr."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Mapping
from typing import TextIO

from quanttui.errors import QuantTuiError, UsageError
from quanttui.text import safe_text


class OutputError(QuantTuiError):
    """stdout does not take what was made: a full disk, a closed file."""


def prepare_streams() -> None:
    """A character that the terminal's encoding lacks is written as an escape, never a reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def write_data(text: str) -> None:
    """Put ``text`` on stdout, all of it. Raises BrokenPipeError where the reader left, OutputError otherwise."""
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        _write_all(sys.stdout, text)
    except BrokenPipeError:
        raise
    except OSError as error:
        release_stdout()
        raise OutputError(
            f"the result could not be written to standard output: {error.strerror}",
            "Make room, or send the output elsewhere, and run it again.",
        ) from error


def _write_all(stream: TextIO, text: str) -> None:
    """Where PYTHONUNBUFFERED is set there is no buffer that would write on: what a nearly full disk did not take of one
    write is lost without an error (https://github.com/python/cpython/issues/85393), so it is counted here."""
    stream.flush()
    rest = memoryview(text.encode(stream.encoding, stream.errors or "strict"))
    while rest:
        if not (taken := stream.buffer.write(rest)):
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        rest = rest[taken:]
    stream.flush()


def read_stdin(limit_bytes: int) -> bytes:
    """At most ``limit_bytes`` of stdin. Raises UsageError where it is closed or cannot be read (a folder)."""
    try:
        if sys.stdin is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        return sys.stdin.buffer.read(limit_bytes)
    except OSError as error:
        raise UsageError(
            f"standard input cannot be read: {error.strerror}", "Send a text to it, or name a file."
        ) from error


def release_stdout() -> None:
    """Let what is left in stdout's buffer go nowhere, so that the interpreter's own flush at exit is silent."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def say_error(error: QuantTuiError) -> None:
    """What happened, why where that has a line of its own, and what to do next, on stderr."""
    _say("quanttui", error)


def say_warning(error: QuantTuiError) -> None:
    """The same of something that the work goes on without."""
    _say("quanttui: warning", error)


def say_note(words: str) -> None:
    """One line that is worth knowing and needs nothing done."""
    _say("quanttui: note", QuantTuiError(words))


def _say(who: str, error: QuantTuiError) -> None:
    parts = [f"{who}: {error.message}"]
    parts += [f"  {label}: {text}" for label, text in (("why", error.why), ("next", error.hint)) if text]
    lines = [part.replace("\n", "\n    ") for part in parts]  # what others wrote never begins a line
    with contextlib.suppress(OSError, AttributeError):
        sys.stderr.write(safe_text("\n".join(lines)) + "\n")
        sys.stderr.flush()


def ask(question: str) -> bool:
    """Whether the user says yes, to a question on stderr."""
    sys.stderr.write(safe_text(question))
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def wants_colour(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Colour goes to terminals only, and not where NO_COLOR (https://no-color.org) or a dumb terminal says no."""
    return is_terminal(stream) and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
