"""A model's files as the catalogue looks at them, wherever they lie: names, sizes, small contents, headers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from quanttui.models.safetensors_header import (
    DamagedFileError,
    TensorInfo,
    read_safetensors_header,
    reason_of,
    regular_file_size,
)
from quanttui.models.untouched import open_untouched

MAX_JSON_BYTES = 64_000_000


class ModelFiles(Protocol):
    """``size_bytes``, ``read`` and ``read_header`` raise DamagedFileError for what is not as its name promises."""

    def names(self) -> list[str]: ...

    def is_file(self, name: str) -> bool: ...

    def size_bytes(self, name: str) -> int: ...

    def read(self, name: str) -> bytes:
        """All of a small file, at most MAX_JSON_BYTES."""
        ...

    def read_header(self, name: str) -> dict[str, TensorInfo]:
        """The tensors of a safetensors file."""
        ...


class LocalFiles:
    """The files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        return sorted(os.listdir(self._folder))

    def is_file(self, name: str) -> bool:
        return os.path.isfile(self._folder / name)

    def size_bytes(self, name: str) -> int:
        return regular_file_size(self._folder / name)

    def read(self, name: str) -> bytes:
        try:
            with open_untouched(self._folder / name) as file:
                return file.read(MAX_JSON_BYTES)
        except OSError as error:
            raise DamagedFileError(f"{name} cannot be read: {reason_of(error)}") from None

    def read_header(self, name: str) -> dict[str, TensorInfo]:
        return read_safetensors_header(self._folder / name)
