"""What looks wrong and is read all the same: counted, logged once, and in the facts."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_files import written
from dataset_sections import dataset_section

from harness.artifacts import Interactions, Vocabulary
from harness.data import SourceData, load_source
from harness.data.warnings import id_warnings


def source_of(path: Path, **keys: object) -> SourceData:
    return load_source(dataset_section(path=str(path), **keys))


def warnings_of(path: Path, **keys: object) -> dict[str, dict[str, Any]]:
    return {caution.name: asdict(caution) for caution in source_of(path, **keys).warnings}


def test_a_clean_file_has_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert warnings_of(written(tmp_path, "user,item,timestamp\nann,7,1717113600\nbob,8,1717113601\n")) == {}
    assert caplog.records == []


def test_ids_that_differ_only_by_spaces_or_case(tmp_path: Path) -> None:
    path = written(tmp_path, "user,item\nann,7\nAnn ,7\nbob,8\nA nn,8\nZoë,1\nZOË,1\nzed,1\n")
    assert warnings_of(path)["user_ids_alike"] == {
        "name": "user_ids_alike",
        "count": 5,
        "sentence": f"{path}: 5 user ids differ from another only by spaces or case, such as 'A nn' and 'Ann '. "
        "They count as different users; write them alike if they are the same.",
    }


def test_alike_ids_equal_counting_in_plain_python() -> None:
    texts = [f"{'a' * (n % 3)}{'B' if n % 2 else 'b'}{' ' * (n % 4)}{n // 6}" for n in range(200)]
    ids = Vocabulary.of(texts).ids.tolist()
    folded = ["".join(text.lower().split()) for text in ids]
    [warning] = id_warnings(Vocabulary.of(texts), where="x", what="item")
    assert warning.count == sum(folded.count(text) > 1 for text in folded)


def test_integers_with_a_slip_among_them(tmp_path: Path) -> None:
    rows = "".join(f"{n},1\n" for n in range(30))
    warning = warnings_of(written(tmp_path, f"user,item\n{rows}n7,1\n"))["user_ids_mixed"]
    assert warning["count"] == 1
    assert "1 of 31 user ids are not integers, such as 'n7'" in warning["sentence"]


def test_times_of_zero_in_the_future_and_of_another_unit(tmp_path: Path) -> None:
    later = int(time.time()) + 10 * 86_400
    rows = ["1717113600"] * 5 + ["0", "-3", str(later), "1717113600000"]
    path = written(tmp_path, "user,item,timestamp\n" + "".join(f"{n},1,{row}\n" for n, row in enumerate(rows)))
    warnings = warnings_of(path)
    assert {name: warning["count"] for name, warning in warnings.items()} == {
        "timestamps_of_another_unit": 1,
        "future_timestamps": 2,
        "timestamps_of_zero": 2,
    }
    assert "1 of 9 timestamps look like another unit than 's'" in warnings["timestamps_of_another_unit"]["sentence"]
    assert "2 of 9 timestamps are in the future, up to 56383-" in warnings["future_timestamps"]["sentence"]


def test_numbers_that_are_no_times_may_be_zero(tmp_path: Path) -> None:
    path = written(tmp_path, "user,item,timestamp\n1,1,0\n1,2,1\n")
    assert warnings_of(path) == {}
    assert source_of(path).facts["timestamp_unit"] == "raw"
    assert set(warnings_of(path, timestamp_unit="s")) == {"timestamps_of_zero"}


def test_what_a_folder_holds_beside_parts(tmp_path: Path) -> None:
    table = pa.table({"user": ["a"], "item": [1]})
    pq.write_table(table, tmp_path / "a.parquet")
    pq.write_table(table.slice(0, 0), tmp_path / "b.parquet")
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "readme.txt").touch()
    warnings = warnings_of(tmp_path)
    assert {name: warning["count"] for name, warning in warnings.items()} == {"files_ignored": 1, "empty_parts": 1}
    assert "such as 'readme.txt'" in warnings["files_ignored"]["sentence"]
    assert "1 of 2 parts have no rows, such as 'b.parquet'" in warnings["empty_parts"]["sentence"]


def test_each_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path, "user,item\nann,7\nANN,7\n", "logged.csv")
    with caplog.at_level(logging.WARNING, logger="harness"):
        first = warnings_of(path)
        assert warnings_of(path) == first
    assert [record.message for record in caplog.records] == [first["user_ids_alike"]["sentence"]]


def test_merged_rows_are_reported(tmp_path: Path) -> None:
    path = written(tmp_path, "user,item,rating\n1,1,2\n1,1,3\n2,1,4\n")
    facts = source_of(path, duplicates="sum").facts
    assert facts["duplicates"] == 1
    assert facts["merged"] == {"rule": "sum", "rows": 1}
    assert "merged" not in source_of(path).facts
    values = source_of(path, duplicates="sum").interactions.values
    assert values is not None
    assert values.tolist() == [5.0, 4.0]


@pytest.mark.parametrize("size", [1, 10**3, 10**6, 10**9])
def test_times_of_a_plug_in_are_looked_at_in_their_unit(size: int) -> None:
    class Shop:
        def read(self) -> SourceData:
            rows = Interactions(
                users=np.zeros(3, dtype=np.int32),
                items=np.arange(3, dtype=np.int32),
                user_ids=Vocabulary.of(["ann"]),
                item_ids=Vocabulary.of(np.arange(3)),
                timestamps=(1_717_113_600 + np.array([0, 1, 10**9])) * size,
            )
            return SourceData(rows, name="shop", sha256="")

    dataset = SimpleNamespace(catalog=Shop(), path=None, duplicates="keep", items=None, users=None)
    [caution] = load_source(dataset).warnings
    assert (caution.name, caution.count) == ("future_timestamps", 1)


def test_fine_times_in_the_future(tmp_path: Path) -> None:
    path = written(
        tmp_path, "user,item,timestamp\n1,1,2024-05-31T12:00:00.000000001Z\n1,2,2250-01-01\n1,3,1970-01-01\n"
    )
    warnings = warnings_of(path)
    assert {name: warning["count"] for name, warning in warnings.items()} == {
        "future_timestamps": 1,
        "timestamps_of_zero": 1,
    }
    assert "up to 2250-01-01T00:00:00Z." in warnings["future_timestamps"]["sentence"]
