"""A process that renders chat templates, which are programs of the model's: limited in memory, time and files.

One JSON object a line comes in, the arguments of transformers' own ``render_jinja_template``; one goes out, with
``text`` or ``error``. Ends with its standard input. Imports neither torch nor the engine.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any

from jinja2.exceptions import TemplateError
from transformers.utils.chat_template_utils import render_jinja_template

_MORE_MEMORY_BYTES = 512 * 2**20
_CPU_SECONDS = 30  # of one template: the parent's limit comes first, unless the parent is gone


def main() -> None:
    _limit_process()
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        _limit(resource.RLIMIT_CPU, int(time.process_time()) + _CPU_SECONDS)
        print(json.dumps(_rendered(json.loads(line))), flush=True)


def _rendered(arguments: dict[str, Any]) -> dict[str, str]:
    """What a template can raise is what any program can; the rest ends the process, which the parent tells."""
    limit = arguments.pop("max_characters")
    try:
        rendered: Any = render_jinja_template(**arguments)  # the texts, and where the assistant's parts lie in them
        text: str = rendered[0][0]
        text.encode()  # half of a character is no text
    except (TemplateError, ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        return {"error": (str(error) or type(error).__name__)[:limit]}
    except MemoryError:
        return {"error": "it takes more than 512 MiB of memory"}
    if len(text) > limit:
        return {"error": f"it makes {len(text):,} characters of this"}
    return {"text": text}


def _limit_process() -> None:
    """Little memory above what the imports took, and no file to write."""
    _limit(resource.RLIMIT_FSIZE, 0)
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
    except OSError:
        return
    _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + _MORE_MEMORY_BYTES)


def _limit(kind: int, value: int) -> None:
    """Lower the soft limit, as far as the hard one allows."""
    _, hard = resource.getrlimit(kind)
    soft = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (soft, hard))


if __name__ == "__main__":
    main()
