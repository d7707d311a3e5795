"""A stored run's model as it lies here today, under the name it had. Knows the catalogue, not the history."""

from __future__ import annotations

from dataclasses import replace

from quanttui.models.catalog import demo_entry, folder_entry, resolve_model
from quanttui.records import ModelEntry, ModelSource


def find_again(model: ModelEntry) -> ModelEntry:
    """The same folder, or the same revision in the cache. Raises UsageError where it is gone."""
    if model.source is ModelSource.DEMO:
        return demo_entry()
    if model.source is ModelSource.FOLDER:
        return replace(folder_entry(model.path), id=model.id)
    name = model.id.partition("@")[0]
    return replace(resolve_model(f"{name}@{model.revision}" if model.revision else model.id), id=model.id)
