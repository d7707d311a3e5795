"""From a command line to the command that does it, and from what a command raises to an exit code."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from quanttui.cli import READER_GONE
from quanttui.cli.arguments import Parser
from quanttui.cli.stopping import interruptible
from quanttui.cli.streams import prepare_streams, release_stdout, say_error
from quanttui.errors import QuantTuiError, UsageError
from quanttui.settings import Settings, read_settings

if TYPE_CHECKING:
    from argparse import Namespace

COMMANDS = {
    "compare": "run one or more prompts through a reference and its quantized candidates",
    "models": "list the models that can be compared",
    "doctor": "show versions, devices, what runs here and what does not, and where things lie",
}
SCREEN = "tui"


class Command(Protocol):
    """What a module of a command offers."""

    DESCRIPTION: str

    def add_arguments(self, parser: Parser) -> None: ...

    def run(self, arguments: Namespace, settings: Settings) -> int: ...


def dispatch(argv: Sequence[str]) -> int:
    """Do what ``argv`` asks for; returns the exit code."""
    prepare_streams()
    try:
        name, rest = _split(argv)
        return _run(name, rest)
    except QuantTuiError as error:
        say_error(error)
        return error.exit_code
    except BrokenPipeError:
        release_stdout()
        return READER_GONE
    except SystemExit as done:  # argparse after --help and --version
        return done.code if isinstance(done.code, int) else 0


def _split(argv: Sequence[str]) -> tuple[str, Sequence[str]]:
    if not argv or argv[0].startswith("-"):
        return SCREEN, argv
    if argv[0] in COMMANDS:
        return argv[0], argv[1:]
    close = difflib.get_close_matches(argv[0], COMMANDS, n=1, cutoff=0.5)
    nearest = f"Did you mean quanttui {close[0]}? " if close else ""
    raise UsageError(f"there is no command {argv[0]!r}", f"{nearest}Commands: {', '.join(COMMANDS)}")


def _run(name: str, rest: Sequence[str]) -> int:
    command = cast(Command, import_module(f"quanttui.cli.{name}"))
    parser = Parser(
        prog="quanttui" if name == SCREEN else f"quanttui {name}",
        description=command.DESCRIPTION,
        epilog=_overview() if name == SCREEN else None,
    )
    command.add_arguments(parser)
    arguments = parser.parse(rest)
    settings = read_settings(os.environ, in_process=getattr(arguments, "in_process", None))
    if name == SCREEN:  # it handles signals itself: the terminal has to be put back first
        return command.run(arguments, settings)
    with interruptible():
        return command.run(arguments, settings)


def _overview() -> str:
    commands = "\n".join(f"  {name:<9} {text}" for name, text in COMMANDS.items())
    return f"commands (quanttui COMMAND --help tells more):\n{commands}"
