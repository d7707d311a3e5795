"""The ``quanttui`` command: stdout is data, stderr is narration. Imports a room only once a command needs it.

Exit codes: 0 done, 1 the work failed, 2 wrong usage, 3 a limit was exceeded, 130 interrupted (Ctrl-C, SIGTERM),
141 stdout's reader left.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

INTERRUPTED = 130
READER_GONE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code. Errors a user can meet are told on stderr, never raised."""
    try:
        from quanttui.cli.dispatch import dispatch

        return dispatch(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        sys.stderr.write("quanttui: interrupted\n")
        return INTERRUPTED
