"""List and fetch the data sets of the catalogue."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from harness import registry
from harness.data.sources.source import CatalogueEntry, Source


def list_sources() -> list[CatalogueEntry]:
    """Return the entries of the catalogue, sorted by name.

    Examples
    --------
    >>> [(entry.name, entry.users, entry.items) for entry in list_sources() if entry.name == "ml-100k"]
    [('ml-100k', 943, 1682)]
    """
    return [registry.load("sources", name).entry for name in registry.names("sources")]


def catalogue_table() -> Table:
    """Return the catalogue as a table for the terminal."""
    table = Table(title="Data sets")
    for heading in ("name", "what it is", "licence"):
        table.add_column(heading)
    for heading in ("users", "items", "interactions", "download"):
        table.add_column(heading, justify="right", no_wrap=True)
    for entry in list_sources():
        table.add_row(
            entry.name,
            entry.description,
            entry.licence,
            *(f"{count:,}" for count in (entry.users, entry.items, entry.interactions)),
            f"{entry.size / 1e6:.1f} MB",
        )
    return table


def fetch(name: str) -> Path | None:
    """Download a data set into the cache folder, and return its path there; None if it is generated.

    Raises
    ------
    HarnessError
        The name is unknown, or the data set cannot be downloaded.
    """
    source: Source = registry.load("sources", name)()
    return source.fetch()
