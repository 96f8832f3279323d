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

PARQUET = (".parquet", ".pq")
WITH_COLUMNS = (".csv", ".tsv", *PARQUET)
FORMATS = (".txt", *WITH_COLUMNS, ".npy", ".json")

Id = int | str | None


def plain_id(value: Any, where: str) -> Id:
    """Return an id as int, text, or None if it is missing.

    Raises
    ------
    CheckpointError
        It is of another type, such as a fraction.
    """
    if value is None or (isinstance(value, (float, np.floating)) and np.isnan(value)) or value == "":
        return None
    if isinstance(value, (bool, np.bool_)):
        raise CheckpointError(f"{where}: {value} is no id. Use integers or text.")
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return int(value)  # a column with a gap is read as floats
    raise CheckpointError(f"{where}: {str(value)[:40]!r} is no id. Use integers or text.")


def ids_in(path: Path, column: str | None = None) -> list[Id] | dict[str, Any]:
    """Return the ids of a file, a row each, None where a row has none; of a JSON map the map itself.

    Raises
    ------
    CheckpointError
        It is missing or cannot be read, or lacks the column.
    """
    if not path.is_file():
        what = "is a folder" if path.exists() else "does not exist"
        raise CheckpointError(f"the file of ids {path} {what}.")
    suffix = path.suffix.lower()
    try:
        if suffix == ".npy":
            values = _from_npy(path)
        elif suffix in PARQUET:
            values = _column(pa.parquet.read_table(path), path, column).to_pylist()
        elif suffix == ".json":
            values = json.loads(path.read_text(encoding="utf-8-sig"))
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


def _from_npy(path: Path) -> list[Any]:
    array = np.lib.format.open_memmap(path, mode="r")
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
        raise CheckpointError(f"{path} has several columns. Name the one with the ids by 'column'.")
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
        asked = "Name the one with the ids by 'column'." if column is None else f"There is no '{column}'."
        raise CheckpointError(f"{path} has the columns {', '.join(names)}. {asked}")
    return table.column(column)
