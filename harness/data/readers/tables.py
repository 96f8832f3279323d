"""Any file of rows, opened by its name; and which of its columns mean what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from harness.artifacts import Caution
from harness.data.readers.delimited import DelimitedFile
from harness.data.readers.file_layout import check_file, format_of, layout_of, reading
from harness.data.readers.json_lines import JsonLinesFile
from harness.data.readers.parquet import ParquetFiles
from harness.data.readers.table_keys import TableKeys
from harness.errors import DataError, did_you_mean
from harness.storage.table_format import TableFormat

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DATASET = TableKeys.of("dataset")


class TableFile(Protocol):
    """A file of rows whose columns are known before it is read."""

    @property
    def path(self) -> Path:
        """Where it is."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in order."""
        ...

    @property
    def is_text(self) -> bool:
        """Whether the format leaves open which values are integers."""
        ...

    @property
    def looks_separated_by(self) -> str | None:
        """A delimiter that would cut the one column into several."""
        ...

    def read(self, columns: Sequence[str], *, text: Sequence[str]) -> pa.Table:
        """Return columns in the order that is asked for; those of ``text`` as they are written."""
        ...


def open_table(
    path: Path,
    *,
    delimiter: str | None = None,
    form: TableFormat | None = None,
    usual: Sequence[str] = (),
    keys: TableKeys = _DATASET,
) -> TableFile:
    """Return a file of rows, of the format that is named or that its name ends in.

    Every table that a user names is opened here: interactions, parts of splits, side tables, vectors, predictions
    and candidates.

    Parameters
    ----------
    path
        A file, or a folder of parquet parts.
    delimiter
        Of a text file; None: as the format has it.
    form
        The format; None: as the name says.
    usual
        Names that columns of such a file have: a file without a header has them by position, and JSON
        lines are searched for them to their end.
    keys
        What the user may set, for messages.

    Raises
    ------
    DataError
        There is no such file, its format is not known, or its header cannot be read.
    """
    with reading(path):
        check_file(path, key=keys.path)
        found = format_of(path, form, delimiter=delimiter, keys=keys)
        if found == "parquet":
            return ParquetFiles.open(path)
        if found == "jsonl":
            return JsonLinesFile.open(path, usual)
        return DelimitedFile.open(path, layout_of(found, delimiter), unnamed=usual)


def cautions_of(file: TableFile) -> tuple[Caution, ...]:
    """Return what looked wrong before a row was read."""
    return file.cautions if isinstance(file, ParquetFiles) else ()


def read_columns(file: TableFile, columns: Sequence[str], *, text: Sequence[str]) -> pa.Table:
    """Return columns of a file that has rows, those of ``text`` as they are written.

    Raises
    ------
    DataError
        The file cannot be read, or has no rows.
    """
    with reading(file.path):
        table = file.read(list(dict.fromkeys(columns)), text=text)
    if table.num_rows == 0:
        raise DataError(f"{file.path}: the file has a header and no rows. Give a file with rows.")
    return table


def chosen_columns(wanted: Mapping[str, str | None], file: TableFile, keys: TableKeys = _DATASET) -> dict[str, str]:
    """Return the columns of a table by what they mean.

    Parameters
    ----------
    wanted
        What is meant to the name of its column; None takes a column called so where there is one.
    file
        Opened.
    keys
        What the user may set, for messages.

    Raises
    ------
    DataError
        A column is missing, twice there, or named for two things.
    """
    found, path = file.names, file.path
    chosen: dict[str, str] = {}
    for meaning, name in wanted.items():
        if name is None:
            if meaning in found:
                chosen[meaning] = single_column(meaning, file)
            continue
        chosen[meaning] = needed_column(name, file, meaning=meaning, key=keys.column_named(meaning), keys=keys)
    taken = [name for meaning, name in chosen.items() if wanted[meaning] is not None]
    twice = [name for name in taken if taken.count(name) > 1]
    if twice:
        raise DataError(f"{path}: column '{twice[0]}' is named twice. Each meaning needs a column of its own.")
    # A column that was named for something else is not taken again under its own name.
    return {meaning: name for meaning, name in chosen.items() if wanted[meaning] is not None or name not in taken}


def single_column(name: str, file: TableFile) -> str:
    """Return the name of a column that is there, once it is clear which one it is.

    Raises
    ------
    DataError
        Two columns have it.
    """
    if file.names.count(name) > 1:
        raise DataError(f"{file.path}: two columns are called '{name}'. Rename one of them.")
    return name


def needed_column(name: str, file: TableFile, *, meaning: str, key: str | None, keys: TableKeys) -> str:
    """Return the name of a column that must be there.

    Parameters
    ----------
    name
        As the user gives it; ``user`` and ``item`` also stand for an atomic file's ``user_id`` and ``item_id``.
    file
        Opened.
    meaning, key
        What the column is for, and what names it, for messages; None where nothing does.
    keys
        What else the user may set, for messages.

    Raises
    ------
    DataError
        There is none, or there are two.
    """
    if name in file.names:
        return single_column(name, file)
    atomic = isinstance(file, DelimitedFile) and file.layout.typed
    if atomic and name in ("user", "item") and f"{name}_id" in file.names:
        return f"{name}_id"
    shown = ", ".join(repr(column[:40]) for column in file.names[:20]) + (", ..." if len(file.names) > 20 else "")
    remedy = f"Name the right one with {key}." if key is not None else f"Rename the right one to '{name}'."
    raise DataError(
        f"{file.path}: there is no column '{name}' for the {meaning}. {_hint(name, file, keys)}"
        f"The columns are: {shown}. {remedy}"
    )


def _hint(name: str, file: TableFile, keys: TableKeys) -> str:
    """Return a sentence on why a column may not have been found, or nothing."""
    mark = file.looks_separated_by
    if mark is not None:
        return f"The columns look separated by {mark!r}: {keys.for_delimiter()}. "
    # A number is a value, not a name: the first line is a row where any of its columns is one.
    if (
        isinstance(file, DelimitedFile)
        and file.header is not None
        and any(_NUMBER.fullmatch(column) for column in file.names)
    ):
        return "The first line looks like data: put a header above it. "
    close = did_you_mean(name, file.names)
    return f"{close} " if close.startswith("Did") else ""
