"""Read the values of a finished run back from its table per user and its record."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harness.artifacts import MetricTable, RunRecord


def read_per_user(path: Path, record: RunRecord) -> MetricTable:
    """Return the values of a run, per user too.

    Parameters
    ----------
    path
        The table: ``user``, then a column per metric label.
    record
        The record of the same run.

    Raises
    ------
    ValueError, TypeError
        The metrics or users of the table are not those of the record.
    OSError, pyarrow.ArrowException
        It cannot be read.
    """
    table = pq.read_table(path)
    values = record.metrics
    _check(table, {value.label for value in values}, record.protocol.users)
    lacking = [value.label for value in values if value.n_users is not None and value.label not in table.column_names]
    if lacking:
        raise ValueError(f"it lacks the column '{lacking[0]}', whose values the record has")
    frame = table.to_pandas(ignore_metadata=True)
    users = frame.pop("user").to_numpy()
    columns = {str(label): frame[label].to_numpy(dtype=np.float64) for label in frame.columns}
    return MetricTable(values, columns, users, record.experiment.statistics.confidence, counts={})


def _check(table: pa.Table, labels: Collection[str], n_users: int | None) -> None:
    names = table.column_names
    if len(set(names)) < len(names) or not {"user"} <= set(names) <= {"user", *labels}:
        raise ValueError(
            f"its columns are {', '.join(names)[:100]}; it must hold 'user' and metrics of the record only"
        )
    for name, kind in zip(names, table.schema.types, strict=True):
        is_id = pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if name == "user" and not is_id:
            raise TypeError(f"its column 'user' holds {kind}, where ids are needed")
        if name != "user" and not pa.types.is_floating(kind):
            raise TypeError(f"its column '{name}' holds {kind}, where numbers are needed")
        if name != "user" and not np.isfinite(table.column(name).to_numpy()).all():
            raise ValueError(f"its column '{name}' has a value that is missing or not finite")
    users = table.column("user")
    different = len(users.unique())
    if users.null_count or different < len(users) or n_users not in (None, len(users)):
        raise ValueError(f"it holds {different:,} users in {len(users):,} rows, and the record has {n_users}")
