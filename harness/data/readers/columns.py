"""Convert columns of a table to numbers, and name the row of every bad value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from harness.artifacts.array_types import BoolArray, Float32Array, Float64Array, Int64Array
from harness.errors import DataError
from harness.storage.arrow_types import plain

if TYPE_CHECKING:
    ArrowColumn: TypeAlias = pa.ChunkedArray[Any]


@dataclass(frozen=True)
class ColumnLocation:
    """A column of a file, for messages.

    Examples
    --------
    >>> ColumnLocation("plays.csv", "user").error(np.array([False, True]), "the id is missing", "Fill it in.")
    DataError("plays.csv: column 'user', row 2: the id is missing. Fill it in.")
    """

    file: str
    column: str

    def error(self, rows: BoolArray, problem: str, remedy: str) -> DataError:
        """Return the error for the first marked row; rows count from 1, without the header."""
        row = int(np.flatnonzero(rows)[0]) + 1
        more = int(rows.sum()) - 1
        others = f" (and {more:,} more)" if more else ""
        return DataError(f"{self.file}: column '{self.column}', row {row}{others}: {problem}. {remedy}")

    def type_error(self, held: object, needed: str, remedy: str) -> DataError:
        """Return the error for a column of a wrong type."""
        return DataError(f"{self.file}: column '{self.column}' holds {held}, where {needed} needed. {remedy}")


def plain_column(column: ArrowColumn, *, place: ColumnLocation) -> ArrowColumn:
    """Return a column in one of the types that the readers handle; see ``harness.storage.arrow_types``.

    Raises
    ------
    DataError
        The column holds bytes that are not UTF-8, or a type that Arrow cannot convert.
    """
    try:
        return plain(column)
    except pa.ArrowException as error:
        held = "bytes that are not UTF-8 text" if "UTF8" in str(error) else f"{column.type}, which cannot be read"
        raise DataError(f"{place.file}: column '{place.column}' holds {held}. Use integers or text.") from error


def require_values(column: ArrowColumn, *, place: ColumnLocation, what: str) -> ArrowColumn:
    """Return a column in a plain type, after checking that it has no missing value.

    Raises
    ------
    DataError
        A value is null, NaN or the empty text.
    """
    column = plain_column(column, place=place)
    missing = bool_array(pc.is_null(column, nan_is_null=True))
    if is_text(column):
        missing |= equal_to(column, "")
    if missing.any():
        raise place.error(missing, f"the {what} is missing", "Fill it in, or remove the row.")
    return column


def numbers_of(column: ArrowColumn, *, place: ColumnLocation, what: str, remedy: str) -> Int64Array | Float64Array:
    """Return a column of finite numbers, or of text that holds such, as int64 or float64 ``(n,)``.

    Raises
    ------
    DataError
        A value is infinite or not a number.
    """
    kind = column.type
    if pa.types.is_integer(kind) and not _exceeds_int64(column):
        integers: Int64Array = column.cast(pa.int64()).to_numpy()
        return integers
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        floats: Float64Array = column.cast(pa.float64(), safe=False).to_numpy()
    elif is_text(column):
        parsed = pd.to_numeric(column.to_pandas(), errors="coerce")
        refuse_unparsed(parsed.isna().to_numpy(), column, place=place, what=what, remedy=remedy)
        floats = parsed.to_numpy(dtype=np.float64)
        if pd.api.types.is_integer_dtype(parsed.dtype):
            return parsed.to_numpy(dtype=np.int64)
    else:
        raise place.type_error(kind, f"a {what} is", remedy)
    bad = ~np.isfinite(floats)
    if bad.any():
        raise place.error(bad, f"the {what} is {floats[bad][0]}", remedy)
    return floats


def ratings_of(column: ArrowColumn, *, place: ColumnLocation) -> Float32Array:
    """Return ratings as float32 ``(n,)``.

    Raises
    ------
    DataError
        A rating is missing, infinite, or not a number.
    """
    remedy = "Use finite numbers, or name another column in dataset.columns.rating."
    column = require_values(column, place=place, what="rating")
    if pa.types.is_float32(column.type):
        ratings: Float32Array = column.to_numpy()
        if np.isfinite(ratings).all():
            return ratings
    numbers = numbers_of(column, place=place, what="rating", remedy=remedy).astype(np.float64)
    too_large = np.abs(numbers) > np.finfo(np.float32).max
    if too_large.any():
        raise place.error(too_large, f"the rating {numbers[too_large][0]} is too large", remedy)
    return numbers.astype(np.float32)


def refuse_unparsed(unparsed: BoolArray, column: ArrowColumn, *, place: ColumnLocation, what: str, remedy: str) -> None:
    """Raise for the first row that could not be parsed, if there is one.

    Raises
    ------
    DataError
        A row is marked.
    """
    if unparsed.any():
        value = str(column[int(np.flatnonzero(unparsed)[0])].as_py())[:40]
        raise place.error(unparsed, f"{value!r} is not a {what}", remedy)


def is_text(column: ArrowColumn) -> bool:
    """Return whether a column holds text."""
    kind = column.type
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def equal_to(column: Any, text: str) -> BoolArray:
    """Return which values of a column of text equal a text; ``(n,)``."""
    return bool_array(pc.equal(column, pa.scalar(text, type=column.type)))


def bool_array(values: Any) -> BoolArray:
    """Return Arrow booleans as a writable array."""
    return np.array(values.to_pylist() if len(values) == 0 else values.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _exceeds_int64(column: ArrowColumn) -> bool:
    return pa.types.is_uint64(column.type) and int(np.max(column.to_numpy(), initial=0)) > np.iinfo(np.int64).max
