"""How the hub names the content of a file, and so a blob of its cache. Reads no file."""

from __future__ import annotations

import hashlib


def blob_hash(size_bytes: int, *, is_lfs: bool) -> hashlib._Hash:
    """To be fed the whole content. SHA-256 of large files; of small ones git's own, behind a header of kind and size.

    https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
    """
    if is_lfs:
        return hashlib.sha256()
    return hashlib.sha1(b"blob %d\0" % size_bytes, usedforsecurity=False)
