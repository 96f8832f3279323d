"""What a data source gives, and how a section of an experiment names one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from harness.artifacts import Interactions
from harness.data.readers import read_table
from harness.data.sequences import repeated_rows
from harness.errors import DataError
from harness.storage import sha256_file


@dataclass(frozen=True, eq=False)
class SourceData:
    """A data set as it came, before filters.

    Parameters
    ----------
    interactions
        All rows, repeated ones too.
    name
        Name in the catalogue, or the file's name.
    sha256
        SHA-256 of the file that the rows were read from, as hex.
    facts
        Plain values for the report: ``origin``, ``duplicates`` (rows that repeat an earlier pair of
        user and item), and ``licence`` and ``citation`` where they are known.
    """

    interactions: Interactions
    name: str
    sha256: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CatalogueEntry:
    """What the catalogue says of a data set without fetching it.

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


class Source(Protocol):
    """A data set that has a name; plug-ins give theirs as entry points of ``harness.sources``."""

    entry: ClassVar[CatalogueEntry]

    def fetch(self, folder: Path | None = None) -> Path | None:
        """Return the path of the data set's file, downloaded into the cache folder if it must be.

        None stands for a data set that is generated.
        """
        ...

    def read(self, folder: Path | None = None) -> SourceData:
        """Return the data set, fetched if it must be."""
        ...


class ColumnNames(Protocol):
    """The names of a file's columns."""

    @property
    def user(self) -> str:
        """The column of users."""
        ...

    @property
    def item(self) -> str:
        """The column of items."""
        ...

    @property
    def timestamp(self) -> str | None:
        """The column of times; None: ``timestamp`` where there is one."""
        ...

    @property
    def rating(self) -> str | None:
        """The column of ratings; None: ``rating`` where there is one."""
        ...


class DatasetSection(Protocol):
    """The keys of an experiment's ``dataset`` that say where the interactions are."""

    @property
    def catalog(self) -> Any:
        """A ``Source`` of the catalogue, or None."""
        ...

    @property
    def path(self) -> Any:
        """The path of a file."""
        ...

    @property
    def columns(self) -> ColumnNames | None:
        """The columns of the file."""
        ...


def load_source(dataset: DatasetSection) -> SourceData:
    """Return the interactions that an experiment's ``dataset`` names.

    Parameters
    ----------
    dataset
        With either ``catalog`` (a ``Source``) or ``path`` (a CSV, TSV or parquet file) and ``columns``.

    Raises
    ------
    DataError
        Both or neither are given, or the data set cannot be fetched or read.
    """
    if (dataset.catalog is None) == (dataset.path is None):
        got = "both" if dataset.catalog is not None else "neither"
        raise DataError(f"dataset needs either catalog or path; got {got}. Name the one that holds the data.")
    if dataset.catalog is not None:
        source: Source = dataset.catalog
        return source.read()
    path = Path(dataset.path)
    columns = dataset.columns
    interactions = (
        read_table(path)
        if columns is None
        else read_table(path, user=columns.user, item=columns.item, timestamp=columns.timestamp, rating=columns.rating)
    )
    facts = {"origin": str(path), "duplicates": repeated_rows(interactions)}
    return SourceData(interactions, name=path.name, sha256=sha256_file(path), facts=facts)
