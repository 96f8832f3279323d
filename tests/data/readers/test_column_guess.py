"""Guesses of the columns of a table, from names in well-known data sets."""

from __future__ import annotations

import pytest

from harness.data import TableKeys
from harness.data.readers.column_guess import guess_columns
from harness.data.readers.open_table import open_table
from harness.errors import DataError

KEYS = TableKeys("TABLE", delimiter="--delimiter", form="--file-format", column="--{}")
NOTHING = dict.fromkeys(("user", "item", "timestamp", "rating"))


def guessed(tmp_path, header, **named):
    path = tmp_path / "table.csv"
    path.write_text(f"{header}\n")
    return guess_columns(open_table(path, keys=KEYS), {**NOTHING, **named}, KEYS)


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("user,item,timestamp,rating", ("user", "item", "timestamp", "rating")),
        ("userId,movieId,rating,timestamp", ("userId", "movieId", "timestamp", "rating")),
        ("userid,itemid", ("userid", "itemid", None, None)),
        ("reviewerID,asin,reviewText,overall,unixReviewTime", ("reviewerID", "asin", "unixReviewTime", "overall")),
        ("timestamp,visitorid,event,itemid,transactionid", ("visitorid", "itemid", "timestamp", None)),
        ("CUSTOMER_ID,PRODUCT_CODE,date,amount", ("CUSTOMER_ID", "PRODUCT_CODE", "date", None)),
        ("user_id,business_id,stars,date,text", ("user_id", "business_id", "date", "stars")),
        ("uid,sku,when", ("uid", "sku", "when", None)),
        ("user_id,user_name,song,plays", ("user_id", "song", None, None)),
        ("session_id,item_id,created_at", ("session_id", "item_id", "created_at", None)),
    ],
)
def test_names_of_known_data_sets(tmp_path, header, columns):
    guesses = guessed(tmp_path, header)
    assert tuple(guess.column for guess in guesses) == columns
    assert [guess.meaning for guess in guesses] == ["user", "item", "timestamp", "rating"]
    for guess in guesses:
        assert guess.reason.startswith("its name has the word '" if guess.column else "no column has such a name; --")


def test_of_several_times_the_first_is_taken_and_the_others_are_named(tmp_path):
    guess = guessed(tmp_path, "user,item,date,time")[2]
    assert guess.column == "date"
    assert "'time' may be, too: --timestamp chooses" in guess.reason


def test_a_named_column_is_not_guessed_again(tmp_path):
    guesses = guessed(tmp_path, "user,item,score", item="score")
    assert [guess.column for guess in guesses] == ["user", "score", None, None]
    assert guesses[1].reason == "--item names it"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("client,buyer,item", "'client', 'buyer' may each hold the user. Choose one: --user client or --user buyer"),
        ("user,a,b", "no column's name says that it holds the item.*The columns are: 'user', 'a', 'b'.*--item"),
        ("user;item", "The columns look separated by ';': set --delimiter to that"),
    ],
)
def test_what_cannot_be_guessed_is_asked_for(tmp_path, header, message):
    with pytest.raises(DataError, match=message):
        guessed(tmp_path, header)


def test_a_named_column_must_exist(tmp_path):
    with pytest.raises(DataError, match="there is no column 'usr' for the user"):
        guessed(tmp_path, "user,item", user="usr")
