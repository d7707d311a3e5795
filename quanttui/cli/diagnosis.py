"""What ``quanttui doctor`` finds, as one document. Asks the engine and the hardware; never repeats a secret."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

from quanttui import __version__
from quanttui.engine.base import Engine
from quanttui.errors import QuantTuiError
from quanttui.hardware.probe import MemoryProbe
from quanttui.models.hub_cache import cache_folder
from quanttui.records import EngineDescription, Precision
from quanttui.settings import Settings
from quanttui.settings.kinds import toml_text
from quanttui.settings.reading import FILE_VARIABLE
from quanttui.settings.values import KEYS, SETTINGS

_PACKAGES = (
    "torch",
    "transformers",
    "bitsandbytes",
    "accelerate",
    "tokenizers",
    "safetensors",
    "huggingface-hub",
    "textual",
    "nvidia-ml-py",
)
_VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "NO_COLOR",
    "TERM",
    "COLORTERM",
    "LANG",
    "QUANTTUI_HOME",
    FILE_VARIABLE,
    *(setting.variable for setting in SETTINGS),
    "TEXTUAL_ANIMATIONS",
    "TEXTUAL_COLOR_SYSTEM",
    "TEXTUAL_FPS",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
)
_SECRETS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_ADDRESSES = ("HF_ENDPOINT", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_HIDDEN = "set, not shown"


def diagnose(engine: Engine, settings: Settings, environ: Mapping[str, str]) -> dict[str, Any]:
    """Everything that ``doctor`` shows. An engine that cannot start is part of the answer."""
    description, problem = _describe(engine)
    memory = _read_memory(description)
    return {
        "schema_version": 1,
        "versions": {"quanttui": __version__, "python": platform.python_version(), **_installed()},
        "engine": {
            "name": settings.engine,
            "in_process": settings.in_process,
            "device": description.device if description else None,
            "device_name": description.device_name if description else None,
            "threads": description.threads if description else None,
            "problem": problem,
        },
        "variants": {p.value: description.unsupported.get(p) for p in Precision} if description else {},
        "cautions": description.cautions if description else {},
        **memory,
        "folders": {
            "models (hub cache)": str(cache_folder(environ)),
            **{name: str(getattr(settings.places, name)) for name in ("config", "data", "state", "cache")},
            "engine log": str(settings.places.log),
        },
        "settings": _settings(settings, environ),
        "environment": _environment(environ),
    }


def _settings(settings: Settings, environ: Mapping[str, str]) -> dict[str, Any]:
    """The file that counts, and each setting that was given, with where; equal to the default or not."""
    usual = environ.get(FILE_VARIABLE) or str(settings.places.settings_file)
    values = {setting.name: getattr(settings, setting.name) for setting in SETTINGS}
    values |= {f"{KEYS}.{name}": keys for name, keys in settings.keys.items()}
    defaults = {setting.name: setting.default for setting in SETTINGS}
    return {
        "file": str(settings.file.path) if settings.file else usual,
        "file_read": settings.file is not None,
        "problem": settings.problem.message if settings.problem else None,
        "changed": {
            name: {"value": toml_text(value), "from": settings.origins[name]}
            for name, value in values.items()
            if name in settings.origins and value != defaults.get(name)
        },
    }


def _describe(engine: Engine) -> tuple[EngineDescription | None, str | None]:
    try:
        return engine.describe(), None
    except QuantTuiError as error:
        return None, str(error)


def _read_memory(description: EngineDescription | None) -> dict[str, Any]:
    probe = MemoryProbe(lambda: description.process_id if description else None)
    try:
        reading = probe.read()
    finally:
        probe.close()
    return {
        "gpus": [asdict(gpu) for gpu in reading.gpus],
        "nvml_problem": reading.nvml_problem,
        "host": asdict(reading.host),
    }


def _installed() -> dict[str, str | None]:
    return {name: _version(name) for name in _PACKAGES}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What is set. Of a secret only that it is; of an address not the user name or password in it."""
    shown = {name: environ[name] for name in _VARIABLES if name in environ}
    addresses = {name: _without_credentials(environ[name]) for name in _ADDRESSES if name in environ}
    return {**shown, **addresses, **{name: _HIDDEN for name in _SECRETS if environ.get(name)}}


def _without_credentials(address: str) -> str:
    parts = urlsplit(address)
    if not parts.netloc:  # what stands where is anyone's guess
        return _HIDDEN
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
