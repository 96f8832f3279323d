"""What the catalogue of data sets says about one of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CatalogueEntry:
    """What the catalogue says about a data set without fetching it.

    Parameters
    ----------
    name, description, licence, citation, homepage
        Text for people.
    users, items, interactions
        Counts before any filter.
    size
        Bytes to download.
    """

    name: str
    description: str
    licence: str
    citation: str
    homepage: str
    users: int
    items: int
    interactions: int
    size: int
