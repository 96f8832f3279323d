"""Export a finished run as files of TREC: ``harness export``."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from harness import data
from harness.errors import HarnessError
from harness.pipeline.run_folder import run_files as stored
from harness.pipeline.run_folder.record_file import REMEDY, read_record

_RELEVANT = ("user", "item")
_LISTED = (*_RELEVANT, "rank")


def export(folder: Path, out: Path) -> data.TrecFiles:
    """Write the lists and relevant items of a finished run as files of TREC.

    Parameters
    ----------
    folder
        Folder of the run.
    out
        Folder for the files.

    Raises
    ------
    HarnessError
        The folder holds no finished run, or its files are damaged or not those that the run wrote.
    """
    record = read_record(folder)
    if record.protocol.rolling:
        raise HarnessError(
            f"{folder} has one list per user and moment (rolling history); the format of TREC has one list per user."
        )
    stored.check_files(folder, record, [stored.PREDICTIONS, stored.TARGET_RANKS])
    try:
        predictions = pq.read_table(folder / stored.PREDICTIONS)
        relevant = pq.read_table(folder / stored.TARGET_RANKS, columns=["user", "item"])
    except (OSError, UnicodeError, pa.ArrowException) as error:
        raise HarnessError(f"{folder} is incomplete: {error}. {REMEDY}") from error
    for name, table, columns in (
        (stored.PREDICTIONS, predictions, _LISTED),
        (stored.TARGET_RANKS, relevant, _RELEVANT),
    ):
        fault = _fault_in(table, columns)
        if fault is not None:
            raise HarnessError(f"{folder / name} is damaged: {fault}. {REMEDY}")
    return data.write_trec(predictions, relevant, out, tag=record.name.replace("/", "."))


def _fault_in(table: pa.Table, columns: tuple[str, ...]) -> str | None:
    """Return what is wrong with the columns of a table; None where nothing is."""
    for name in columns:
        if table.column_names.count(name) != 1:
            return f"it has no column '{name}'"
        column = table.column(name)
        kind = column.type
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if column.null_count or not (pa.types.is_integer(kind) or (is_text and name != "rank")):
            return f"its column '{name}' holds {kind}, or lacks values"
    return None
