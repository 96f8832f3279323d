"""CSV files: text that a spreadsheet would run is neutralised, numbers and all other text stay."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from harness.storage import write_csv

FORMULA = ("=", "+", "-", "@", "\t", "\r")
ALSO = ("\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # a line feed, and the full-width forms


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def test_a_table_worked_by_hand(tmp_path):
    frame = pd.DataFrame(
        {
            "run": ["=HYPERLINK(A1)", "+1", "-x", "@sum", "\ttab", "\rreturn", "ease", "a=b", "'quoted", None],
            "value": [-0.5, -1e-30, 2.0, np.nan, 1, 2, 3, 4, 5, 6],
            "mixed": [-3, "-3", -3.5, "x", None, "=1", 1, 2, 3, 4],
            "count": np.arange(-5, 5),
            "=header": "x",
        }
    )
    before = frame.copy()
    write_csv(tmp_path / "a.csv", frame)
    header, *rows = rows_of(tmp_path / "a.csv")
    assert header == ["run", "value", "mixed", "count", "'=header"]
    assert [row[0] for row in rows] == [
        "'=HYPERLINK(A1)", "'+1", "'-x", "'@sum", "'\ttab", "'\rreturn", "ease", "a=b", "'quoted", "",
    ]  # fmt: skip
    assert [row[1] for row in rows][:4] == ["-0.5", "-1e-30", "2.0", ""]
    assert [row[2] for row in rows][:6] == ["-3", "'-3", "-3.5", "x", "", "'=1"]
    assert [row[3] for row in rows] == [str(number) for number in range(-5, 5)]
    pd.testing.assert_frame_equal(frame, before)
    read = pd.read_csv(tmp_path / "a.csv")
    assert read["value"].dtype == float
    assert read["count"].tolist() == list(range(-5, 5))


texts = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.tuples(st.sampled_from(FORMULA + ALSO), st.text(st.characters(codec="utf-8"), max_size=4)).map("".join),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(texts, st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=5))
@pytest.mark.parametrize("dtype", ["object", "str", "category"])
def test_no_text_begins_like_a_formula_and_nothing_is_lost(tmp_path_factory, dtype, cells):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    text, numbers = zip(*cells, strict=True)
    write_csv(path, pd.DataFrame({"text": pd.Series(text, dtype=dtype), "number": numbers}))
    _, *rows = rows_of(path)
    assert [float(number) for _, number in rows] == list(numbers)
    for (read, _), given_text in zip(rows, text, strict=True):
        assert not read.startswith(FORMULA)
        assert read in (given_text, f"'{given_text}")
        assert (read == given_text) == (not given_text.startswith((*FORMULA, *ALSO)))


def test_all_csv_of_the_project_is_written_by_one_function():
    root = Path(harness.__file__).parent
    writers = re.compile(r"to_csv\(|csv\.writer|DictWriter|write_csv\(")
    found = {
        path.relative_to(root).as_posix() for path in root.rglob("*.py") if writers.search(path.read_text("utf-8"))
    }
    assert found == {
        "storage/csv_files.py",
        "pipeline/run_folder/comparison_files.py",
        "pipeline/run_folder/seed_files.py",
    }
