"""Lines, headers, values and ids of any length: read, or refused with one message in bounded memory."""

from __future__ import annotations

import csv
import gzip
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from harness.artifacts import Vocabulary
from harness.data import read_predictions, read_table
from harness.data.filters.id_lists import read_id_list
from harness.errors import HarnessError
from harness.models.external.id_files import ids_in

MIB = 1 << 20
TOO_LONG = 17 * MIB
LIMIT_OF_THE_CSV_MODULE = 131_072


@pytest.fixture(autouse=True)
def _csv_module_is_left_as_it_was():
    yield
    assert csv.field_size_limit() == LIMIT_OF_THE_CSV_MODULE


def pack(path: Path, start: bytes, *, megabytes: int) -> Path:
    """Write a beginning and one long line, packed to a thousandth."""
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(start)
        for _ in range(megabytes):
            stream.write(b"x" * MIB)
    return path


@pytest.mark.parametrize(
    ("name", "start", "line"),
    [
        ("plays.jsonl.gz", b'{"user": 1, "item": 2}\n{"user": "', 2),
        ("plays.jsonl.gz", b'{"user": "', 1),
        ("plays.csv.gz", b"user,item\n1,2\n3,", 3),
        ("plays.csv.gz", b'user,item\n1,2\n3,"', 3),
        ("plays.tsv.gz", b"user\titem\n1\t", 2),
        ("plays.inter.gz", b"user_id:token\titem_id:token\n1\t2\n1\t", 3),
        ("plays.dat.gz", b"1::2::3::4\n5::", 2),
    ],
)
def test_one_line_of_a_hundred_megabytes(name: str, start: bytes, line: int, tmp_path: Path) -> None:
    path = pack(tmp_path / name, start, megabytes=100)
    assert path.stat().st_size < 2 * MIB
    with pytest.raises(HarnessError, match=rf"plays.*, line {line}: the line is longer than 16 MiB\. Check") as told:
        read_table(path)
    assert len(str(told.value)) < 500


def test_memory_is_bounded(tmp_path: Path) -> None:
    """A line of 600 MiB is refused by a process that may use 400 MiB more than it has."""
    pack(tmp_path / "plays.jsonl.gz", b'{"user": 1, "item": 2}\n{"user": "', megabytes=600)
    code = (
        "import resource, sys\n"
        "from harness.data import read_table\n"
        "from harness.errors import DataError\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (400 << 20),) * 2)\n"
        "try:\n"
        "    read_table(sys.argv[1])\n"
        "except DataError as error:\n"
        "    print(error)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "plays.jsonl.gz")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "line 2: the line is longer than 16 MiB" in ended.stdout


@pytest.mark.parametrize("name", ["plays.csv", "plays.tsv", "plays.inter", "plays.dat"])
def test_a_long_header(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"x" * (2 * MIB) + b"\n1,2\n")
    with pytest.raises(HarnessError, match="the first line is longer than 1 MiB"):
        read_table(path)


def test_predictions_and_lists_of_ids(tmp_path: Path) -> None:
    long = b"1 Q0 " + b"x" * TOO_LONG
    (tmp_path / "a.run").write_bytes(b"1 Q0 2 1 0.5 tag\n" + long)
    with pytest.raises(HarnessError, match=r"a\.run, line 2: the line is longer than 16 MiB"):
        read_predictions(tmp_path / "a.run")
    (tmp_path / "a.csv").write_bytes(b"user,item,score\n1,2,3\n1," + b"x" * TOO_LONG)
    with pytest.raises(HarnessError, match=r"a\.csv, line 3: the line is longer than 16 MiB"):
        read_predictions(tmp_path / "a.csv")
    (tmp_path / "a.txt").write_bytes(b"7\n\n" + long)
    with pytest.raises(HarnessError, match=r"a\.txt, line 3: the line is longer than 16 MiB"):
        read_id_list(tmp_path / "a.txt")
    with pytest.raises(HarnessError, match=r"a\.txt, line 3: the line is longer than 16 MiB"):
        ids_in(tmp_path / "a.txt")
    with pytest.raises(HarnessError, match=r"a\.csv, line 3: the line is longer than 16 MiB"):
        ids_in(tmp_path / "a.csv", "user")


def test_lines_of_old_systems_end_in_a_carriage_return(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_bytes(b"user,item\r" + b"1,2\r" * (5 * MIB))  # 20 MiB without a newline
    assert len(read_table(path)) == 5 * MIB


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_a_long_id(suffix: str, tmp_path: Path) -> None:
    for length, reads in ((4_096, True), (4_097, False)):
        path = tmp_path / f"plays.{suffix}"
        frame = pd.DataFrame({"user": ["a", "u" * length], "item": [1, 2], "score": [1.0, 2.0]})
        if suffix == "parquet":
            frame.to_parquet(path)
        elif suffix == "csv":
            frame.to_csv(path, index=False)
        else:
            frame.to_json(path, orient="records", lines=True)
        if reads:
            assert read_table(path).user_ids.ids.tolist() == ["a", "u" * length]
            continue
        for read in (read_table, read_predictions):
            with pytest.raises(HarnessError, match="column 'user', row 2: the id is longer than 4,096 bytes"):
                read(path)


@pytest.mark.parametrize("length", [LIMIT_OF_THE_CSV_MODULE, LIMIT_OF_THE_CSV_MODULE + 1, 3 * MIB, 15 * MIB])
@pytest.mark.parametrize("wanted", ["item", "note"])
def test_a_long_text_beside_a_value_of_several_lines(length: int, wanted: str, tmp_path: Path) -> None:
    """Whether the column is read or not; Python's own csv module is the oracle of what is valid."""
    path = tmp_path / "plays.csv"
    rows = [("user", "item", "note"), ("1", "2", "two\nlines"), ("3", "4", "y" * length), ("5", "6", 'a "b", c')]
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    if wanted == "item":
        assert read_table(path).frame().values.tolist() == [[1, 2], [3, 4], [5, 6]]
    else:
        with pytest.raises(HarnessError, match="column 'note', row 2: the id is longer than 4,096 bytes"):
            read_table(path, item="note")
    assert ids_in(path, "item") == ["2", "4", "6"]


def test_a_long_text_beside_a_quote_that_is_not_closed(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text(f'user,item,note\n1,2,{"y" * 200_000}\n3,4,"open\n5,6,z\n')
    with pytest.raises(HarnessError, match="line 3: a double quote opens a value and does not close it"):
        read_table(path)
    path.write_text('user,item,note\n1,2,"a\nb"\n3,4,"' + "open\n5,6,z\n" * (2 * MIB))
    with pytest.raises(HarnessError, match="line 4: a value between double quotes is longer than 16 MiB, so its"):
        read_table(path)


def test_a_type_that_changes_beside_a_long_text(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("user,item,rating,note\n" + "1,2,3,\n" * 200_000 + f"1,2,3.5,{'y' * 3 * MIB}\n")
    values = read_table(path).values
    assert values is not None
    assert values[[0, -1]].tolist() == [3.0, 3.5]


def test_an_id_of_many_digits_is_not_an_integer() -> None:
    assert Vocabulary.of([7]).lookup(["9" * 10_000, "7"]).tolist() == [-1, 0]
