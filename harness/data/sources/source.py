"""What a data source gives, and how a section of an experiment names one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from harness.artifacts import Caution, Interactions
from harness.data.readers.duplicate_rows import DuplicateRule, merge_duplicates
from harness.data.readers.file_layout import format_of, sha256_of
from harness.data.readers.interaction_files import read_interactions
from harness.data.readers.table_keys import TableKeys
from harness.data.row_order import repeated_rows
from harness.data.side_tables.table_join import JOINED, ItemsSection, UsersSection, join
from harness.data.times.time_columns import TimestampUnit, epoch_unit
from harness.data.warnings import id_cautions, tell, time_cautions
from harness.errors import DataError
from harness.storage import sha256_json
from harness.storage.table_format import TableFormat


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
        user and item, before they were merged), and ``licence`` and ``citation`` where they are
        known; what ``load_source`` adds is ``merged``, ``timestamp_unit`` and the facts of side tables.
    cautions
        What looked wrong when the data was read.
    """

    interactions: Interactions
    name: str
    sha256: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    cautions: tuple[Caution, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of all files that were read, side tables too, as hex."""
        beside = {key: _checksums(self.facts[key]) for key in JOINED if key in self.facts}
        return sha256_json({"interactions": self.sha256, **beside}) if beside else self.sha256


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

    @property
    def delimiter(self) -> str | None:
        """The delimiter of a text file; None for the one of its format."""
        ...

    @property
    def format(self) -> TableFormat | None:
        """The format of the file; None to choose it by the file name."""
        ...

    @property
    def timestamp_unit(self) -> TimestampUnit:
        """The unit of numeric times."""
        ...

    @property
    def duplicates(self) -> DuplicateRule:
        """What becomes of rows that repeat a user and an item."""
        ...

    @property
    def items(self) -> ItemsSection | None:
        """What is known of the items."""
        ...

    @property
    def users(self) -> UsersSection | None:
        """What is known of the users."""
        ...


def load_source(dataset: DatasetSection) -> SourceData:
    """Return the interactions that an experiment's ``dataset`` names.

    Duplicates are merged and side tables joined as the section says. What looks wrong is logged,
    and stands in the facts under ``warnings``: ``name``, ``count`` and ``sentence`` each.

    Parameters
    ----------
    dataset
        With either ``catalog`` (a ``Source``) or ``path`` (a file, or a folder of parquet parts) and
        ``columns``.

    Raises
    ------
    DataError
        Both or neither are given, or the data set cannot be fetched or read.
    """
    if (dataset.catalog is None) == (dataset.path is None):
        got = "both" if dataset.catalog is not None else "neither"
        raise DataError(f"dataset needs either catalog or path; got {got}. Name the one that holds the data.")
    if dataset.catalog is None:
        found = _read_path(dataset)
    else:
        source: Source = dataset.catalog
        found = source.read()
    facts = dict(found.facts)
    rows, where = found.interactions, found.name if dataset.path is None else str(dataset.path)
    cautions = [
        *found.cautions,
        *id_cautions(rows.user_ids, where=where, what="user"),
        *id_cautions(rows.item_ids, where=where, what="item"),
    ]
    times = rows.timestamps
    if times is not None:
        looks_like = epoch_unit(times)
        if "timestamp_unit" not in facts and rows.time_unit is None and looks_like == "s":
            rows = replace(rows, time_unit="s")
        stated = facts.setdefault("timestamp_unit", rows.time_unit or looks_like)
        # Numbers that are no times may be anything, zero too.
        unit = rows.time_unit or (None if stated == "raw" or looks_like == "raw" else looks_like)
        cautions += [] if unit is None else time_cautions(times, unit=unit, where=where)
    merged = merge_duplicates(rows, dataset.duplicates)
    if dataset.duplicates != "keep":
        facts["merged"] = {"rule": dataset.duplicates, "rows": merged.rows}
    joined = join(merged.interactions, items=dataset.items, users=dataset.users)
    cautions += joined.cautions
    tell(cautions)
    facts |= joined.facts
    return replace(found, interactions=joined.interactions, facts=facts, cautions=tuple(cautions))


def _checksums(facts: Mapping[str, Any]) -> dict[str, str]:
    return {key: value for key, value in facts.items() if key.endswith("sha256")}


def check_source(dataset: DatasetSection) -> None:
    """Check that the format of a data set's own file is known, without reading it.

    Raises
    ------
    DataError
        It is not, or does not go with the delimiter.
    """
    if dataset.path is not None:
        format_of(Path(dataset.path), dataset.format, delimiter=dataset.delimiter, keys=TableKeys.of("dataset"))


def _wanted(dataset: DatasetSection) -> dict[str, str | None]:
    columns = dataset.columns
    return {
        "user": "user" if columns is None else columns.user,
        "item": "item" if columns is None else columns.item,
        "timestamp": None if columns is None else columns.timestamp,
        "rating": None if columns is None else columns.rating,
    }


def _read_path(dataset: DatasetSection) -> SourceData:
    path = Path(dataset.path)
    found = read_interactions(
        path,
        _wanted(dataset),
        delimiter=dataset.delimiter,
        form=dataset.format,
        timestamp_unit=dataset.timestamp_unit,
    )
    facts: dict[str, Any] = {"origin": str(path), "duplicates": repeated_rows(found.interactions)}
    if found.timestamp_unit is not None:
        facts["timestamp_unit"] = found.timestamp_unit
    return SourceData(
        found.interactions, name=path.name, sha256=sha256_of(path), facts=facts, cautions=tuple(found.cautions)
    )
