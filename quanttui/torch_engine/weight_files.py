"""Which safetensors files hold a model's weights, and what their headers say. Reads no weight, no pickle, no config."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from safetensors import SafetensorError, safe_open

from quanttui.errors import LoadError

SINGLE_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
AGAIN = "Download the model again, or choose another one."
NOT_TOGETHER = "The files do not belong together: download the model again."
_NO_TRUST = "Do not trust this model."
_LENGTH_BYTES = 8


@dataclass(frozen=True)
class WeightFiles:
    """``files`` in the order in which they are read; ``promised``: the shard that the index names for each tensor."""

    folder: Path
    files: list[Path]
    promised: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def check_promises(self, found: Mapping[str, str]) -> None:
        """Refuse an index that names another file for a tensor than the one (``found``) that it lies in."""
        for name, shard in self.promised.items():
            if found.get(name) != shard:
                raise LoadError(
                    f"{self.folder / INDEX_FILE} says that tensor {name} lies in {shard}: it does not", AGAIN
                )


def find_weight_files(folder: Path) -> WeightFiles:
    """In the order in which transformers looks for them. Raises LoadError where there are none that can be trusted."""
    if (folder / SINGLE_FILE).is_file():
        files, promised = [folder / SINGLE_FILE], {}
    elif (folder / INDEX_FILE).is_file():
        promised = _weight_map(folder / INDEX_FILE)
        files = _shards(folder, sorted(set(promised.values())))
    else:
        raise _no_weights(folder)
    return WeightFiles(folder, files, promised, (*_left_out(folder, files), *_linked(files)))


def read_header(file: Path) -> list[tuple[str, str, tuple[int, ...]]]:
    """Name, dtype and shape of each tensor; opening it also checks that the file is as long as its header says."""
    try:
        with safe_open(str(file), framework="pt") as tensors:
            header = [
                (name, tensors.get_slice(name).get_dtype(), tuple(tensors.get_slice(name).get_shape()))
                for name in tensors.keys()  # noqa: SIM118  # safe_open is no mapping
            ]
        _refuse_twice_named(file)
    except (SafetensorError, OSError) as error:
        raise LoadError(f"{file} is damaged or cut short: {error}", AGAIN) from None
    return header


def _refuse_twice_named(file: Path) -> None:
    """The safetensors reader takes the last of two entries of one name, and others the first."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        table = dict(pairs)
        if len(table) != len(pairs):
            name = next(name for index, (name, _) in enumerate(pairs) if name in dict(pairs[:index]))
            raise LoadError(f"{file} names {name} twice in its header", _NO_TRUST)
        return table

    with file.open("rb") as opened:
        (length,) = struct.unpack("<Q", opened.read(_LENGTH_BYTES))
        json.loads(opened.read(length), object_pairs_hook=unique)


def _weight_map(index: Path) -> dict[str, str]:
    try:
        weight_map = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        names = set(weight_map.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LoadError(f"{index} cannot be read: {type(error).__name__}: {error}", AGAIN) from None
    for name in names:
        if not isinstance(name, str) or _leaves_folder(name):
            raise LoadError(f"{index} names a file outside its folder: {name}", _NO_TRUST)
        if not name.endswith(".safetensors"):
            raise LoadError(f"{index} names {name}, which is no safetensors file", _NO_TRUST)
    return dict(weight_map)


def _leaves_folder(name: str) -> bool:
    """By the name as it is written: in the hub's cache every file is a link out of its folder, and rightly so."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or "\0" in name


def _shards(folder: Path, names: list[str]) -> list[Path]:
    missing = [name for name in names if not (folder / name).is_file()]
    if missing or not names:
        first = f"first {missing[0]}" if missing else f"{INDEX_FILE} names none"
        raise LoadError(f"{folder}: {len(missing)} of {len(names)} weight files are missing, {first}", AGAIN)
    return [folder / name for name in names]


def _no_weights(folder: Path) -> LoadError:
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.pth")):
        return LoadError(
            f"{folder} has its weights as pickle files (.bin) only, which can run any code when they are read",
            "Save the model as safetensors: model.save_pretrained(folder, safe_serialization=True)",
        )
    return LoadError(f"{folder} has no weights: neither {SINGLE_FILE} nor {INDEX_FILE}", AGAIN)


def _left_out(folder: Path, files: list[Path]) -> list[str]:
    """Other weight files beside those that are read."""
    others = sorted(path.name for path in folder.glob("*.safetensors") if path not in files)
    if not others:
        return []
    source = SINGLE_FILE if files[0].name == SINGLE_FILE else INDEX_FILE
    return [f"{_listed(others)} not read: {source} is what counts"]


def _linked(files: list[Path]) -> list[str]:
    """Links that a user made are followed; those of the hub's cache, into its ``blobs``, go without saying."""
    links = [file for file in files if file.is_symlink() and file.resolve().parent.name != "blobs"]
    return [f"{file.name} is a link to {file.resolve()}" for file in links[:1]]


def _listed(names: list[str]) -> str:
    return f"{names[0]} is" if len(names) == 1 else f"{names[0]} and {len(names) - 1} more weight files are"
