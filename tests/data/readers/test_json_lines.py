"""Read JSON lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from data_files import written

from harness.data import read_table
from harness.errors import DataError


def test_amazon_reviews_by_hand(tmp_path: Path) -> None:
    review = (
        '{"reviewerID": "A2", "asin": "0000013714", "helpful": [2, 3], "overall": 5.0, "unixReviewTime": 1252800000}\n'
    )
    path = written(tmp_path, review + "\n" + review.replace("5.0", "4"), "reviews.json.gz")
    rows = read_table(path, user="reviewerID", item="asin", rating="overall", timestamp="unixReviewTime")
    assert rows.frame().values.tolist() == [
        ["A2", "0000013714", 1252800000, 5.0],
        ["A2", "0000013714", 1252800000, 4.0],
    ]


GOOD = '{"user": "ann", "item": 7}\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD + '{"user": "bob", "item": 7\n', r"line 2: the line is not a JSON object: Expecting ',' delimiter at"),
        (GOOD * 3_000 + "{'user': 'bob'}\n", r"line 3001: the line is not a JSON object: Expecting property name"),
        (GOOD * 3_000 + '{"user": 5, "item": 7}\n', "line 3001: 'user' is a number where it was text before"),
        (GOOD + '{"user": true, "item": 7}\n', "line 2: 'user' is true or false where it was text before"),
        (GOOD + '{"item": 7}\n', "column 'user', row 2: the id is missing"),
        (GOOD + '{"user": null, "item": 7}\n', "column 'user', row 2: the id is missing"),
        (GOOD + '{"user": "bob", "item": 1.5}\n', "the id 1.5 is not a whole number"),
        (GOOD.replace("7", "9" * 20), r"line 1: 'item' is 9{20}, which does not fit into 64 bits"),
        (GOOD.replace("ann", "\\ud800"), "half a character"),
        ('{"user": {"id": 1}, "item": 7}\n', "column 'user' holds struct"),
        (GOOD + '"bob"\n', "line 2: text where a JSON object is needed"),
        (GOOD + "[1, 2]\n", "the file is one JSON array"),
        ("[" + GOOD.strip() + "]", r"the file is one JSON array, where one object per line is needed.*jq -c '\.\[\]'"),
        ("[\n" + GOOD.strip() + "\n]", "the file is one JSON array"),
        ('{\n"user": "ann"\n}', "line 1: the line is not a JSON object"),
        ("{}\n", "the file is empty"),
        ("\n \n", "the file is empty"),
        ('{"users": "ann", "item": 7}\n', "no column 'user' for the user. Did you mean 'users'"),
        (GOOD.encode() + b'{"user": "Jos\xe9", "item": 7}\n', r"line 2: the text is not UTF-8 \(byte 0xe9\)"),
    ],
)
def test_bad_json_lines(tmp_path: Path, content: str | bytes, message: str) -> None:
    path = written(tmp_path, content, "a.jsonl")
    with pytest.raises(DataError, match=message) as error:
        read_table(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("name", ["timestamp", "rating"])
def test_a_column_that_occurs_late_in_json_lines_is_not_dropped(tmp_path: Path, name: str) -> None:
    lines = [f'{{"user": "u{row}", "item": {row}, "note": "\\"{name}\\":"}}\n' for row in range(1_200)]
    plain = read_table(written(tmp_path, "".join(lines), "a.jsonl"))
    # The word alone, inside a text, is no key.
    assert plain.timestamps is None
    assert plain.values is None
    late = [*lines, f'{{"user": "ann", "item": 7, "{name}": 5}}\n']
    with pytest.raises(DataError, match=f"row 1.*{name}"):
        read_table(written(tmp_path, "".join(late), "b.jsonl"))
