"""MovieLens-100k, read out of a wheel of the Python package index."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.csv
from pydantic.dataclasses import dataclass

from harness.artifacts import CatalogueEntry, Vocabulary
from harness.data.readers.interaction_files import interactions_from_table
from harness.data.sources.package_index import Wheel
from harness.data.sources.packaged_source import PackagedSource
from harness.data.sources.source import SourceData

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MovieLens100K(PackagedSource):
    """MovieLens-100k: ratings of films, with titles, years, genres and user attributes.

    The item table has ``title``, ``year`` (missing for two films), ``genres`` (joined by ``|``) and the same
    as ``categories``, the user table ``age`` (years), ``gender``, ``occupation`` and ``zip``.

    References
    ----------
    F. M. Harper and J. A. Konstan, "The MovieLens Datasets: History and Context", ACM TiiS 5(4), 2015.

    Examples
    --------
    >>> MovieLens100K().entry.interactions
    100000
    """

    entry: ClassVar[CatalogueEntry] = CatalogueEntry(
        name="ml-100k",
        description="MovieLens-100k: film ratings from 1 to 5 with timestamps, titles, genres and user attributes",
        licence="GroupLens: research use with acknowledgement, no redistribution, no commercial use",
        citation=(
            "F. M. Harper and J. A. Konstan. 2015. The MovieLens Datasets: History and Context. "
            "ACM Transactions on Interactive Intelligent Systems 5, 4, Article 19. https://doi.org/10.1145/2827872"
        ),
        homepage="https://grouplens.org/datasets/movielens/100k/",
        users=943,
        items=1_682,
        interactions=100_000,
        size=2_130_151,
    )
    places: ClassVar[Sequence[Wheel]] = (
        Wheel(
            package="recbole",
            version="1.2.1",
            filename="recbole-1.2.1-py3-none-any.whl",
            sha256="9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
        ),
    )

    def read(self, folder: Path | None = None) -> SourceData:
        """Return the data set, fetched first if it is not in the cache folder.

        Raises
        ------
        DataError
            As for ``fetch``.
        """
        archive = self.fetch(folder)
        with zipfile.ZipFile(archive) as files:
            ratings, films, people = (_member(files, kind) for kind in ("inter", "item", "user"))
        interactions = interactions_from_table(
            ratings,
            {"user": "user_id", "item": "item_id", "timestamp": "timestamp", "rating": "rating"},
            where=str(archive),
            untyped=True,
            timestamp_unit="s",
        ).interactions
        interactions = replace(
            interactions,
            item_table=_in_vocabulary_order(_films(films), films["item_id"], interactions.item_ids),
            user_table=_in_vocabulary_order(_people(people), people["user_id"], interactions.user_ids),
        )
        return self.source_data(archive, interactions)


def _member(files: zipfile.ZipFile, kind: str) -> pa.Table:
    """Read one tab-separated member, all columns as text; its header names are ``name:type``."""
    content = files.read(f"recbole/dataset_example/ml-100k/ml-100k.{kind}")
    names = content[: content.index(b"\n")].decode().split("\t")
    table = pyarrow.csv.read_csv(
        io.BytesIO(content),
        # Titles hold quotation marks that quote nothing.
        parse_options=pyarrow.csv.ParseOptions(delimiter="\t", quote_char=False),
        convert_options=pyarrow.csv.ConvertOptions(column_types={name: pa.string() for name in names}),
    )
    return table.rename_columns([name.partition(":")[0] for name in names])


def _films(table: pa.Table) -> pd.DataFrame:
    text = table.to_pandas()
    # The field of two films holds a word instead of a year.
    years = pd.to_numeric(text["release_year"], errors="coerce").astype("Int64")
    genres = text["class"].str.replace(" ", "|", regex=False)
    categories = genres.map(lambda joined: tuple(joined.split("|")) if isinstance(joined, str) and joined else ())
    return pd.DataFrame({"title": text["movie_title"], "year": years, "genres": genres, "categories": categories})


def _people(table: pa.Table) -> pd.DataFrame:
    text = table.to_pandas()
    return pd.DataFrame(
        {
            "age": text["age"].astype("int64"),
            "gender": text["gender"],
            "occupation": text["occupation"],
            "zip": text["zip_code"],
        }
    )


def _in_vocabulary_order(attributes: pd.DataFrame, ids: ArrowColumn, vocabulary: Vocabulary) -> pd.DataFrame:
    index = pd.Index(ids.cast(pa.int64()).to_numpy())
    return attributes.set_index(index).loc[vocabulary.ids].reset_index(drop=True)
