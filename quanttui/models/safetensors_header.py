"""The header of a safetensors file: which tensors it holds. Reads no tensor, trusts no number.

Format: 8 bytes little-endian header length n, n bytes of JSON, then the data, without gap or overlap.
https://huggingface.co/docs/safetensors/index#format
"""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path
from typing import Any, NamedTuple

from quanttui.models.untouched import open_untouched

# The upstream reader refuses longer headers too.
MAX_HEADER_BYTES = 100_000_000
LENGTH_BYTES = 8
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16,
    "U32": 32, "I32": 32, "F32": 32,
    "U64": 64, "I64": 64, "F64": 64, "C64": 64,
}  # fmt: skip


class DamagedFileError(ValueError):
    """A file is not what its name promises. The message is one sentence that names the file."""


class TensorInfo(NamedTuple):
    """One tensor: ``dtype`` as the format writes it ("BF16"), data in bytes [``begin``, ``end``) after the header."""

    dtype: str
    elements: int
    dimensions: int
    begin: int
    end: int


def read_safetensors_header(path: Path) -> dict[str, TensorInfo]:
    """The tensors of ``path`` by name. Raises DamagedFileError where the file cannot hold what its header says."""
    size = regular_file_size(path)
    return parse_header(path.name, raw_header(path, size), size)


def parse_header(name: str, raw: bytes, size: int) -> dict[str, TensorInfo]:
    """The tensors that the JSON ``raw`` tells of, for a file of ``size`` bytes. Raises DamagedFileError."""
    try:
        fields = json.loads(raw)
        if not isinstance(fields, dict):
            raise TypeError
        tensors = {name: _tensor(value) for name, value in fields.items() if name != "__metadata__"}
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DamagedFileError(f"{name} is damaged: its header is not a table of tensors") from None
    _check_extent(name, tensors, data_bytes=size - LENGTH_BYTES - len(raw))
    return tensors


def header_length(name: str, beginning: bytes, size: int) -> int:
    """How long the JSON of a file of ``size`` bytes is, by the ``beginning`` of it. Raises DamagedFileError."""
    if size == 0:
        raise DamagedFileError(f"{name} is empty")
    if size < LENGTH_BYTES:
        raise DamagedFileError(f"{name} is cut off: it has {size} bytes, not even a header")
    length = int.from_bytes(beginning[:LENGTH_BYTES], "little")
    if length > MAX_HEADER_BYTES:
        raise DamagedFileError(f"{name} is not a safetensors file: no header can be {length:,} bytes long")
    if length > size - LENGTH_BYTES:
        raise DamagedFileError(f"{name} is cut off: its header alone takes {length:,} bytes, the file has {size:,}")
    return length


def regular_file_size(path: Path) -> int:
    """Size of ``path`` in bytes, links followed; a pipe or a device, whose reading might never end, is refused."""
    try:
        status = path.stat()
    except FileNotFoundError:
        gone = "is a link to a file that is gone" if os.path.islink(path) else "is missing"
        raise DamagedFileError(f"{path.name} {gone}") from None
    except (OSError, ValueError) as error:
        raise DamagedFileError(f"{path.name} cannot be read: {reason_of(error)}") from None
    if not stat.S_ISREG(status.st_mode):
        raise DamagedFileError(f"{path.name} is not a file")
    return status.st_size


def raw_header(path: Path, size: int) -> bytes:
    """The JSON of a file of ``size`` bytes. Raises DamagedFileError."""
    try:
        with open_untouched(path) as file:
            return file.read(header_length(path.name, file.read(LENGTH_BYTES), size))
    except OSError as error:
        raise DamagedFileError(f"{path.name} cannot be read: {reason_of(error)}") from None


def _tensor(value: dict[str, Any]) -> TensorInfo:
    """Called for every tensor of every listed model: kept lean."""
    dtype, shape = value["dtype"], value["shape"]
    begin, end = value["data_offsets"]
    sizes = [*shape, begin, end]
    if type(dtype) is not str or set(map(type, sizes)) != {int} or min(sizes) < 0:
        raise TypeError
    elements, bits = math.prod(shape), _BITS.get(dtype)
    if bits is not None and elements * bits != (end - begin) * 8:
        raise ValueError
    return TensorInfo(dtype, elements, len(shape), begin, end)


def _check_extent(name: str, tensors: dict[str, TensorInfo], data_bytes: int) -> None:
    end = 0
    for info in sorted(tensors.values(), key=lambda info: (info.begin, info.end)):
        if info.begin != end:
            raise DamagedFileError(f"{name} is damaged: its tensors overlap or leave gaps")
        end = info.end
    if end > data_bytes:
        raise DamagedFileError(f"{name} is cut off: its tensors take {end:,} bytes, it holds {data_bytes:,}")
    if end < data_bytes:
        raise DamagedFileError(f"{name} is damaged: {data_bytes - end:,} bytes in it belong to no tensor")


def reason_of(error: Exception) -> str:
    """Why a file could not be read, without Python's own prefix of number and path."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
