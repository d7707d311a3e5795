"""``python -m quanttui`` is the ``quanttui`` command."""

from quanttui.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
