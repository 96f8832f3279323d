"""Read files of external ids, in which each row stands for an index of an external model."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from harness.errors import CheckpointError
from harness.models.checkpoints.required_files import require_file
from harness.models.external.external_arrays import array_in, id_values
from harness.models.external.external_ids import Id, plain_id
from harness.storage.array_files import texts_of
from harness.storage.arrow_types import plain
from harness.storage.input_files import long_csv_fields, open_bytes, text_lines
from harness.storage.table_formats import DELIMITERS, PARQUET

WITH_COLUMNS = (*DELIMITERS, *PARQUET)
COLUMN_OPTION = "column, or ids_column of kind vectors"
_LONGEST_HEADER = 1 << 20
FORMATS = (".txt", *WITH_COLUMNS, ".npy", ".json")


def ids_in(path: Path, column: str | None = None) -> list[Id] | dict[str, Any]:
    """Return one id per row of a file, None for an empty row; a JSON map is returned as it is.

    Ids in text files stay text as written; ``indices_of`` decides which are integers. Each line is a row, including
    empty lines. A newline at the end of the file ends the last row.

    Raises
    ------
    CheckpointError
        The file is missing, cannot be read, or lacks the column.
    """
    suffix = require_file(path, "the file of ids").suffix.lower()
    try:
        if suffix == ".npy":
            values = _from_npy(path)
        elif suffix in PARQUET:
            # Without partitioning: folder names in the path are not columns of the file.
            table = pa.parquet.read_table(path, partitioning=None)
            values = id_values(plain(_column(table, path, column)), f"{path}: the column")
        elif suffix == ".json":
            values = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_each_once)
            if isinstance(values, dict):
                return values
            if not isinstance(values, list):
                raise CheckpointError(f"{path} holds {type(values).__name__}; a list of ids is needed, or a map.")
        elif suffix == ".txt":
            values = _lines(path)
        else:
            values = _from_rows(_rows(path, DELIMITERS.get(suffix, ",")), path, column)
    except (OSError, ValueError, RecursionError, csv.Error, pa.ArrowException) as error:
        raise CheckpointError(f"the file of ids {path} cannot be read: {str(error)[:200]}") from error
    return [plain_id(value, str(path)) for value in values]


def checked_header(path: Path, column: str | None) -> Path:
    """Check that a file of ids exists and has the column, without reading its rows, and return it.

    Raises
    ------
    CheckpointError
        The file is missing, cannot be read, or lacks the column.
    """
    suffix = require_file(path, "the file of ids").suffix.lower()
    try:
        if suffix in PARQUET:
            names = pa.parquet.read_schema(path).names
        elif suffix in WITH_COLUMNS:
            with path.open(encoding="utf-8-sig", newline="") as file:
                line = file.readline(_LONGEST_HEADER)
            names = next(csv.reader([line], delimiter=DELIMITERS[suffix], strict=True), [])
        else:
            return path
    except (OSError, ValueError, csv.Error, pa.ArrowException) as error:
        raise CheckpointError(f"the file of ids {path} cannot be read: {str(error)[:200]}") from error
    if column is None and len(names) > 1 and suffix not in PARQUET:
        raise CheckpointError(f"{path} has several columns. Name the one with the ids: {COLUMN_OPTION}.")
    if names.count(column) != 1 if column is not None else len(names) > 1:
        raise CheckpointError(_no_column(path, names, column))
    return path


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} occurs twice")
    return found


def _from_npy(path: Path) -> list[Any]:
    array = array_in(path, None, usual="ids")
    if array.ndim != 1 or array.dtype.kind not in "iufU":
        raise CheckpointError(
            f"{path} is an array of {array.dtype} with the shape {array.shape}; integers or text, one id per row, are "
            "needed, such as by numpy.save(path, ids.astype(str))."
        )
    return texts_of(array) if array.dtype.kind == "U" else list(array.tolist())


def _lines(path: Path) -> list[str]:
    # Only newlines end a line, unlike in str.splitlines. Nothing follows the last newline.
    lines = text_lines(path)
    return lines if lines[-1] else lines[:-1]


def _rows(path: Path, delimiter: str) -> list[list[str]]:
    """Return the rows of a table as text; an empty row has one empty column."""
    stream: Any = open_bytes(path)
    with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as file, long_csv_fields():
        return [row or [""] for row in csv.reader(file, delimiter=delimiter, strict=True)]


def _from_rows(rows: list[list[str]], path: Path, column: str | None) -> list[str]:
    if column is None:
        if any(len(row) > 1 for row in rows):
            raise CheckpointError(f"{path} has several columns. Name the one with the ids: {COLUMN_OPTION}.")
        return [row[0] for row in rows]
    names = rows[0] if rows else []
    if names.count(column) != 1:
        raise CheckpointError(_no_column(path, names, column))
    for number, row in enumerate(rows, 1):
        if len(row) != len(names) and row != [""]:
            raise CheckpointError(f"{path}: row {number:,} has {len(row)} columns, and the header {len(names)}.")
    place = names.index(column)
    return ["" if row == [""] else row[place] for row in rows[1:]]


def _column(table: Any, path: Path, column: str | None) -> Any:
    names = table.column_names
    if column is None and len(names) == 1:
        return table.column(0)
    if names.count(column) != 1:
        raise CheckpointError(_no_column(path, names, column))
    return table.column(column)


def _no_column(path: Path, names: list[str], column: str | None) -> str:
    if column is None:
        asked = f"Name the one with the ids: {COLUMN_OPTION}."
    else:
        asked = f"'{column}' occurs twice there." if column in names else f"There is no '{column}'."
    return f"{path} has the columns {', '.join(names)}. {asked}"
