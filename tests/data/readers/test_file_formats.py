"""Choose the reader of a table by the suffix of its name; a package can add one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from data_files import written

from harness import registry
from harness.data import TableReader, read_table
from harness.data.readers.file_formats import reader_of
from harness.data.readers.table_keys import DATASET_KEYS
from harness.errors import DataError, HarnessError
from harness.storage.table_formats import DELIMITERS, PARQUET

# A whole reader: a table in which "=" separates two columns.
READER = '''
from dataclasses import dataclass

import pyarrow as pa

from harness.data import TableReader


@dataclass(frozen=True)
class EqualsReader(TableReader):
    """Pairs of a user and an item, separated by an equals sign."""

    untyped = True

    @classmethod
    def open(cls, path, *, usual=(), delimiter=None):
        return cls(path, ("user", "item"))

    def read(self, columns, *, text):
        rows = [line.split("=") for line in self.path.read_text().splitlines()]
        table = pa.table({"user": [row[0] for row in rows], "item": [row[1] for row in rows]})
        return table.select(list(columns))


class Other:
    pass
'''
ENTRY_POINTS = "[harness.readers]\nequals = stranger_of_readers:EqualsReader\nother = stranger_of_readers:Other\n"


@pytest.fixture
def _package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with a reader, on the path as an installed one is."""
    site = tmp_path / "site"
    (site / "stranger-1.0.dist-info").mkdir(parents=True)
    (site / "stranger_of_readers.py").write_text(READER)
    (site / "stranger-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (site / "stranger-1.0.dist-info/entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(site)
    registry.table.cache_clear()
    yield
    monkeypatch.undo()
    registry.table.cache_clear()
    sys.modules.pop("stranger_of_readers", None)


@pytest.mark.usefixtures("_package")
def test_a_package_can_add_a_reader(tmp_path: Path) -> None:
    rows = read_table(written(tmp_path, "ann=7\nbob=9\n", "plays.equals"))
    assert rows.frame().values.tolist() == [["ann", 7], ["bob", 9]]
    with pytest.raises(DataError, match=r"\.parquet files, or \.equals, \.other"):
        read_table(written(tmp_path, "ann=7\n", "plays.xlsx"))


@pytest.mark.usefixtures("_package")
def test_a_reader_of_a_package_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"'other' .* is not a subclass of harness\.data\.TableReader"):
        read_table(written(tmp_path, "ann=7\n", "plays.other"))


@pytest.mark.parametrize("name", registry.BUILT_IN["readers"])
def test_every_suffix_has_a_reader(name: str) -> None:
    reader = registry.load("readers", name)
    assert issubclass(reader, TableReader)
    path = Path(f"plays.{name}")
    assert reader_of(path, None, delimiter=None, keys=DATASET_KEYS) is reader
    if reader.takes_gzip:
        assert reader_of(Path(f"{path}.gz"), None, delimiter=None, keys=DATASET_KEYS) is reader
    else:
        with pytest.raises(DataError, match="does not say the format"):
            reader_of(Path(f"{path}.gz"), None, delimiter=None, keys=DATASET_KEYS)


def test_the_suffixes_that_external_models_share_are_those_of_the_readers() -> None:
    readers = registry.BUILT_IN["readers"]
    assert {f".{name}" for name in readers if readers[name] == readers["parquet"]} == set(PARQUET)
    for suffix, delimiter in DELIMITERS.items():
        assert registry.load("readers", suffix[1:]).default_layout.delimiter == delimiter
