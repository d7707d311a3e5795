"""A process with the real hub client, which reads its endpoint when it is imported: does what a line of JSON asks for.

One process for many cases: the import is what takes time.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from quanttui.errors import QuantTuiError
from quanttui.models.download import Download
from quanttui.models.download_plan import plan_download
from quanttui.models.remote import remote_headers
from quanttui.records.download import DownloadFinished, DownloadProgress


def plan(model_id: str, cache: str, **variables: str) -> dict[str, Any]:
    found = plan_download(model_id, {"HF_HUB_CACHE": cache, **variables})
    names = ("total_bytes", "here_bytes", "remaining_bytes", "fits_disk")
    return asdict(found) | {name: getattr(found, name) for name in names}


def download(model_id: str, cache: str, cancel_at: int | None = None) -> dict[str, Any]:
    """``cancel_at``: so many bytes after which another thread asks for an end."""
    planned = plan_download(model_id, {"HF_HUB_CACHE": cache})
    work = Download(planned, retry_seconds=0.0)
    done = []
    try:
        for event in work.events():
            if isinstance(event, DownloadFinished):
                return {"entry": asdict(event.entry), "done": done, "total": planned.total_bytes}
            assert isinstance(event, DownloadProgress)
            done.append(event.done_bytes)
            if cancel_at is not None and event.done_bytes >= cancel_at:
                threading.Thread(target=work.cancel).start()
    finally:
        for thread in threading.enumerate():
            if thread.name == "download":
                thread.join(30)
                assert not thread.is_alive(), "a thread hangs in the network"
    raise AssertionError("a download that ends without a word")


def headers(model_id: str, folder: str) -> dict[str, Any]:
    return asdict(remote_headers(model_id, Path(folder), {}))


def snapshot(model_id: str, cache: str) -> str:
    """The library's own download."""
    from huggingface_hub import snapshot_download

    return snapshot_download(model_id, cache_dir=cache, max_workers=1)


DEEDS: dict[str, Callable[..., Any]] = {"plan": plan, "download": download, "headers": headers, "snapshot": snapshot}


def log_in(order: dict[str, Any]) -> None:
    os.environ.pop("HF_TOKEN", None)
    if token := order.pop("token", None):
        os.environ["HF_TOKEN"] = token


def answer_to(order: dict[str, Any]) -> dict[str, Any]:
    """What came of it; of an error every frame too, with its variables, as a crash screen would show them."""
    try:
        return {"result": DEEDS[order.pop("deed")](**order)}
    except QuantTuiError as error:
        error.__suppress_context__ = False  # what it took the place of is shown too
        trace = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
        return {"error": type(error).__name__, "lines": [error.message, error.why, error.hint], "trace": trace}
    except Exception:  # a defect: the next case is to see a driver that lives
        return {"crash": traceback.format_exc()}


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        order = json.loads(line)
        log_in(order)
        answers.write(json.dumps(answer_to(order)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
