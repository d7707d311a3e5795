"""What a model folder holds, as one hash that is cheap to take: no weight is read. Knows files, no model."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from quanttui.models.weights_hash import weights_header_sha256

_LARGEST_SMALL_FILE = 64 * 2**20
_BLOB = re.compile(r"[0-9a-f]{64}")


def content_sha256(folder: Path) -> str | None:
    """Changes with every file that a run depends on: configuration, tokenizer and templates by their bytes, weights by
    their headers and by the name of the blob in the hub's cache, which is their hash, else by size, inode and times of
    change. Not by the time of writing alone: whoever unpacks or merges models may set that, and two of one layout would
    be one.

    None where the files cannot be read.
    """
    header = weights_header_sha256(folder)
    if header is None:
        return None
    digest = hashlib.sha256(header.encode())
    try:
        for path in sorted(path for path in folder.iterdir() if path.is_file()):
            digest.update(path.name.encode("utf-8", "surrogateescape") + b"\0" + _identity(path) + b"\0")
    except (OSError, ValueError):
        return None
    return digest.hexdigest()


def _identity(path: Path) -> bytes:
    real = path.resolve()
    if _BLOB.fullmatch(real.name):
        return real.name.encode()
    status = real.stat()
    if path.suffix == ".safetensors" or status.st_size > _LARGEST_SMALL_FILE:
        return f"{status.st_size} {status.st_ino} {status.st_mtime_ns} {status.st_ctime_ns}".encode()
    return hashlib.sha256(real.read_bytes()).hexdigest().encode()
