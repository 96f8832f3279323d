"""Files of own ids, a row an index of a model from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from harness.errors import CheckpointError
from harness.models.own_ids import Id, plain_id

PARQUET = (".parquet", ".pq")
WITH_COLUMNS = (".csv", ".tsv", *PARQUET)
COLUMN_OPTION = "column, or ids_column of kind vectors"
FORMATS = (".txt", *WITH_COLUMNS, ".npy", ".json")


def require_file(path: Path) -> Path:
    """Return a file of ids if it is there.

    Raises
    ------
    CheckpointError
        It is missing, or a folder.
    """
    if not path.is_file():
        what = "is a folder" if path.exists() else "does not exist"
        raise CheckpointError(f"the file of ids {path} {what}.")
    return path


def ids_in(path: Path, column: str | None = None) -> list[Id] | dict[str, Any]:
    """Return the ids of a file, a row each, None where a row has none; of a JSON map the map itself.

    Raises
    ------
    CheckpointError
        It is missing or cannot be read, or lacks the column.
    """
    suffix = require_file(path).suffix.lower()
    try:
        if suffix == ".npy":
            values = _from_npy(path)
        elif suffix in PARQUET:
            values = _column(pa.parquet.read_table(path), path, column).to_pylist()
        elif suffix == ".json":
            values = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_each_once)
            if isinstance(values, dict):
                return values
            if not isinstance(values, list):
                raise CheckpointError(f"{path} holds {type(values).__name__}; a list of ids is needed, or a map.")
        elif column is None:
            values = _lines(path)
        else:
            values = _from_text(path, column)
    except (OSError, ValueError, RecursionError, pa.ArrowException) as error:
        raise CheckpointError(f"the file of ids {path} cannot be read: {str(error)[:200]}") from error
    return [plain_id(value, str(path)) for value in values]


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice")
    return found


def _from_npy(path: Path) -> list[Any]:
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except ValueError as error:
        if "objects" not in str(error):
            raise
        raise CheckpointError(
            f"{path} holds Python objects, which are never unpickled since that can run code. Save the ids as text or "
            "integers: numpy.save(path, ids.astype(str))."
        ) from error
    if array.ndim != 1 or array.dtype.kind not in "iufU":
        raise CheckpointError(
            f"{path} is an array of {array.dtype} with the shape {array.shape}; integers or text, one id a row, are "
            "needed, such as by numpy.save(path, ids.astype(str))."
        )
    values: list[Any] = array.tolist()
    return values


def _lines(path: Path) -> list[str]:
    lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    delimiter = {".csv": ",", ".tsv": "\t"}.get(path.suffix.lower())
    if delimiter is not None and any(delimiter in line for line in lines):
        raise CheckpointError(f"{path} has several columns. Name the one with the ids: {COLUMN_OPTION}.")
    return lines


def _from_text(path: Path, column: str) -> list[Any]:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    header = path.read_text(encoding="utf-8-sig").partition("\n")[0]
    names = [name.strip().strip('"') for name in header.split(delimiter)]
    table = pa.csv.read_csv(
        path,
        parse_options=pa.csv.ParseOptions(delimiter=delimiter),
        # As it is written: nothing is taken for a number, a date or missing.
        convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )
    values: list[Any] = _column(table, path, column).to_pylist()
    return values


def _column(table: Any, path: Path, column: str | None) -> Any:
    names = table.column_names
    if column is None and len(names) == 1:
        return table.column(0)
    if column is None or column not in names:
        asked = f"Name the one with the ids: {COLUMN_OPTION}." if column is None else f"There is no '{column}'."
        raise CheckpointError(f"{path} has the columns {', '.join(names)}. {asked}")
    return table.column(column)
