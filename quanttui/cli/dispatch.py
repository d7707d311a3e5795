"""From a command line to the command that does it, and from what a command raises to an exit code."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from quanttui.cli import READER_GONE
from quanttui.cli.arguments import Parser
from quanttui.cli.configured import complete, preset, settings_before_flags
from quanttui.cli.stopping import interruptible
from quanttui.cli.streams import prepare_streams, release_stdout, say_error
from quanttui.errors import QuantTuiError, UsageError, did_you_mean
from quanttui.settings import Settings

if TYPE_CHECKING:
    from argparse import Namespace

COMMANDS = {
    "compare": "run one or more prompts through a reference and its quantized candidates",
    "sweep": "measure every variant over prompts and text, and say which one to run",
    "export": "write runs of the history as files: report, tables, JSON, quant card, script",
    "models": "list the models that can be compared; its own commands: quanttui models --help",
    "history": "the runs that are kept: list, show, run again, compare, delete; quanttui history --help",
    "cache": "what sweeps keep of their references: list, clear, path",
    "doctor": "show versions, devices, what runs here and what does not, and where things lie",
}
# Commands of commands. Each is the module COMMAND_WORD; the first is what the command does without a word.
SUBCOMMANDS = {
    "models": {
        "list": "list the models that can be compared",
        "download": "bring a model from the hub into the cache",
        "fit": "foretell what each variant of a model takes, and whether that is there",
        "quantize": "quantize a model and save it in a folder of its own",
        "verify": "hold the hashes of a cached model's files against the hub's names for them",
    },
    "history": {
        "list": "list the runs, the newest first",
        "show": "show a run as it was shown when it was made",
        "rerun": "run it again, and say what is not as it was",
        "compare": "set two runs side by side",
        "delete": "delete runs",
        "path": "print where the database lies",
    },
    "cache": {
        "list": "list what is kept, and how much room it takes",
        "clear": "give the room back",
        "path": "print where it lies",
    },
}
EXIT_CODES = """exit codes:
  0    done
  1    the work failed
  2    wrong usage
  3    a limit of --fail-if was exceeded
  130  interrupted: Ctrl-C, SIGTERM, or the terminal went away
  141  nobody read the output any more"""
SCREEN = "tui"
DOCTOR = "doctor"


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
    if argv[0] in SUBCOMMANDS:
        return _split_group(argv[0], argv[1:])
    if argv[0] in COMMANDS:
        return argv[0], argv[1:]
    nearest = did_you_mean(argv[0], COMMANDS, cutoff=0.5, lead="quanttui ")
    raise UsageError(f"there is no command {argv[0]!r}", f"{nearest}Commands: {', '.join(COMMANDS)}")


def _split_group(group: str, rest: Sequence[str]) -> tuple[str, Sequence[str]]:
    """A word that is no command is an argument of the first one, unless it must be a slip of the pen."""
    words = SUBCOMMANDS[group]
    if rest and rest[0] in words:
        return f"{group} {rest[0]}", rest[1:]
    close = difflib.get_close_matches(rest[0], words, n=1, cutoff=0.75) if rest and not os.path.exists(rest[0]) else []
    if close:
        raise UsageError(
            f"there is no command {rest[0]!r} of quanttui {group}, and nothing of that name",
            f"Did you mean quanttui {group} {close[0]}? Commands: {', '.join(words)}",
        )
    return f"{group} {next(iter(words))}", rest


def _run(name: str, rest: Sequence[str]) -> int:
    command = cast(Command, import_module(f"quanttui.cli.{name.replace(' ', '_')}"))
    parser = Parser(
        prog="quanttui" if name == SCREEN else f"quanttui {name}",
        description=command.DESCRIPTION,
        epilog=_overview_of(name),
    )
    command.add_arguments(parser)
    settings = settings_before_flags(os.environ)
    preset(parser, settings)
    arguments = parser.parse(rest)
    if settings.problem is not None and name != DOCTOR:
        raise settings.problem
    settings = complete(arguments, settings)
    if name == SCREEN:  # it handles signals itself: the terminal has to be put back first
        return command.run(arguments, settings)
    with interruptible():
        return command.run(arguments, settings)


def _overview_of(name: str) -> str | None:
    """The commands that a help page names at its end: all on the screen's, those of a group on its first one's."""
    if name == SCREEN:
        return f"{_table('quanttui', COMMANDS)}\n\n{EXIT_CODES}"
    group, _, word = name.partition(" ")
    words = SUBCOMMANDS.get(group, {})
    return _table(f"quanttui {group}", words) if word == next(iter(words), None) else None


def _table(prefix: str, commands: Mapping[str, str]) -> str:
    lines = "\n".join(f"  {name:<9} {text}" for name, text in commands.items())
    return f"commands ({prefix} COMMAND --help tells more):\n{lines}"
