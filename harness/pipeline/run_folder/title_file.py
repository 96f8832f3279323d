"""Write and read the titles of the items of a run: the file ``titles.parquet``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from harness import storage
from harness.artifacts import Interactions
from harness.errors import HarnessError
from harness.pipeline.run_folder.record_file import REMEDY

TITLES = "titles.parquet"


def write_titles(folder: Path, interactions: Interactions) -> None:
    """Write external ids and titles of all items that have one; no file where none has."""
    ids = interactions.item_ids.ids
    titles = interactions.titles(np.arange(len(ids), dtype=np.int32))
    table = pa.table({"item": pa.array(ids), "title": pa.array(titles, pa.string())})
    table = table.filter(pc.is_valid(table.column("title")))
    if not len(table):
        storage.remove(folder / TITLES)
        return
    with storage.atomic_write(folder / TITLES) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_titles(folder: Path, items: Iterable[Any]) -> dict[Any, str]:
    """Return the titles of items by external id; items without a title are left out.

    Raises
    ------
    HarnessError
        The file is damaged.
    """
    wanted = list(dict.fromkeys(items))
    if not wanted or not (folder / TITLES).is_file():
        return {}
    try:
        found = pq.read_table(folder / TITLES, filters=pc.field("item").isin(wanted))
        titles: dict[Any, str] = dict(zip(*(found.column(name).to_pylist() for name in ("item", "title")), strict=True))
        return titles
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        raise HarnessError(f"{folder / TITLES} is damaged: {reason}. {REMEDY}") from error
