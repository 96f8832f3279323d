"""List and fetch the data sets of the catalogue."""

from __future__ import annotations

from pathlib import Path

from harness import registry
from harness.artifacts import CatalogueEntry
from harness.data.sources.source import Source


def list_sources() -> list[CatalogueEntry]:
    """Return the entries of the catalogue, sorted by name.

    Examples
    --------
    >>> [(entry.name, entry.users, entry.items) for entry in list_sources() if entry.name == "ml-100k"]
    [('ml-100k', 943, 1682)]
    """
    return [registry.load("sources", name).entry for name in registry.names("sources")]


def fetch(name: str) -> Path | None:
    """Download a data set into the cache folder, and return its path there; None if it is generated.

    Raises
    ------
    HarnessError
        The name is unknown, or the data set cannot be downloaded.
    """
    source: Source = registry.load("sources", name)()
    return source.fetch()
