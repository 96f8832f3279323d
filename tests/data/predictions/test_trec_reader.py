"""TREC runs as tables: columns by position, any white space, and files that are none."""

import gzip

import pytest

from harness.data.predictions.trec_reader import TrecRunReader
from harness.errors import DataError


def test_columns_are_read_by_position_as_text(tmp_path):
    path = tmp_path / "a.run"
    path.write_text('7 Q0 "x 1 0.50 tag\n007\tQ0\ty  2 1e3 tag\n')
    reader = TrecRunReader.open(path)
    assert (reader.columns, reader.untyped) == (("user", "q0", "item", "rank", "score", "tag"), True)
    table = reader.read(["item", "user", "score"], text=["item", "user", "score"])
    assert table.to_pydict() == {"item": ['"x', "y"], "user": ["7", "007"], "score": ["0.50", "1e3"]}


def test_a_compressed_run_is_read(tmp_path):
    path = tmp_path / "a.run.gz"
    path.write_bytes(gzip.compress(b"7 Q0 x 1 0.5 tag\n"))
    assert TrecRunReader.open(path).read(["item"], text=["item"]).to_pydict() == {"item": ["x"]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("7 Q0 x 1 0.5\n", "a line of a TREC run has 6 fields, .* this file has 5"),
        ("7 Q0 x 1 0.5 tag\n8 Q0 y 2 0.4 two tags\n", "cannot be read as a TREC run"),
        ("", "cannot be read as a TREC run"),
    ],
)
def test_another_number_of_fields_is_an_error(tmp_path, content, words):
    path = tmp_path / "a.run"
    path.write_text(content)
    with pytest.raises(DataError, match=words):
        TrecRunReader.open(path).read(["item"], text=["item"])
