"""What tells two checkpoints apart without reading their weights: a hash of the headers. Reads no tensor."""

from __future__ import annotations

import hashlib
from pathlib import Path

from quanttui.models.checkpoint import INDEX
from quanttui.models.safetensors_header import DamagedFileError, raw_header, regular_file_size


def weights_header_sha256(folder: Path) -> str | None:
    """Over the index and every safetensors header: their names, sizes and bytes, in the order of the names.

    Other shapes, types, shards or metadata give another hash; other weights of the same layout do not. None where
    the files cannot be read.
    """
    digest = hashlib.sha256()
    try:
        names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".safetensors"))
        for name in names:
            size = regular_file_size(folder / name)
            _add(digest, name, size, raw_header(folder / name, size))
        if (folder / INDEX).exists():
            size = regular_file_size(folder / INDEX)
            _add(digest, INDEX, size, (folder / INDEX).read_bytes())
    except (DamagedFileError, OSError, ValueError):
        return None
    return digest.hexdigest() if names else None


def _add(digest: hashlib._Hash, name: str, size_bytes: int, content: bytes) -> None:
    digest.update(f"{size_bytes} {len(content)} ".encode() + name.encode("utf-8", "surrogateescape") + b"\0")
    digest.update(content)
