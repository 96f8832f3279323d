"""Load the data set that an experiment names: a source of the catalogue, or a file."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from harness.data.readers.duplicate_rows import merge_duplicates
from harness.data.readers.file_formats import reader_of
from harness.data.readers.interaction_files import read_interactions
from harness.data.readers.parquet_parts import sha256_of
from harness.data.readers.table_keys import DATASET_KEYS
from harness.data.repeated_pairs import repeated_rows
from harness.data.side_tables.side_table_join import join_side_tables
from harness.data.sources.source import Source, SourceData
from harness.data.times.time_columns import epoch_unit
from harness.data.warnings import id_warnings, log_warnings, time_warnings
from harness.errors import DataError
from harness.experiment import ColumnNames, DatasetSettings


def load_source(dataset: DatasetSettings) -> SourceData:
    """Return the interactions that an experiment's ``dataset`` names.

    Duplicates are merged and side tables joined as the section says. What looks wrong is logged, and
    listed in ``warnings``.

    Parameters
    ----------
    dataset
        Has either ``catalog`` (a ``Source``) or ``path`` (a file, or a folder of parquet files) with ``columns``.

    Raises
    ------
    DataError
        Both or neither of them are set, or the data set cannot be fetched or read.
    """
    if (dataset.catalog is None) == (dataset.path is None):
        got = "both" if dataset.catalog is not None else "neither"
        raise DataError(f"dataset needs either catalog or path; got {got}. Name the one that holds the data.")
    if dataset.path is not None:
        data = _read_path(Path(dataset.path), dataset)
    else:
        source: Source = dataset.catalog
        data = source.read()
    facts = dict(data.facts)
    rows, where = data.interactions, data.name if dataset.path is None else str(dataset.path)
    warnings = [
        *data.warnings,
        *id_warnings(rows.user_ids, where=where, what="user"),
        *id_warnings(rows.item_ids, where=where, what="item"),
    ]
    times = rows.timestamps
    if times is not None:
        looks_like = epoch_unit(times)
        if "timestamp_unit" not in facts and rows.time_unit is None and looks_like == "s":
            rows = replace(rows, time_unit="s")
        stated = facts.setdefault("timestamp_unit", rows.time_unit or looks_like)
        # Numbers that are not times may be anything, zero too.
        unit = rows.time_unit or (None if stated == "raw" or looks_like == "raw" else looks_like)
        warnings += [] if unit is None else time_warnings(times, unit=unit, where=where)
    merged = merge_duplicates(rows, dataset.duplicates)
    if dataset.duplicates != "keep":
        facts["merged"] = {"rule": dataset.duplicates, "rows": len(rows) - len(merged)}
    joined = join_side_tables(merged, items=dataset.items, users=dataset.users)
    warnings += joined.warnings
    log_warnings(warnings)
    facts |= joined.facts
    return replace(data, interactions=joined.interactions, facts=facts, warnings=tuple(warnings))


def check_source(dataset: DatasetSettings) -> None:
    """Check that the format of a data set's file is known, without reading the file.

    Raises
    ------
    DataError
        The format is not known, or does not go with the delimiter.
    """
    if dataset.path is not None:
        reader_of(Path(dataset.path), dataset.format, delimiter=dataset.delimiter, keys=DATASET_KEYS)


def _read_path(path: Path, dataset: DatasetSettings) -> SourceData:
    names = asdict(dataset.columns or ColumnNames())
    file = read_interactions(
        path, names, delimiter=dataset.delimiter, form=dataset.format, timestamp_unit=dataset.timestamp_unit
    )
    facts: dict[str, Any] = {"origin": str(path), "duplicates": repeated_rows(file.interactions)}
    if file.timestamp_unit is not None:
        facts["timestamp_unit"] = file.timestamp_unit
    return SourceData(
        file.interactions, name=path.name, sha256=sha256_of(path), facts=facts, warnings=tuple(file.warnings)
    )
