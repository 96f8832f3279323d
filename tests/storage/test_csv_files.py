"""CSV files: text that a spreadsheet would run is neutralised, numbers and all other text stay."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from harness.storage import csv_text, write_csv

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


def test_rows_as_text():
    rows = [
        {"=a": "=1", "b": -0.1, "c": None, "d": True},
        {"=a": "x,y", "b": 1e-300, "e": ["-1", 2], "f": {"k": [1]}},
        {"=a": 'say "x"\r', "b": 3},
    ]
    header, *found = list(csv.reader(io.StringIO(csv_text(rows), newline="")))
    assert header == ["'=a", "b", "c", "d", "e", "f"]
    assert found[0] == ["'=1", "-0.1", "", "true", "", ""]
    assert found[1] == ["x,y", "1e-300", "", "", "'-1; 2", '{"k": [1]}']
    assert found[2][0].startswith('say "x"')
    assert csv_text([]) == "\n"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=4))
def test_no_row_of_text_begins_a_formula(cells):
    (found,) = list(csv.reader(io.StringIO(csv_text([{f"c{i}": cell for i, cell in enumerate(cells)}]), newline="")))[
        1:
    ]
    for cell, read in zip(cells, found, strict=True):
        assert read in (cell, f"'{cell}")
        assert not read.startswith((*FORMULA, *ALSO))
