"""What a data source is, and the data that it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from harness.artifacts import CatalogueEntry, DataWarning, Facts, Interactions
from harness.data.side_tables.side_table_join import JOINED
from harness.storage import sha256_json


@dataclass(frozen=True, eq=False)
class SourceData:
    """A data set before filters.

    Parameters
    ----------
    interactions
        All rows, repeated ones too.
    name
        The name in the catalogue, or of the file.
    sha256
        SHA-256 of the file that holds the interactions, as hex.
    facts
        Plain values for the report: ``origin``, ``duplicates`` (rows that repeat an earlier pair of
        user and item, before they were merged), and ``licence`` and ``citation`` where they are
        known; what ``load_source`` adds is ``merged``, ``timestamp_unit`` and the facts of side tables.
    warnings
        What looked wrong when the data was read.
    """

    interactions: Interactions
    name: str
    sha256: str
    facts: Facts = field(default_factory=dict)
    warnings: tuple[DataWarning, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of all files, including side tables, as hex."""
        checksums = {
            key: {name: value for name, value in joined.items() if name.endswith("sha256")}
            for key in JOINED
            if isinstance(joined := self.facts.get(key), Mapping)
        }
        return sha256_json({"interactions": self.sha256, **checksums}) if checksums else self.sha256


class Source(Protocol):
    """A data set with a name; plug-ins add theirs as entry points of the group ``harness.sources``."""

    entry: ClassVar[CatalogueEntry]

    def fetch(self, folder: Path | None = None) -> Path | None:
        """Return the path of the data set's file, downloaded into the cache folder if it is not there.

        None if the data set is generated.
        """
        ...

    def read(self, folder: Path | None = None) -> SourceData:
        """Return the data set, fetched first if it is not in the cache folder."""
        ...
