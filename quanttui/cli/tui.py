"""``quanttui`` without a command: hands the screen its engine, its models and its readings."""

from __future__ import annotations

import contextlib
import os
import sys
from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from quanttui import __version__
from quanttui.cli import late
from quanttui.cli.arguments import Parser
from quanttui.cli.configured import WORDS
from quanttui.cli.recording import recording_for, sweep_recording_for
from quanttui.cli.streams import is_terminal
from quanttui.errors import UsageError
from quanttui.settings import Settings

if TYPE_CHECKING:
    from quanttui.session import Session

DESCRIPTION = "See what quantization costs a language model, on your prompts. Without a command it opens the screen."


def add_arguments(parser: Parser) -> None:
    parser.add_argument("--version", action="version", version=f"quanttui {__version__}")
    parser.add_argument("--model", metavar="MODEL", help="the model to begin with: demo, a folder, or a hub id")
    parser.add_argument("--prompt", metavar="TEXT", help="the prompt to begin with")
    parser.add_argument("--theme", metavar="NAME", help=f"{WORDS['theme']} quanttui-dark, nord, dracula, ...")
    parser.add_argument("--no-history", action="store_true", help="keep no run of this session")
    parser.add_argument(
        "--in-process", action="store_true", default=None, help="run the engine in this process, without a child"
    )
    parser.add_argument(
        "--low-bandwidth",
        action="store_true",
        default=None,
        help=WORDS["low_bandwidth"],
    )
    parser.add_argument(
        "--no-mouse", dest="mouse", action="store_false", default=None, help="leave the mouse to the terminal"
    )


def run(arguments: Namespace, settings: Settings) -> int:
    if not all(map(is_terminal, (sys.stdin, sys.stdout, sys.stderr))):  # Textual paints on stderr
        raise UsageError("the screen needs a terminal", "quanttui compare does the same work without one.")
    return _show(arguments, settings)


def _show(arguments: Namespace, settings: Settings) -> int:
    """The rooms below are imported here: ``--help`` and ``--version`` need none of them."""
    from quanttui.cli.choices import initial_choices
    from quanttui.cli.engines import open_configured_pool
    from quanttui.cli.screen_history import screen_history
    from quanttui.models.demo import PROMPTS
    from quanttui.records import Plan
    from quanttui.session import read_session
    from quanttui.tui import run_app
    from quanttui.tui.key_table import check_keymap
    from quanttui.tui.services import SLOW_LINK, Hub, Link, Services

    if arguments.model is not None:
        late.resolve_model(arguments.model)
    last, word = read_session(settings.places.state)
    engine = open_configured_pool(settings)
    probe = late.LateProbe(lambda: getattr(engine, "process_id", os.getpid()), engine.memory)
    try:
        return run_app(
            Services(
                engine,
                late.iter_models,
                late.resolve_model,
                probe.read,
                initial_choices(settings, last, PROMPTS, model=arguments.model, prompt=arguments.prompt, word=word),
                keymap=check_keymap(settings.keys),
                memory_interval_seconds=settings.memory_interval_seconds,
                link=SLOW_LINK if settings.low_bandwidth else Link(),
                write_output=partial(late.write_output, settings.places.data / "outputs"),
                remember=partial(_remember, settings.places.state),
                record=recording_for(settings, "screen", wanted=not arguments.no_history),
                record_sweep=sweep_recording_for(settings, "screen", wanted=not arguments.no_history),
                run_sweep=partial(late.run_sweep, settings),
                hub=Hub(late.plan_download, late.remote_headers, late.download),
                plan=Plan(settings.plan),
                history=screen_history(settings, no_history=arguments.no_history),
            ),
            mouse=settings.mouse and not settings.low_bandwidth,
        )
    finally:
        probe.close()


def _remember(folder: Path, session: Session) -> None:
    """A place that cannot be written costs a comfort, no more."""
    from quanttui.session import write_session

    with contextlib.suppress(OSError):
        write_session(folder, session)
