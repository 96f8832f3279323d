"""Write and read what each relevant item contributes to the values of a run.

``item_contributions.parquet`` has a row per pair of a user and a relevant item that contributes to a metric: ``user``,
``item``, ``share`` and a column per metric label. ``relevant_items.parquet`` has a row per relevant item, also those
that no list holds: ``item``, ``users``, ``share`` and ``square_share``. See ``ItemContributions``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from harness.artifacts import ItemContributions, MetricTable
from harness.artifacts.array_types import Float64Array, IdArray, Int64Array
from harness.errors import HarnessError
from harness.pipeline.run_folder.record_file import REMEDY
from harness.pipeline.run_folder.result_tables import write_parquet
from harness.pipeline.run_folder.run_files import CONTRIBUTIONS, RELEVANT_ITEMS, StoredRun, check_files

_PAIR_COLUMNS = ("user", "item", "share")
_ITEM_COLUMNS = ("item", "users", "share", "square_share")


def write_contributions(folder: Path, table: MetricTable) -> None:
    """Write ``item_contributions.parquet`` and ``relevant_items.parquet`` of a run."""
    found = table.contributions
    if found is None:
        raise ValueError("a run has the contributions of its items")
    pairs = {
        "user": _of_rows(table.users, found.users),
        "item": _of_rows(found.item_ids, found.items),
        "share": pa.array(found.shares),
    }
    write_parquet(folder / CONTRIBUTIONS, pa.table(pairs | {label: pa.array(v) for label, v in found.values.items()}))
    columns = (found.item_ids, found.item_users, found.item_shares, found.item_square_shares)
    write_parquet(
        folder / RELEVANT_ITEMS,
        pa.table({name: pa.array(column) for name, column in zip(_ITEM_COLUMNS, columns, strict=True)}),
    )


def with_contributions(run: StoredRun) -> StoredRun:
    """Return a run with the contributions of its items; a run of an earlier version, which lacks them, as it is.

    Raises
    ------
    HarnessError
        A file is damaged, or not the one that the run wrote.
    """
    if run.table.contributions is not None or not (run.folder / CONTRIBUTIONS).exists():
        return run
    check_files(run.folder, run.record, [CONTRIBUTIONS, RELEVANT_ITEMS])
    try:
        found = _read(run.folder, run.table)
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        raise HarnessError(f"{run.folder / CONTRIBUTIONS} is missing or damaged: {reason}. {REMEDY}") from error
    return replace(run, table=replace(run.table, contributions=found))


def _read(folder: Path, table: MetricTable) -> ItemContributions:
    items = pq.read_table(folder / RELEVANT_ITEMS)
    pairs = pq.read_table(folder / CONTRIBUTIONS)
    if tuple(items.column_names) != _ITEM_COLUMNS:
        raise ValueError(f"{RELEVANT_ITEMS} has the columns {', '.join(items.column_names)[:100]}")
    labels = pairs.column_names[len(_PAIR_COLUMNS) :]
    if tuple(pairs.column_names[: len(_PAIR_COLUMNS)]) != _PAIR_COLUMNS or not set(labels) <= set(table.user_values):
        raise ValueError(f"{CONTRIBUTIONS} has the columns {', '.join(pairs.column_names)[:100]}")
    ids = items.column("item").to_numpy()
    if len(items.column("item").unique()) < len(ids):
        raise ValueError(f"{RELEVANT_ITEMS} holds an item twice")
    return ItemContributions(
        users=_positions(pairs.column("user"), table.users),
        items=_positions(pairs.column("item"), ids),
        shares=_numbers(pairs, "share"),
        values={label: _numbers(pairs, label) for label in labels},
        item_ids=ids,
        item_users=_numbers(items, "users").astype(np.int64),
        item_shares=_numbers(items, "share"),
        item_square_shares=_numbers(items, "square_share"),
    )


def _of_rows(ids: IdArray, rows: Int64Array) -> pa.Array[Any]:
    taken: pa.Array[Any] = pa.array(ids).take(rows)
    return taken


def _positions(column: pa.ChunkedArray[Any], ids: IdArray) -> Int64Array:
    places = pd.Index(ids).get_indexer(pd.Index(column.to_numpy()))
    if (places < 0).any():
        raise ValueError("it holds a user or an item that the run does not have")
    positions: Int64Array = places.astype(np.int64)
    return positions


def _numbers(table: pa.Table, name: str) -> Float64Array:
    kind = table.schema.field(name).type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
        raise TypeError(f"the column '{name}' holds {kind}, where numbers are needed")
    numbers: Float64Array = table.column(name).to_numpy().astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError(f"the column '{name}' has a value that is missing or not finite")
    return numbers
