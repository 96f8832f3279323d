"""Load the data set that an experiment names."""

from __future__ import annotations

from pathlib import Path

import pytest
from dataset_sections import dataset_section

from harness.data import MovieLens100K, SourceData, load_source
from harness.errors import DataError
from harness.experiment import ColumnNames
from harness.storage import sha256_file


def test_by_path(tmp_path: Path) -> None:
    path = tmp_path / "plays.csv"
    path.write_text("who,what,timestamp\n1,2,3\n1,2,4\n")
    columns = ColumnNames(user="who", item="what")
    source = load_source(dataset_section(path=str(path), columns=columns))
    assert source.name == "plays.csv"
    assert source.sha256 == sha256_file(path)
    assert source.facts == {"origin": str(path), "duplicates": 1, "timestamp_unit": "raw"}
    assert len(source.interactions) == 2


def test_by_path_with_the_usual_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plays.csv").write_text("user,item\n1,2\n")
    assert len(load_source(dataset_section(path="plays.csv")).interactions) == 1


def test_by_name(ml_100k: SourceData) -> None:
    source = load_source(dataset_section(catalog=MovieLens100K()))
    assert source.sha256 == ml_100k.sha256
    assert len(source.interactions) == 100_000


def test_one_of_the_two() -> None:
    with pytest.raises(DataError, match="either catalog or path; got neither"):
        load_source(dataset_section())
    with pytest.raises(DataError, match="either catalog or path; got both"):
        load_source(dataset_section(catalog=MovieLens100K(), path="plays.csv"))
