"""What a name on the hub looks like: ``ORG/NAME`` or ``ORG/NAME@REVISION``. Pure."""

from __future__ import annotations

import re

from quanttui.errors import UsageError

_REPO_ID = re.compile(r"(?=.{1,96}$)(?!.*(--|\.\.))\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)
# What git allows, but for what no one uses and a shell or a path would take for something else.
_REVISION = re.compile(r"(?!.*(\.\.|//))\w([\w./-]{0,198}\w)?", re.ASCII)


def parse_hub_id(text: str) -> tuple[str, str | None]:
    """The model and the revision, None where none is named. Raises UsageError for what no hub could have."""
    repo_id, at, revision = text.strip().partition("@")
    if not _REPO_ID.fullmatch(repo_id):
        raise UsageError(
            f"{text!r} is no hub id", "A hub id is ORG/NAME or ORG/NAME@REVISION, such as Qwen/Qwen3-0.6B."
        )
    if at and not _REVISION.fullmatch(revision):
        raise UsageError(f"{revision!r} is no revision", "After the @ stands a branch, a tag or a commit.")
    return repo_id, revision or None
