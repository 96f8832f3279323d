"""Faulty lines of delimited files: which line is named, and why."""

import pytest

from harness.data.readers.delimited_faults import reading_fault, stray_quote


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n3\n", "line 3: 1 column where the first line has 2. Fix or remove the line"),
        ("a,b\n1,2,3\n4,5,6\n", "line 2 (and 1 more): 3 columns where the first line has 2"),
        ('a,b\n1,"2\n', "line 2: a double quote opens a value and does not close it"),
        ('a,b\n1,"2" x\n', "line 2: a double quote opens a value and does not close it"),
    ],
)
def test_the_first_faulty_line_is_named(tmp_path, content, message):
    path = tmp_path / "plays.csv"
    path.write_text(content)
    assert message in str(reading_fault(path, ",", quoted=True, width=2))


def test_without_quotes_the_delimiters_are_counted(tmp_path):
    path = tmp_path / "plays.csv"
    path.write_text('a,b\n"1,2\n')
    assert reading_fault(path, ",", quoted=False, width=2) is None
    assert "line 2" in str(reading_fault(path, ",", quoted=True, width=2))


def test_a_file_without_fault_has_none(tmp_path):
    path = tmp_path / "plays.csv"
    path.write_text('a,b\n"1, or ""one""",2\n\n3,"4\n5"\n')
    assert reading_fault(path, ",", quoted=True, width=2) is None
    assert stray_quote(path, ",") is None


def test_bytes_that_are_not_utf8_are_a_fault(tmp_path):
    path = tmp_path / "plays.csv"
    path.write_bytes(b"a,b\n1,\xff\n")
    assert "UTF-8" in str(reading_fault(path, ",", quoted=True, width=2))
