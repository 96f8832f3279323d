"""The values of a finished run, read back from its table per user and its results."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harness.artifacts import MetricTable, MetricValue, TieRange


def read_per_user(path: Path, results: Mapping[str, Any]) -> MetricTable:
    """Return the values of a run, per user too.

    Parameters
    ----------
    path
        The table: ``user``, then a column per metric label.
    results
        Of the same run.

    Raises
    ------
    ValueError, TypeError
        The table is not of the metrics and users that the results speak of.
    OSError, pyarrow.ArrowException
        It cannot be read.
    """
    table = pq.read_table(path)
    values = tuple(_value(row) for row in results["metrics"])
    _check(table, {value.label for value in values}, results["protocol"].get("users"))
    lacking = [value.label for value in values if value.n_users is not None and value.label not in table.column_names]
    if lacking:
        raise ValueError(f"it lacks the column '{lacking[0]}', whose values the results speak of")
    frame = table.to_pandas(ignore_metadata=True)
    users = frame.pop("user").to_numpy()
    columns = {str(label): frame[label].to_numpy(dtype=np.float64) for label in frame.columns}
    return MetricTable(values, columns, users, results["experiment"]["statistics"]["confidence"], counts={})


def _value(row: Mapping[str, Any]) -> MetricValue:
    value, ties = row["value"], row.get("ties")
    plain = {
        **row,
        "value": math.nan if value is None else value,
        "ties": None if ties is None else TieRange(**ties),
    }
    return MetricValue(**plain)


def _check(table: pa.Table, labels: Collection[str], n_users: int | None) -> None:
    names = table.column_names
    if len(set(names)) < len(names) or not {"user"} <= set(names) <= {"user", *labels}:
        raise ValueError(f"its columns {', '.join(names)[:100]} are not 'user' and metrics of the results")
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
        raise ValueError(f"it holds {different:,} users in {len(users):,} rows, and the results speak of {n_users}")
