"""What every registered reader of tables has in common."""

import inspect

import pyarrow as pa
import pytest

from harness import registry
from harness.data.readers.table_keys import TableKeys
from harness.data.readers.table_reader import TableReader

READERS = sorted(set(registry.BUILT_IN["readers"].values()))


@pytest.mark.parametrize("target", READERS)
def test_each_reader_inherits_the_base_and_keeps_its_signatures(target):
    suffix = next(name for name, other in registry.BUILT_IN["readers"].items() if other == target)
    reader = registry.load("readers", suffix)
    assert issubclass(reader, TableReader)
    assert not inspect.isabstract(reader)
    for name in ("open", "read"):
        theirs, ours = (inspect.signature(getattr(cls, name)).parameters for cls in (reader, TableReader))
        assert list(theirs) == list(ours)


def test_a_reader_without_open_and_read_cannot_be_made(tmp_path):
    with pytest.raises(TypeError, match="abstract"):
        TableReader(tmp_path / "x", ())


def test_columns_have_no_other_names_and_no_hints_by_default(tmp_path):
    class Bare(TableReader):
        @classmethod
        def open(cls, path, *, usual=(), delimiter=None):
            return cls(path, ("user",))

        def read(self, columns, *, text):
            return pa.table({"user": [1]}).select(columns)

    reader = Bare.open(tmp_path)
    assert reader.read(["user"], text=[]).to_pydict() == {"user": [1]}
    assert (reader.alias_of("user"), reader.missing_column_hint(TableKeys("x"))) == (None, "")
    assert (reader.untyped, reader.takes_delimiter, reader.takes_gzip, reader.warnings) == (False, False, True, ())
