"""The ``dataset`` section of an experiment, without an experiment."""

from __future__ import annotations

from types import SimpleNamespace


def dataset_section(**keys: object) -> SimpleNamespace:
    """Return a section with some keys set and the others at their defaults."""
    defaults = {
        "catalog": None,
        "path": None,
        "columns": None,
        "delimiter": None,
        "format": None,
        "timestamp_unit": "auto",
        "duplicates": "keep",
        "items": None,
        "users": None,
    }
    return SimpleNamespace(**(defaults | keys))
