"""Read item vectors from a file, and sort their rows so that row i belongs to item i of the interactions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.artifacts import DataWarning, Facts, Vocabulary
from harness.artifacts.array_types import Float32Array, IdArray, Int64Array
from harness.data.readers.column_choice import require_column
from harness.data.readers.columns import ColumnLocation, is_text
from harness.data.readers.file_checks import check_file, id_lines
from harness.data.readers.id_columns import shown_id
from harness.data.readers.open_table import open_table, read_columns
from harness.data.readers.parquet_parts import sha256_of
from harness.data.readers.table_keys import TableKeys
from harness.data.side_tables.id_matching import matching_ids, missing_row_warnings, row_of_each_id
from harness.errors import DataError
from harness.storage.array_files import holds_objects, mapped_array, texts_of
from harness.storage.arrow_types import list_lengths
from harness.storage.table_formats import PARQUET

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn
    from harness.experiment import VectorsSettings

_SECTION = "dataset.items.vectors"
_KEYS = TableKeys(f"{_SECTION}.path")


@dataclass(frozen=True, eq=False)
class _VectorRows:
    """The vectors of a file ``(rows, dimension)``, the row of each item (-1 without one), and warnings."""

    vectors: Any
    rows: Int64Array
    warnings: tuple[DataWarning, ...] = ()


@dataclass(frozen=True, eq=False)
class ItemVectors:
    """Vectors in the order of a vocabulary.

    Parameters
    ----------
    matrix
        float32 ``(items, dimension)``; a row of NaN for an item without a vector.
    facts
        ``path``, ``sha256``, ``rows``, ``dimension``, ``missing`` (items without a vector), and the
        file of ids with its SHA-256 if there is one.
    warnings
        Warnings about items without a vector, and about what looks wrong in the file.
    """

    matrix: Float32Array
    facts: Facts
    warnings: tuple[DataWarning, ...]


def read_vectors(section: VectorsSettings, vocabulary: Vocabulary, *, table_ids: IdArray | None) -> ItemVectors:
    """Read item vectors and bring them into the order of a vocabulary.

    Parameters
    ----------
    section
        The files and columns.
    vocabulary
        The items that occur.
    table_ids
        The ids of the side table's rows, in the order of the file; None without a side table.

    Raises
    ------
    DataError
        A file cannot be read, is pickled, has rows of different lengths or numbers that are not finite,
        or has another number of rows than there are ids.
    """
    path = Path(section.path)
    check_file(path, key=f"{_SECTION}.path")
    if path.is_dir() or path.suffix.lower() in PARQUET:
        file = _from_parquet(path, section, vocabulary)
    elif path.suffix.lower() == ".npy":
        file = _from_npy(path, section, vocabulary, table_ids)
    else:
        raise DataError(f"{path}: the suffix of the name does not say the format of vectors. Use .npy or .parquet.")
    vectors, rows = file.vectors, file.rows
    matrix = np.full((len(vocabulary), vectors.shape[1]), np.nan, dtype=np.float32)
    known = np.flatnonzero(rows >= 0)
    with np.errstate(over="ignore"):
        matrix[known] = vectors[rows[known]]
    bad = ~np.isfinite(matrix[known]).all(axis=1)
    if bad.any():
        item = known[bad][0]
        raise DataError(
            f"{path}: row {rows[item] + 1}: the vector of item {shown_id(vocabulary, item)} holds a number that is not "
            "finite in 32 bits. Use finite numbers, or leave the row out."
        )
    facts = {
        "path": str(path),
        "sha256": sha256_of(path),
        "rows": len(vectors),
        "dimension": vectors.shape[1],
        "missing": len(vocabulary) - len(known),
    }
    if section.ids is not None:
        facts |= {"ids": str(section.ids), "ids_sha256": sha256_of(Path(section.ids))}
    warnings = missing_row_warnings("items_without_vector", rows, vocabulary, where=str(path), what="item")
    return ItemVectors(matrix, facts, (*file.warnings, *warnings))


def _from_npy(path: Path, section: VectorsSettings, vocabulary: Vocabulary, table_ids: IdArray | None) -> _VectorRows:
    array = _npy(path)
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "fiu":
        raise DataError(
            f"{path}: an array of {array.dtype} with the shape {array.shape}, where numbers in the shape "
            "(items, dimension) are needed. Save one row per item."
        )
    if section.ids is not None:
        source, ids = str(section.ids), _ids_of(Path(section.ids))
        place = ColumnLocation(source, "id")
    elif table_ids is not None:
        source, ids = "the side table", pa.chunked_array([pa.array(table_ids)])
        place = ColumnLocation(str(path), "id")
    else:
        raise DataError(
            f"{path}: nothing says which item each vector belongs to. Name a file with one id per row in "
            f"{_SECTION}.ids, or a table with as many rows in dataset.items.path."
        )
    if len(ids) != len(array):
        raise DataError(
            f"{path}: {len(array):,} vectors for {len(ids):,} ids of {source}. "
            "Each row needs its id, in the same order."
        )
    coded = matching_ids(ids, vocabulary, place=place, untyped=is_text(ids))
    return _VectorRows(array, row_of_each_id(coded, vocabulary, place=place, what="item"))


def _from_parquet(path: Path, section: VectorsSettings, vocabulary: Vocabulary) -> _VectorRows:
    reader = open_table(path, keys=_KEYS)
    id_name = require_column(section.id or "item", reader, meaning="item ids", key=f"{_SECTION}.id", keys=_KEYS)
    name = require_column(section.column, reader, meaning="vectors", key=f"{_SECTION}.column", keys=_KEYS)
    table = read_columns(reader, [id_name, name], text=())
    place = ColumnLocation(str(path), id_name)
    coded = matching_ids(table.column(id_name), vocabulary, place=place, untyped=False)
    rows = row_of_each_id(coded, vocabulary, place=place, what="item")
    return _VectorRows(_matrix(table.column(name), ColumnLocation(str(path), name)), rows, reader.warnings)


def _matrix(column: ArrowColumn, place: ColumnLocation) -> Float32Array:
    lengths = list_lengths(column)
    if lengths is None:
        raise place.type_error(column.type, "lists of numbers are", f"Name the column of vectors in {_SECTION}.column.")
    dimension = int(lengths[0])
    if dimension == 0 or (lengths != dimension).any():
        wrong = lengths != dimension if dimension else lengths == 0
        raise place.error(
            wrong,
            f"the vector has {lengths[np.argmax(wrong)]} numbers, where the first row has {dimension}",
            "All vectors need the same dimension, above 0.",
        )
    flat: Any = pc.list_flatten(column)
    numbers = np.asarray(flat.cast(pa.float32(), safe=False), dtype=np.float32)
    # (rows x dimension,) -> (rows, dimension); null becomes NaN, which is refused.
    return numbers.reshape(len(lengths), dimension)


def _npy(path: Path) -> Any:
    try:
        # Mapped rather than read: only the rows of items that occur are needed.
        return mapped_array(path)
    except (ValueError, OSError) as error:
        reason = "it holds Python objects, which are never unpickled" if holds_objects(error) else str(error)
        raise DataError(
            f"{path}: the array cannot be read: {reason}. Save numbers or text by numpy.save(path, array)."
        ) from error


def _ids_of(path: Path) -> ArrowColumn:
    """Return the ids of a ``.npy`` file with one id per row, or of a text file with one id per line."""
    check_file(path, key=f"{_SECTION}.ids")
    if path.suffix.lower() == ".npy":
        array = np.asarray(_npy(path))
        if array.ndim != 1 or array.dtype.kind not in "iuU":
            raise DataError(
                f"{path}: an array of {array.dtype} with the shape {array.shape}, where one id per row is needed. "
                "Save integers or text in the shape (items,)."
            )
        try:
            return pa.chunked_array([pa.array(texts_of(array) if array.dtype.kind == "U" else array)])
        except ValueError as error:
            raise DataError(f"{path}: the ids are not text: {error}. Save them again by numpy.save.") from error
    lines = id_lines(path)
    # The line end of the last line does not begin another.
    return pa.chunked_array([pa.array(lines if lines[-1] else lines[:-1], pa.string())])
