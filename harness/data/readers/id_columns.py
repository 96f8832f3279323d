"""Convert columns of ids to indices and a vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.artifacts import CANONICAL_INTEGER, LONGEST_ID, Vocabulary, as_ids
from harness.artifacts.array_types import IdArray, Int32Array, Int64Array
from harness.data.readers.columns import ColumnLocation, bool_array, equal_to, is_text, require_values
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn

# A lookup table is faster than a hash table up to this many times the rows, or up to this many entries.
_DENSE, _SMALL = 4, 1 << 16
_REMEDY = "Use integers or text."
_WORDS_FOR_MISSING = frozenset({"nan", "na", "n/a", "null", "none", "nat", "<na>"})


@dataclass(frozen=True, eq=False)
class CodedIds:
    """A column of ids as indices into a vocabulary.

    Parameters
    ----------
    vocabulary
        The ids that occur.
    indices
        int32 ``(n,)``: the index of each row's id.
    """

    vocabulary: Vocabulary
    indices: Int32Array


def id_column(column: ArrowColumn, *, place: ColumnLocation) -> ArrowColumn:
    """Return a column of ids as integers or text, none missing. Whole floats and decimals become integers.

    Parameters
    ----------
    column
        The ids ``(n,)``.
    place
        The column, for messages.

    Raises
    ------
    DataError
        An id is missing, too long, or neither an integer nor text.

    Examples
    --------
    >>> id_column(pa.chunked_array([[7.0, 9.0]]), place=ColumnLocation("plays.parquet", "user")).to_pylist()
    [7, 9]
    """
    column = require_values(column, place=place, what="id")
    kind = column.type
    if is_text(column):
        lengths: Any = pc.binary_length(column)
        if (pc.max(lengths).as_py() or 0) > LONGEST_ID:
            long = bool_array(pc.greater(lengths, pa.scalar(LONGEST_ID)))
            raise place.error(long, f"the id is longer than {LONGEST_ID:,} bytes", "Name the column of ids.")
        return column
    if pa.types.is_decimal(kind):
        return _whole_decimals(column, place)
    if pa.types.is_floating(kind):
        return pa.chunked_array([pa.array(_checked_ids(column.to_numpy(), place))])
    if not pa.types.is_integer(kind):
        raise place.type_error(kind, "an id is", _REMEDY)
    return column


def coded_ids(column: ArrowColumn, *, place: ColumnLocation, untyped: bool) -> CodedIds:
    """Return a column's ids as indices into their vocabulary.

    In an untyped file, a column whose every value is a canonical integer holds integers; any other holds text exactly
    as written. A typed file keeps its types, except that whole floats become integers.

    Parameters
    ----------
    column
        The ids ``(n,)``, n > 0.
    place
        The column, for messages.
    untyped
        Whether the column was read as text that may stand for integers.

    Raises
    ------
    DataError
        An id is missing, or is neither an integer nor text.

    Examples
    --------
    >>> column = pa.chunked_array([["b", "a", "b"]])
    >>> coded_ids(column, place=ColumnLocation("plays.csv", "user"), untyped=True).indices
    array([1, 0, 1], dtype=int32)
    """
    column = id_column(column, place=place)
    dense = _dense(column)
    if dense is not None:
        return dense
    # Few ids fill many rows: the type is decided on the distinct ones.
    encoded: Any = column.dictionary_encode().unify_dictionaries().combine_chunks()
    distinct = encoded.dictionary
    if untyped:
        distinct = _integers_if_all_are(distinct, column, place)
    ids = _checked_ids(distinct.to_pandas(), place)
    # Arrow sorts text by its bytes in UTF-8, which is Python's order, many times faster.
    order = np.asarray(pc.array_sort_indices(distinct))
    ranks = np.empty(len(order), dtype=np.int32)
    ranks[order] = np.arange(len(order), dtype=np.int32)
    return CodedIds(Vocabulary(ids[order]), ranks[encoded.indices.to_numpy()])


def _checked_ids(values: Any, place: ColumnLocation) -> IdArray:
    try:
        return as_ids(values)
    except DataError as error:
        raise DataError(f"{place.file}: column '{place.column}': {error}") from error


def _dense(column: ArrowColumn) -> CodedIds | None:
    """Return the coded ids of integers that lie close together, which need no hashing; None for other ids."""
    if not pa.types.is_integer(column.type):
        return None
    extremes: Any = pc.min_max(column)
    low, high = extremes["min"].as_py(), extremes["max"].as_py()
    span = high - low + 1
    if high > np.iinfo(np.int64).max or span > max(_DENSE * len(column), _SMALL):
        return None
    occurs = np.zeros(span, dtype=np.bool_)
    for chunk in column.chunks:
        occurs[_offsets(chunk, low)] = True
    places = np.cumsum(occurs, dtype=np.int32) - np.int32(1)
    # One chunk at a time, so that the ids of all rows are never copied as a whole.
    indices = np.empty(len(column), dtype=np.int32)
    end = 0
    for chunk in column.chunks:
        start, end = end, end + len(chunk)
        indices[start:end] = places[_offsets(chunk, low)]
    return CodedIds(Vocabulary(np.flatnonzero(occurs) + low), indices)


def _offsets(chunk: Any, low: int) -> Int64Array:
    offsets: Int64Array = chunk.to_numpy().astype(np.int64) - low
    return offsets


def shown_id(vocabulary: Vocabulary, index: int) -> str:
    """Return an id as messages show it.

    Examples
    --------
    >>> shown_id(Vocabulary.of([7, 9]), -1), shown_id(Vocabulary.of(["ann"]), 0)
    ('9', "'ann'")
    """
    value = vocabulary.ids[index]
    return repr(value[:40]) if vocabulary.is_text else str(value)


def _integers_if_all_are(distinct: Any, column: ArrowColumn, place: ColumnLocation) -> Any:
    canonical = bool_array(pc.match_substring_regex(distinct, f"^{CANONICAL_INTEGER}$"))
    others = [str(value) for value in distinct.filter(pa.array(~canonical)).slice(0, 10).to_pylist()]
    if not others:
        try:
            return distinct.cast(pa.int64())
        except pa.ArrowInvalid:
            return distinct  # an integer beyond 64 bits is a name
    if canonical.any() and all(other.lower() in _WORDS_FOR_MISSING for other in others):
        raise place.error(
            equal_to(column, others[0]),
            f"the id is '{others[0]}' where the others are integers",
            "Fill it in, or remove the row.",
        )
    return distinct


def _whole_decimals(column: ArrowColumn, place: ColumnLocation) -> ArrowColumn:
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{place.file}: column '{place.column}' holds {column.type} with a value that is not a 64-bit integer. "
            f"{_REMEDY}"
        ) from error
