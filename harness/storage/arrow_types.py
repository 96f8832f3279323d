"""Convert Arrow's many types to the few that the readers of tables handle."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.artifacts.array_types import Int64Array

if TYPE_CHECKING:
    Column: TypeAlias = pa.ChunkedArray[Any]

_UUID = "arrow.uuid"
_EXTENSIONS = {_UUID: pa.string(), "arrow.bool8": pa.bool_()}  # those whose plain type differs from their storage
_INT64_DIGITS = 18  # every integer of this many decimal digits fits into int64


def plain_type(kind: Any) -> Any:
    """Return the plain type of the same meaning.

    Text of any layout, bytes and UUIDs become text, dictionaries their values, float16 float32, short decimals without
    a fraction int64, list views lists, and other extension types what they store. Any other type stays.

    Examples
    --------
    >>> plain_type(pa.dictionary(pa.int8(), pa.string())), plain_type(pa.decimal128(10, 0)), plain_type(pa.float16())
    (DataType(string), DataType(int64), DataType(float))
    """
    if isinstance(kind, pa.DictionaryType):
        return plain_type(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        named = _EXTENSIONS.get(_extension(kind))
        return plain_type(kind.storage_type) if named is None else named
    if pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return pa.string()
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind) or pa.types.is_large_binary(kind):
        return pa.large_string()
    if pa.types.is_float16(kind):
        return pa.float32()
    if pa.types.is_decimal(kind) and kind.scale == 0 and kind.precision <= _INT64_DIGITS:
        return pa.int64()
    return _plain_list(kind)


def _plain_list(kind: Any) -> Any:
    if pa.types.is_list_view(kind):
        return pa.list_(plain_type(kind.value_type))
    if pa.types.is_large_list_view(kind):
        return pa.large_list(plain_type(kind.value_type))
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        return kind
    value = plain_type(kind.value_type)
    if value == kind.value_type:
        return kind
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(value, kind.list_size)
    return pa.large_list(value) if pa.types.is_large_list(kind) else pa.list_(value)


def plain(column: Column) -> Column:
    """Convert a column to the plain type of the same meaning.

    Raises
    ------
    pyarrow.ArrowInvalid
        The column holds bytes that are not UTF-8 text.

    Examples
    --------
    >>> plain(pa.chunked_array([pa.array(["a", "b"]).dictionary_encode()])).type
    DataType(string)
    """
    kind, target = column.type, plain_type(column.type)
    if kind == target:
        return column
    if isinstance(kind, pa.DictionaryType):
        return plain(column.cast(kind.value_type))
    if isinstance(kind, pa.BaseExtensionType):
        stored = _by_chunks(column, kind.storage_type, lambda chunk: chunk.storage)
        return _uuids(stored) if _extension(kind) == _UUID else plain(stored).cast(target)
    if pa.types.is_float16(kind):
        # Through numpy, since not every release of Arrow casts half floats.
        return _by_chunks(column, target, lambda chunk: pa.array(_wider(chunk), mask=np.asarray(chunk.is_null())))
    if pa.types.is_decimal(kind):
        # Arrow casts narrow decimals to integers wrongly.
        return column.cast(pa.decimal128(kind.precision, 0)).cast(target)
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        lists: Any = pa.list_ if pa.types.is_list_view(kind) else pa.large_list
        return plain(_by_chunks(column, lists(kind.value_type), _without_view))
    return column.cast(target)


def list_lengths(column: Column) -> Int64Array | None:
    """Return the length of each list of numbers, 0 for a missing one; None if the column holds anything else."""
    kind: Any = column.type
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    if not is_list or not (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)):
        return None
    lengths: Any = pc.list_value_length(column)
    return np.asarray(pc.fill_null(lengths, 0), dtype=np.int64)


def _without_view(chunk: Any) -> Any:
    # Arrow's own cast leaves out the last offset.
    lists: Any = pa.LargeListArray if pa.types.is_large_list_view(chunk.type) else pa.ListArray
    lengths = np.asarray(pc.fill_null(pc.list_value_length(chunk), 0), dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    kind = pa.int64() if lists is pa.LargeListArray else pa.int32()
    return lists.from_arrays(pa.array(offsets, kind), chunk.flatten(), mask=chunk.is_null())


def _extension(kind: Any) -> str:
    # Types of pandas may lack the name.
    return str(getattr(kind, "extension_name", ""))


def _uuids(column: Any) -> Column:
    encoded = column.dictionary_encode()

    def texts(chunk: Any) -> Any:
        names = pa.array([str(uuid.UUID(bytes=value)) for value in chunk.dictionary.to_pylist()], pa.string())
        return names.take(chunk.indices)

    return _by_chunks(encoded, pa.string(), texts)


def _wider(chunk: Any) -> Any:
    return chunk.to_numpy(zero_copy_only=False).astype(np.float32)


def _by_chunks(column: Any, kind: Any, change: Any) -> Column:
    return pa.chunked_array([change(chunk) for chunk in column.chunks], type=kind)
