"""Write and read the values of groups of users and items: ``slices.parquet``.

A row is a user of a group: ``slice``, ``of`` (``users`` or ``relevant items``), ``slice_value``, ``user``, and a column
per metric label, null for metrics that the slice does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from harness import storage
from harness.artifacts import GroupValues, MetricTable, UserSlice
from harness.errors import HarnessError
from harness.pipeline.run_folder.record_file import REMEDY
from harness.pipeline.run_folder.result_tables import write_parquet
from harness.pipeline.run_folder.run_files import SLICES, StoredRun, check_files

_NAMES = ("slice", "of", "slice_value")
_COLUMNS = ("slice", "of", "slice_value", "user")


def write_slices(folder: Path, table: MetricTable) -> None:
    """Write the slices of a run, or remove those of an earlier run if there are none."""
    if not table.slices:
        storage.remove(folder / SLICES)
        return
    labels = list(table.user_values)
    parts = [_part(cut, name, group, table, labels) for cut in table.slices for name, group in cut.groups.items()]
    write_parquet(folder / SLICES, pa.concat_tables(parts))


def _part(cut: UserSlice, name: str, group: GroupValues, table: MetricTable, labels: list[str]) -> pa.Table:
    n = len(group.users)
    texts = {"slice": cut.name, "of": cut.of, "slice_value": name}
    columns = {column: pa.array([text] * n).dictionary_encode() for column, text in texts.items()}
    values = {
        label: pa.array(group.values[label]) if label in group.values else pa.nulls(n, pa.float64()) for label in labels
    }
    return pa.table({**columns, "user": pa.array(table.users).take(group.users), **values})


def with_slices(run: StoredRun) -> StoredRun:
    """Return a run with the values of its groups; a run without slices as it is.

    Raises
    ------
    HarnessError
        The file is damaged, or not the one that the run wrote.
    """
    if run.table.slices or not (run.folder / SLICES).exists():
        return run
    check_files(run.folder, run.record, [SLICES])
    try:
        return replace(run, table=replace(run.table, slices=tuple(_read(run.folder / SLICES, run.table))))
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        raise HarnessError(f"{run.folder / SLICES} is missing or damaged: {reason}. {REMEDY}") from error


def _read(path: Path, table: MetricTable) -> Iterator[UserSlice]:
    """Yield the slices; the rows of a group lie together, so that its values are read without copies."""
    read = pq.read_table(path).combine_chunks()
    labels = read.column_names[len(_COLUMNS) :]
    if tuple(read.column_names[: len(_COLUMNS)]) != _COLUMNS or not set(labels) <= set(table.user_values):
        raise ValueError(f"its columns are {', '.join(read.column_names)[:100]}")
    places = pd.Index(table.users).get_indexer(pd.Index(read.column("user").to_pandas())).astype(np.int64)
    if (places < 0).any():
        raise ValueError("it holds a user that the run does not have")
    names = [read.column(name).cast(pa.string()).combine_chunks().dictionary_encode() for name in _NAMES]
    codes = np.stack([encoded.indices.to_numpy() for encoded in names])
    starts = np.flatnonzero(np.any(np.diff(codes, axis=1, prepend=-1) != 0, axis=0)).tolist()
    found: dict[str, UserSlice] = {}
    for start, stop in zip(starts, [*starts[1:], read.num_rows], strict=True):
        name, of, group = (encoded.dictionary[encoded.indices[start].as_py()].as_py() for encoded in names)
        columns = {label: read.column(label).slice(start, stop - start) for label in labels}
        values = {label: column.to_numpy() for label, column in columns.items() if not column.null_count}
        groups = dict(found[name].groups) if name in found else {}
        if group in groups:
            raise ValueError(f"the rows of the group {group!r} of {name!r} do not lie together")
        found[name] = UserSlice(name, of, {**groups, group: GroupValues(places[start:stop], values)})
    yield from found.values()
