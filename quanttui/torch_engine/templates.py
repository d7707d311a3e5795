"""Renders a model's chat template in a process of its own, which is ended when its time is up.

A template is a program that came with the model: in its sandbox it can still loop without end or fill the memory.
Threads: one caller at a time, as in all of the engine.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import time
from datetime import date
from functools import lru_cache
from typing import Any

from quanttui.errors import UsageError

TIME_LIMIT_SECONDS = 5.0
_START_LIMIT_SECONDS = 60.0
_MAX_CHARACTERS = 4_000_000
_KEPT_VARIABLES = ("PATH", "PYTHONPATH", "PYTHONHOME", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "LC_TIME")
_HINT = "Leave the system prompt out, or switch the chat template off."


class TemplateRenderer:
    """The client of one such process; it starts at ``warm_up`` or with the first template, and again after a kill."""

    def __init__(self, time_limit_seconds: float = TIME_LIMIT_SECONDS) -> None:
        self.time_limit_seconds = time_limit_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ready = False

    def warm_up(self) -> None:
        """Start the process without waiting for it: its imports take a second."""
        if self._process is None or self._process.poll() is not None:
            self._is_ready = False
            self._process = subprocess.Popen(
                [sys.executable, "-m", "quanttui.torch_engine.template_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if name in _KEPT_VARIABLES},
                start_new_session=True,
            )

    def render(self, template: str, messages: list[dict[str, str]], special_tokens: dict[str, Any]) -> str:
        """Raises UsageError where the template refuses, fails, or takes too long."""
        self.warm_up()
        assert self._process is not None
        if not self._is_ready:
            self._answer(_START_LIMIT_SECONDS)
            self._is_ready = True
        request = {
            **special_tokens,
            "conversations": [messages],
            "chat_template": template,
            "add_generation_prompt": True,
            "max_characters": _MAX_CHARACTERS,
        }
        answer = self._ask(request)
        if "text" not in answer:
            raise UsageError(f"the model's chat template refuses this: {answer.get('error')}", _HINT)
        return str(answer["text"])

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        return self._answer(self.time_limit_seconds)

    def _answer(self, limit_seconds: float) -> dict[str, Any]:
        """The next line that the process writes, within the time limit."""
        assert self._process is not None
        assert self._process.stdout is not None
        descriptor, line = self._process.stdout.fileno(), b""
        deadline = time.monotonic() + limit_seconds
        while not line.endswith(b"\n"):
            if not _readable(descriptor, deadline - time.monotonic()):
                self.close()
                raise UsageError(f"the model's chat template did not end within {limit_seconds:g} s", _HINT)
            read = os.read(descriptor, 1 << 16)
            if not read:
                raise self._ended()
            line += read
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ended(self) -> UsageError:
        self.close()
        return UsageError("the model's chat template ended the process that rendered it", _HINT)


RENDERER = TemplateRenderer()
atexit.register(RENDERER.close)


def render_chat(template: str, messages: list[dict[str, str]], special_tokens: dict[str, Any]) -> str:
    """As transformers renders it. The same text for every variant of a run, also where the template tells the time."""
    return _render_on(date.today().isoformat(), template, json.dumps(messages), json.dumps(special_tokens))


@lru_cache(maxsize=64)
def _render_on(_day: str, template: str, messages: str, special_tokens: str) -> str:
    return RENDERER.render(template, json.loads(messages), json.loads(special_tokens))


def _readable(descriptor: int, seconds: float) -> bool:
    return bool(select.select([descriptor], [], [], max(0.0, seconds))[0])
