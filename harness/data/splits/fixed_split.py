"""Take the parts of a split from files."""

from __future__ import annotations

from dataclasses import dataclass as plain_dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.artifacts import OUTSIDE, PARTS, PER_SECOND, Interactions, Part, Split, SplitRule, Vocabulary, pair_keys
from harness.artifacts.array_types import Float64Array, Int8Array, Int32Array, Int64Array
from harness.data.canonical_order import TieOrder, order_within
from harness.data.readers.interaction_files import read_interactions
from harness.data.readers.table_keys import TableKeys
from harness.data.repeated_pairs import pair_codes
from harness.data.splits.labelled_split import labelled_split, ordered_interactions
from harness.data.splits.split_options import check_seed
from harness.data.times.date_text import date_text
from harness.data.times.time_columns import TimestampUnit, epoch_unit, in_seconds
from harness.data.times.unit_conversion import EpochTimes, converted
from harness.data.warnings import log_warnings
from harness.errors import DataError

_Path = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class FixedSplit(SplitRule):
    r"""Take the parts from files, such as those that ``harness data split`` writes.

    The files have the columns ``user`` and ``item`` with external ids, and ``timestamp`` and ``rating`` are used if
    all files and the data set have them. Each row must be an interaction of the filtered data set, and is matched to
    one of the equal interactions there. Without timestamps, the repeats of a pair go, oldest first, to train, fold-in,
    validation and test. Timestamps in another unit than the data set's are converted exactly. A row that the data set
    lacks is an error. Interactions that no file has belong to no part and are counted as ``outside``.

    Parameters
    ----------
    train, test
        CSV, TSV or parquet files, relative to the working directory.
    validation
        A file, or None for no validation part.
    fold_in
        A file with the history of users who are not in train, which no model is fitted on, as in ``user_holdout``;
        None for no such part.
    ties
        The order of a user's interactions with the same timestamp, as in ``LeaveLastOut``, without ``error``. It only
        orders the histories. ``stable`` is the order of the data set.
    seed
        Seed of the shuffle; 0 or more.

    Raises
    ------
    ValueError
        The seed is negative, or the tie rule does not use it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "train.csv").write_text("user,item\nann,7\n")
    >>> _ = (folder / "test.csv").write_text("user,item\nann,9\n")
    >>> rows = Interactions(
    ...     users=np.array([0, 0, 0]),
    ...     items=np.array([0, 1, 2]),
    ...     user_ids=Vocabulary.of(["ann"]),
    ...     item_ids=Vocabulary.of([7, 8, 9]),
    ... )
    >>> split = FixedSplit(train=str(folder / "train.csv"), test=str(folder / "test.csv")).split(rows)
    >>> split.part("train").frame()["item"].tolist(), split.part("test").frame()["item"].tolist()
    ([7], [9])
    >>> split.facts["outside"]["interactions"]
    1
    """

    kind: ClassVar[str] = "fixed"
    train: _Path
    test: _Path
    validation: _Path | None = None
    fold_in: _Path | None = None
    ties: TieOrder = "shuffle"
    seed: int = 0

    def __post_init__(self) -> None:
        check_seed(self.seed, ties=self.ties)

    def split(self, interactions: Interactions) -> Split:
        """Split the interactions, and return them in canonical order.

        Raises
        ------
        DataError
            A file cannot be read, or has rows that the interactions lack.
        """
        # Repeats of a pair go to the parts in this order.
        parts: tuple[Part, ...] = ("train", "fold_in", "validation", "test")
        named = {part: getattr(self, part) for part in parts}
        paths = {part: Path(path) for part, path in named.items() if path is not None}
        _refuse_one_file_twice(paths)
        ordered = ordered_interactions(interactions, seed=self.seed, ties=self.ties, kind=self.kind)
        labels = _matched(ordered, [_read(ordered, part, path) for part, path in paths.items()])
        return labelled_split(ordered, labels, kind=self.kind, needed=tuple(paths), remedy="Give files with rows.")


@plain_dataclass(frozen=True, eq=False)
class _PartFile:
    """The rows of one file, in the vocabularies of the data set."""

    part: Part
    path: Path
    rows: Interactions


def _refuse_one_file_twice(paths: dict[Part, Path]) -> None:
    seen: dict[Path, Part] = {}
    for part, path in paths.items():
        other = seen.setdefault(path.resolve(), part)
        if other != part:
            raise DataError(f"split fixed: {path} is both {other} and {part}. Name one file for each.")


def _read(interactions: Interactions, part: Part, path: Path) -> _PartFile:
    if not path.exists():
        raise DataError(
            f"split fixed: {path}, which {part} names, does not exist. A relative path starts at the working "
            "directory; `harness data split EXPERIMENT --out DIR` writes such files."
        )
    columns = {"user": "user", "item": "item", "timestamp": None, "rating": None}
    unit: TimestampUnit = "raw" if interactions.time_unit is None else "auto"
    reading = read_interactions(path, columns, timestamp_unit=unit, keys=TableKeys(f"dataset.split.{part}"))
    log_warnings(reading.warnings)
    read = reading.interactions
    users = _translated_indices(read.user_ids, interactions.user_ids)[read.users]
    items = _translated_indices(read.item_ids, interactions.item_ids)[read.items]
    unknown = (users < 0) | (items < 0)
    if unknown.any():
        raise _unknown_rows(path, read, int(unknown.sum()), int(np.argmax(unknown)))
    rows = Interactions(
        users=users,
        items=items,
        user_ids=interactions.user_ids,
        item_ids=interactions.item_ids,
        timestamps=_in_the_data_unit(read, interactions, path),
        values=read.values,
        time_unit=interactions.time_unit,
    )
    return _PartFile(part, path, rows)


def _in_the_data_unit(read: Interactions, of_data: Interactions, path: Path) -> Int64Array | Float64Array | None:
    """Return the timestamps of a file in the unit of the data set."""
    if read.timestamps is None or of_data.timestamps is None:
        return read.timestamps
    if of_data.time_unit is None:
        return _in_seconds_if_alike(read.timestamps, of_data.timestamps, path)
    # Numbers that do not look like times are in the data set's unit already.
    file_times = EpochTimes(read.timestamps, read.time_unit or of_data.time_unit)
    whole = file_times.values.dtype.kind == "i"
    if of_data.timestamps.dtype.kind == "f":
        return converted(EpochTimes(file_times.values.astype(np.float64), file_times.unit), of_data.time_unit)
    found = converted(file_times, of_data.time_unit)
    if found is None:
        factor = PER_SECOND[file_times.unit] // PER_SECOND[of_data.time_unit]
        odd = (
            np.flatnonzero(file_times.values % factor)
            if factor > 1
            else np.array([np.argmax(np.abs(file_times.values))])
        )
        raise _unknown_rows(path, read, len(odd), int(odd[0]))
    # A float stands for the nearest time in the data set's unit.
    times: Int64Array | Float64Array = found if whole else np.rint(found).astype(np.int64)
    return times


def _in_seconds_if_alike(
    times: Int64Array | Float64Array, of_data: Int64Array | Float64Array, path: Path
) -> Int64Array | Float64Array:
    """Return times without a unit, converted to seconds if those of the data set look like seconds."""
    unit, expected = epoch_unit(times), epoch_unit(of_data)
    if unit == expected or unit == "raw" or expected == "raw":
        return times
    if expected != "s":
        raise DataError(
            f"split fixed: the timestamps of {path} look like {unit} since 1970, but the data set's like {expected}. "
            "Leave dataset.timestamp_unit at auto, so that both become times since 1970, or write the parts in the "
            "unit of the data set."
        )
    return in_seconds(times, unit)


def _translated_indices(of_file: Vocabulary, of_data: Vocabulary) -> Int32Array:
    """Return the index of each id of a file in the data set's vocabulary, -1 if it is not there."""
    # A part may hold only integers although the ids of the data set are text.
    as_text = of_data.is_text and not of_file.is_text
    return of_data.indices(of_file.ids.astype(str).astype(object) if as_text else of_file.ids)


def _unknown_rows(path: Path, rows: Interactions, count: int, first: int) -> DataError:
    user, item = rows.rows(np.array([first])).frame()[["user", "item"]].to_numpy(dtype=object)[0].tolist()
    if rows.timestamps is None:
        when = ""
    elif rows.time_unit is None:
        when = f" at {rows.timestamps[first].item()}"
    else:
        when = f" at {date_text(rows.timestamps[first].item(), rows.time_unit)}"
    return DataError(
        f"split fixed: {count:,} of {len(rows):,} rows of {path} are not among the filtered interactions; the first is "
        f"row {first + 1}: user {user!r}, item {item!r}{when}. Give files that were split from this data set with "
        "these filters, or remove the filters."
    )


def _matched(ordered: Interactions, files: list[_PartFile]) -> Int8Array:
    """Return the part of each interaction; the k-th of equal rows in the files is the k-th in the data set."""
    tables = [ordered, *(file.rows for file in files)]
    columns = [np.concatenate([pair_codes(table) for table in tables])]
    for name in ("timestamps", "values"):
        parts = [getattr(table, name) for table in tables]
        if all(part is not None for part in parts):
            columns.append(np.concatenate(parts))
    n = len(ordered)
    labels = np.concatenate([np.full(len(file.rows), PARTS.index(file.part), dtype=np.int8) for file in files])
    # Equal rows are sorted next to each other: those of the data set first, oldest first, then those of the files.
    # Adding 0.0 turns -0.0 into 0.0, which is equal but has other bits.
    finest = columns[min(len(columns) - 1, 1)].astype(np.float64) + 0.0
    keys = pair_keys(0, columns[0].view(np.uint64), finest.view(np.uint64))
    users = np.concatenate([table.users for table in tables])
    order = order_within(users, keys, columns)
    equal = np.ones(len(order), dtype=np.bool_)
    for column in columns:
        equal[1:] &= column[order[1:]] == column[order[:-1]]
    equal[:1] = False
    groups = np.cumsum(~equal) - 1
    from_file = order >= n
    of_data = np.bincount(groups[~from_file], minlength=int(groups.max()) + 1)
    begins = np.flatnonzero(~equal)
    # The place of a file's row within its group decides which interaction it is matched to.
    places = np.arange(len(order)) - begins[groups] - of_data[groups]
    excess = order[from_file & (places >= of_data[groups])]
    if len(excess):
        raise _first_excess(files, np.sort(excess - n))
    matched: Int8Array = np.full(n, OUTSIDE, dtype=np.int8)
    sources = np.flatnonzero(from_file)
    targets = order[begins[groups[sources]] + places[sources]]
    matched[targets] = labels[order[sources] - n]
    return matched


def _first_excess(files: list[_PartFile], excess: Int64Array) -> DataError:
    """Return the error for rows without a match, numbered through all files."""
    begin = 0
    for file in files:
        inside = excess[(excess >= begin) & (excess < begin + len(file.rows))] - begin
        if len(inside):
            break
        begin += len(file.rows)
    return _unknown_rows(file.path, file.rows, len(inside), int(inside[0]))
