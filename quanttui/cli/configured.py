"""The settings of one command line: what is read before its flags, and what of it becomes a command's own defaults."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import replace

from quanttui.cli.arguments import Parser
from quanttui.errors import UsageError
from quanttui.settings import Settings, read_places, read_settings, with_environment, with_flags
from quanttui.settings.values import KEYS, SETTINGS
from quanttui.tui.key_table import KeymapError, check_keymap

FLAGS = ("theme", "low_bandwidth", "mouse", "history", "in_process", "plan")
"""Settings that a flag can give, in whatever command has it."""
_OF_A_RUN = ("model", "reference", "candidate", "max_new_tokens")
WORDS = {setting.name: setting.words for setting in SETTINGS}


def settings_before_flags(environ: Mapping[str, str]) -> Settings:
    """With its ``problem`` where file or environment are wrong: ``--help`` and ``doctor`` must work all the same."""
    try:
        settings = read_settings(environ)
        _check_keys(settings)
    except UsageError as error:
        return replace(_defaults(environ), problem=error)
    return settings


def preset(parser: Parser, settings: Settings) -> None:
    """A command that runs models takes what the settings say of a run where its options are not given."""
    known = {action.dest for action in parser._actions}
    if known.issuperset(_OF_A_RUN):
        reference = str(settings.reference) if settings.reference else None
        chosen = {"model": settings.model, "reference": reference, "max_new_tokens": settings.max_new_tokens}
        parser.set_defaults(**{name: value for name, value in chosen.items() if value is not None})


def complete(arguments: Namespace, settings: Settings) -> Settings:
    """The settings with the flags over them; ``candidate`` is filled here, as argparse adds to a list that it finds."""
    if getattr(arguments, "candidate", 0) is None and settings.candidates:
        arguments.candidate = [str(variant) for variant in settings.candidates]
    return with_flags(settings, {name: getattr(arguments, name, None) for name in FLAGS})


def _check_keys(settings: Settings) -> None:
    try:
        check_keymap(settings.keys)
    except KeymapError as error:
        assert settings.file is not None
        raise settings.file.error((KEYS, error.binding_id), error.message, error.hint) from None


def _defaults(environ: Mapping[str, str]) -> Settings:
    """Without the file, and without the environment where that is what is wrong."""
    settings = Settings(read_places(environ))
    try:
        return with_environment(settings, environ)
    except UsageError:
        return settings
