"""Vectors of items: a matrix in a file, brought into the order of the interactions' items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.artifacts import Caution, Vocabulary
from harness.artifacts.array_types import Float32Array, IdArray, Int64Array
from harness.data.readers.columns import Place, is_text
from harness.data.readers.file_layout import PARQUET, check_file, id_lines, sha256_of
from harness.data.readers.id_columns import shown_id
from harness.data.readers.table_keys import TableKeys
from harness.data.readers.tables import cautions_of, needed_column, open_table, read_columns
from harness.data.side_tables.side_table import missing_caution, own_ids, rows_in
from harness.errors import DataError
from harness.storage.array_files import mapped_array, texts_of

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn

_SECTION = "dataset.items.vectors"
_KEYS = TableKeys(f"{_SECTION}.path")


class VectorsSection(Protocol):
    """The keys of an experiment that say where vectors are."""

    @property
    def path(self) -> Any:
        """A ``.npy`` or parquet file."""
        ...

    @property
    def ids(self) -> Any:
        """A file of the ids of a ``.npy`` file's rows; None: the rows of the side table."""
        ...

    @property
    def id(self) -> str | None:
        """The column of own ids in parquet."""
        ...

    @property
    def column(self) -> str:
        """The column of vectors in parquet."""
        ...


@dataclass(frozen=True, eq=False)
class _Found:
    """The vectors of a file, ``(rows, dimension)``, the row of each item, -1 where it has none, and cautions."""

    vectors: Any
    rows: Int64Array
    cautions: tuple[Caution, ...] = ()


@dataclass(frozen=True, eq=False)
class Vectors:
    """Vectors in the order of a vocabulary.

    Parameters
    ----------
    matrix
        float32 ``(items, dimension)``; a row of NaN where an item has no vector.
    facts
        ``path``, ``sha256``, ``rows``, ``dimension``, ``missing`` (items without a vector), and the
        file of ids with its own SHA-256 if there is one.
    cautions
        Of items without a vector, and of what looks wrong in the file.
    """

    matrix: Float32Array
    facts: Mapping[str, Any]
    cautions: tuple[Caution, ...]


def read_vectors(section: VectorsSection, vocabulary: Vocabulary, *, table_ids: IdArray | None) -> Vectors:
    """Read vectors and bring them into the order of a vocabulary.

    Parameters
    ----------
    section
        Where they are.
    vocabulary
        The items that occur.
    table_ids
        The ids of the side table's rows, in the order of the file; None without a side table.

    Raises
    ------
    DataError
        A file cannot be read, is pickled, has rows of several lengths, numbers that are not finite,
        or another number of rows than there are ids.
    """
    path = Path(section.path)
    check_file(path, key=f"{_SECTION}.path")
    if path.is_dir() or path.suffix.lower() in PARQUET:
        found = _from_parquet(path, section, vocabulary)
    elif path.suffix.lower() == ".npy":
        found = _from_npy(path, section, vocabulary, table_ids)
    else:
        raise DataError(f"{path}: the format of vectors is not known by the name's end. Use .npy or .parquet.")
    source, rows = found.vectors, found.rows
    matrix = np.full((len(vocabulary), source.shape[1]), np.nan, dtype=np.float32)
    known = np.flatnonzero(rows >= 0)
    with np.errstate(over="ignore"):
        matrix[known] = source[rows[known]]
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
        "rows": len(source),
        "dimension": source.shape[1],
        "missing": len(vocabulary) - len(known),
    }
    if section.ids is not None:
        facts |= {"ids": str(section.ids), "ids_sha256": sha256_of(Path(section.ids))}
    cautions = missing_caution("items_without_vector", rows, vocabulary, where=str(path), what="item")
    return Vectors(matrix, facts, (*found.cautions, *cautions))


def _from_npy(path: Path, section: VectorsSection, vocabulary: Vocabulary, table_ids: IdArray | None) -> _Found:
    array = _npy(path)
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "fiu":
        raise DataError(
            f"{path}: an array of {array.dtype} with the shape {array.shape}, where numbers in the shape "
            "(items, dimension) are needed. Save one row an item."
        )
    if section.ids is not None:
        source, ids = str(section.ids), _ids_in(Path(section.ids))
        place = Place(source, "id")
    elif table_ids is not None:
        source, ids, place = "the side table", pa.chunked_array([pa.array(table_ids)]), Place(str(path), "id")
    else:
        raise DataError(
            f"{path}: nothing says whose vectors these are. Name a file of ids, one a row, in {_SECTION}.ids, "
            "or a table with as many rows in dataset.items.path."
        )
    if len(ids) != len(array):
        raise DataError(
            f"{path}: {len(array):,} vectors for {len(ids):,} ids of {source}. "
            "Each row needs its id, in the same order."
        )
    coded = own_ids(ids, vocabulary, place=place, text_file=is_text(ids))
    return _Found(array, rows_in(coded, vocabulary, place=place, what="item"))


def _from_parquet(path: Path, section: VectorsSection, vocabulary: Vocabulary) -> _Found:
    file = open_table(path, keys=_KEYS)
    own = needed_column(section.id or "item", file, meaning="item ids", key=f"{_SECTION}.id", keys=_KEYS)
    name = needed_column(section.column, file, meaning="vectors", key=f"{_SECTION}.column", keys=_KEYS)
    table = read_columns(file, [own, name], text=())
    place = Place(str(path), own)
    coded = own_ids(table.column(own), vocabulary, place=place, text_file=False)
    rows = rows_in(coded, vocabulary, place=place, what="item")
    return _Found(_matrix(table.column(name), Place(str(path), name)), rows, cautions_of(file))


def _matrix(column: ArrowColumn, place: Place) -> Float32Array:
    kind = column.type
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if not lists or not (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)):
        raise DataError(
            f"{place.file}: column '{place.column}' holds {kind}, where lists of numbers are needed. "
            f"Name the column of vectors in {_SECTION}.column."
        )
    values: Any = column
    lengths = np.asarray(pc.fill_null(pc.list_value_length(values), 0), dtype=np.int64)
    dimension = int(lengths[0])
    if dimension == 0 or (lengths != dimension).any():
        wrong = lengths != dimension if dimension else lengths == 0
        raise place.error(
            wrong,
            f"the vector has {lengths[np.argmax(wrong)]} numbers, where the first row has {dimension}",
            "All vectors need the same dimension, above 0.",
        )
    flat: Any = pc.list_flatten(values)
    numbers = np.asarray(flat.cast(pa.float32(), safe=False), dtype=np.float32)
    # (rows x dimension,) -> (rows, dimension); what is null becomes NaN, which is refused.
    return numbers.reshape(len(lengths), dimension)


def _npy(path: Path) -> Any:
    try:
        # Mapped, not read: only the rows of items that occur are. Pickled objects could run code.
        return mapped_array(path)
    except (ValueError, OSError) as error:
        reason = (
            "it holds Python objects, which are never unpickled"
            if "pickle" in str(error) or "Python objects" in str(error)
            else str(error)
        )
        raise DataError(
            f"{path}: the array cannot be read: {reason}. Save numbers or text by numpy.save(path, array)."
        ) from error


def _ids_in(path: Path) -> ArrowColumn:
    """Return the ids of a file with one a row: ``.npy``, or text with one a line."""
    check_file(path, key=f"{_SECTION}.ids")
    if path.suffix.lower() == ".npy":
        array = np.asarray(_npy(path))
        if array.ndim != 1 or array.dtype.kind not in "iuU":
            raise DataError(
                f"{path}: an array of {array.dtype} with the shape {array.shape}, where one id a row is needed. "
                "Save integers or text in the shape (items,)."
            )
        try:
            return pa.chunked_array([pa.array(texts_of(array) if array.dtype.kind == "U" else array)])
        except ValueError as error:
            raise DataError(f"{path}: the ids are no text: {error}. Save them again by numpy.save.") from error
    lines = id_lines(path)
    # The end of the last line begins no other.
    return pa.chunked_array([pa.array(lines if lines[-1] else lines[:-1], pa.string())])
