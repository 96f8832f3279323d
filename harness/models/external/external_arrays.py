"""Read arrays from files of other programs, without running code in them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
import safetensors

from harness.errors import CheckpointError, did_you_mean
from harness.storage.array_files import holds_objects, mapped_array
from harness.storage.arrow_types import list_lengths, plain
from harness.storage.table_formats import PARQUET

if TYPE_CHECKING:
    import torch

_OBJECTS = (
    "it holds Python objects, which are never unpickled because that can run code. Save numbers, "
    "and ids as text: numpy.save(path, numpy.stack(vectors).astype('float32')), numpy.save(path, ids.astype(str))."
)
FORMATS = (".npy", ".npz", ".safetensors", *PARQUET)


def array_in(path: Path, name: str | None, *, usual: str, option: str = "name", shared: bool = False) -> Any:
    """Return an array of a ``.npy``, ``.npz`` or ``.safetensors`` file; a ``.npy`` file is memory-mapped.

    Parameters
    ----------
    path
        The file.
    name
        Name of the array; None: the one named ``usual``, or the only one.
    usual
        The usual name of the array.
    option
        The option that names the array, for messages.
    shared
        Whether the file also holds another array that is read, so that ``name`` is needed.

    Raises
    ------
    CheckpointError
        The file cannot be read, is pickled, or has no array of that name.
    """
    suffix = path.suffix.lower()
    if suffix == ".npz" and not zipfile.is_zipfile(path):
        raise CheckpointError(f"{path} was not written by numpy.savez, or is cut short, damaged, or of another format.")
    try:
        if suffix == ".npy":
            return mapped_array(path)
        if suffix == ".npz":
            # NumPy leaves a file open that it opened itself and cannot read.
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                array = arrays[_chosen(list(arrays.files), name, path, usual, option, shared=shared)]
                if not isinstance(array, np.ndarray):
                    raise ValueError("its entry does not begin as an array does")
                return array
        with safetensors.safe_open(path, framework="pt") as file:
            return array_of(file.get_tensor(_chosen(list(file.keys()), name, path, usual, option, shared=shared)))
    except CheckpointError:
        raise
    except Exception as error:  # a damaged file may raise anything
        why = _OBJECTS if holds_objects(error) else f"{str(error)[:200].rstrip('.')}. Copy or save it again."
        raise CheckpointError(f"{path} cannot be read: {why}") from error


def array_of(tensor: torch.Tensor) -> Any:
    """Return a tensor as an array; types that NumPy lacks, such as bfloat16, become float32."""
    plain = tensor.detach().cpu()
    # NumPy has no floats of 16 bits and less except float16; float32 holds all their values.
    unsupported = plain.is_floating_point() and plain.itemsize <= 2 and str(plain.dtype) != "torch.float16"
    return (plain.float() if unsupported else plain).numpy()


def vectors_in(path: Path, *, id_column: str, column: str) -> tuple[list[Any], Any]:
    """Return the ids and the vectors of a parquet file: a list, and float64 ``(rows, dimension)`` or smaller.

    Raises
    ------
    CheckpointError
        The file cannot be read, lacks a column, or its vectors have several lengths.
    """
    table = _of_parquet(path, [id_column, column])
    return id_values(table.column(id_column), f"{path}: column '{id_column}'"), _stacked(
        table.column(column), path, column
    )


def id_values(column: Any, where: str) -> list[Any]:
    """Return the values of a column of ids, in the order of its rows.

    Raises
    ------
    CheckpointError
        The column holds dates or times, which are not ids and may be out of range for Python.
    """
    if pa.types.is_temporal(column.type):
        raise CheckpointError(f"{where} holds {column.type}, where ids are needed. Use integers or text.")
    return list(column.to_pylist())


def levels_in(path: Path, column: str | None) -> Any:
    """Return integers of a parquet file, ``(rows, levels)``: one column of lists, or one column per level.

    Raises
    ------
    CheckpointError
        The file cannot be read, has no such column, its lists have several lengths, or a column is one of ids.
    """
    table = _of_parquet(path, None if column is None else [column])
    names = table.column_names
    nested = [name for name, kind in zip(names, table.schema.types, strict=True) if pa.types.is_nested(kind)]
    if nested and len(names) > 1:
        raise CheckpointError(
            f"{path} has the columns {', '.join(names)}. Name the column of codes in model.params.output.table_key, "
            f"such as {nested[0]}."
        )
    if nested:
        return _stacked(table.column(0), path, names[0])
    # A single level never identifies all items: then no other would be needed.
    ids = [name for name in names if pc.count_distinct(table.column(name)).as_py() == table.num_rows]
    if len(names) > 1 and ids:
        raise CheckpointError(
            f"{path}: column '{ids[0]}' has another value in each of the {table.num_rows:,} rows, as ids have, and "
            "each column is taken as a level of codes. Leave it out, with the rows in the order of the model's items; "
            "or save the codes as lists in one column, and name that in model.params.output.table_key."
        )
    return np.stack([table.column(name).to_numpy() for name in names], axis=1)


def _of_parquet(path: Path, columns: list[str] | None) -> Any:
    """Return a table of all or some columns, which has at least one row."""
    try:
        names = pyarrow.parquet.read_schema(path).names
        for wanted in columns or ():
            if wanted not in names:
                raise CheckpointError(f"{path} has no column '{wanted}'. {did_you_mean(wanted, names)}")
        table: Any = pyarrow.parquet.read_table(path, columns=columns, partitioning=None)
        table = pa.table([plain(table.column(place)) for place in range(table.num_columns)], names=table.column_names)
    except (OSError, UnicodeError, pa.ArrowException) as error:
        raise CheckpointError(f"{path} cannot be read: {str(error)[:200]}") from error
    if table.num_rows == 0 or table.num_columns == 0:
        raise CheckpointError(f"{path} holds no rows.")
    return table


def _stacked(lists: Any, path: Path, column: str) -> Any:
    """Return lists of numbers of one length as ``(rows, length)``."""
    lengths = list_lengths(lists)
    if lengths is None:
        raise CheckpointError(f"{path}: column '{column}' holds {lists.type}, where lists of numbers are needed.")
    if lengths.min() != lengths.max() or lengths[0] == 0:
        raise CheckpointError(
            f"{path}: column '{column}' holds lists of {lengths.min()} to {lengths.max()} numbers. All need the same "
            "length, above 0."
        )
    flat: Any = pc.list_flatten(lists)
    return flat.to_numpy().reshape(len(lengths), int(lengths[0]))  # (rows x length,) -> (rows, length)


def _chosen(names: list[str], name: str | None, path: Path, usual: str, option: str, *, shared: bool) -> str:
    wanted = usual if name is None else name
    if wanted in names:
        return wanted
    if name is None and len(names) == 1 and not shared:
        return names[0]
    listed = ", ".join(f"'{one}'" for one in names[:20]) or "none"
    hint = did_you_mean(wanted, names)
    raise CheckpointError(
        f"{path} has no array '{wanted}': it holds {listed}. {hint if hint.startswith('Did') else ''}"
        f"{' ' if hint.startswith('Did') else ''}Choose one with '{option}'."
    )
