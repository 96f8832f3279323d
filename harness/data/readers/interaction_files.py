"""Read files of interactions in any format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from harness.artifacts import DataWarning, Interactions
from harness.data.readers.column_choice import choose_columns
from harness.data.readers.columns import ColumnLocation, ratings_of
from harness.data.readers.id_columns import coded_ids
from harness.data.readers.open_table import open_table, read_columns
from harness.data.readers.table_keys import DATASET_KEYS, TableKeys
from harness.data.times.time_columns import TimeColumn, TimestampUnit, times_of
from harness.storage.table_formats import TableFormat

# In the order of MovieLens' .dat files, which have no header.
_USUAL = ("user", "item", "rating", "timestamp")


@dataclass(frozen=True, eq=False)
class InteractionFile:
    """The content of a file of interactions.

    Parameters
    ----------
    interactions
        All rows in the order of the file, repeated ones too.
    timestamp_unit
        What the times of the file are: ``s``, ``ms``, ``us``, ``ns`` (since 1970), ``dates``, ``raw``, or None
        without times. ``interactions.time_unit`` is the unit of the timestamps in memory.
    warnings
        What looks wrong in the file.
    """

    interactions: Interactions
    timestamp_unit: str | None
    warnings: tuple[DataWarning, ...] = ()


def read_table(
    path: Path | str,
    *,
    user: str = "user",
    item: str = "item",
    timestamp: str | None = None,
    rating: str | None = None,
    delimiter: str | None = None,
    form: TableFormat | None = None,
    timestamp_unit: TimestampUnit = "raw",
) -> Interactions:
    r"""Read a file of interactions, one per row.

    The suffix of the name decides the format, unless ``form`` is given: ``.csv``, ``.tsv``, ``.txt`` with a
    delimiter (UTF-8 with a header), ``.jsonl``, ``.ndjson``, ``.json`` (one object per line), ``.inter``
    (RecBole: a header of ``name:type``), ``.dat`` (MovieLens: ``user::item::rating::timestamp``), each also
    with ``.gz``; ``.parquet``, or a folder of parquet files. Rows keep their order, repeated ones too. Ids are
    integers or text. In a text file, a column of canonical integers is read as integers, and any other column as
    text exactly as written (``007`` stays ``007``).

    Parameters
    ----------
    path
        The file or folder.
    user, item
        Names of the columns; in ``.inter`` files ``user_id`` and ``item_id`` are found too.
    timestamp, rating
        Names of the columns; None takes ``timestamp`` and ``rating`` if the file has them.
    delimiter
        One or more characters; None for the delimiter of the format.
    form
        ``csv``, ``tsv``, ``jsonl``, ``inter``, ``dat`` or ``parquet``; None chooses by the suffix.
    timestamp_unit
        The unit of times that are numbers: ``s``, ``ms``, ``us`` or ``ns`` since 1970. ``raw`` leaves them
        unchanged, ``auto`` decides by their magnitude. Times since 1970, dates and ISO 8601 text become integers
        in the coarsest unit in which all are whole, which is the ``time_unit`` of the interactions.

    Raises
    ------
    DataError
        The file, a column or a value is missing or invalid; the message names the row.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "plays.csv"
    >>> _ = path.write_text("who,what,timestamp\nann,7,2024-05-31\nbob,9,2024-06-01\n")
    >>> plays = read_table(path, user="who", item="what")
    >>> plays.user_ids.ids, plays.item_ids.ids, plays.timestamps
    (array(['ann', 'bob'], dtype=object), array([7, 9]), array([1717113600, 1717200000]))
    """
    names = {"user": user, "item": item, "timestamp": timestamp, "rating": rating}
    file = read_interactions(Path(path), names, delimiter=delimiter, form=form, timestamp_unit=timestamp_unit)
    return file.interactions


def read_interactions(
    path: Path,
    names: dict[str, str | None],
    *,
    delimiter: str | None = None,
    form: TableFormat | None = None,
    timestamp_unit: TimestampUnit = "raw",
    keys: TableKeys = DATASET_KEYS,
) -> InteractionFile:
    """Read a file of interactions, with the unit of its times and what looks wrong in it.

    Parameters
    ----------
    path
        The file or folder.
    names
        ``user``, ``item``, ``timestamp`` and ``rating`` to the names of their columns, as for ``read_table``.
    delimiter, form, timestamp_unit
        As for ``read_table``.
    keys
        The settings of this table, for messages.

    Raises
    ------
    DataError
        As for ``read_table``.
    """
    reader = open_table(path, delimiter=delimiter, form=form, usual=_USUAL, keys=keys)
    columns = choose_columns(names, reader, keys)
    text = [columns["user"], columns["item"]]
    table = read_columns(reader, list(columns.values()), text=text)
    time = columns.get("timestamp")
    if (
        time is not None
        and timestamp_unit != "raw"
        and reader.untyped
        and pa.types.is_floating(table.column(time).type)
    ):
        # As floats, decimals lose digits.
        table = read_columns(reader, list(columns.values()), text=[*text, time])
    file = interactions_from_table(
        table, columns, where=str(path), untyped=reader.untyped, timestamp_unit=timestamp_unit
    )
    return replace(file, warnings=(*reader.warnings, *file.warnings))


def interactions_from_table(
    table: pa.Table,
    columns: Mapping[str, str],
    *,
    where: str,
    untyped: bool,
    timestamp_unit: TimestampUnit = "raw",
) -> InteractionFile:
    """Convert the rows of a table to interactions, in their order.

    Parameters
    ----------
    table
        One interaction per row.
    columns
        ``user``, ``item``, and ``timestamp`` and ``rating`` where there are any, to the names of their columns.
    where
        The file, for messages.
    untyped
        Whether the ids were read as text that may stand for integers.
    timestamp_unit
        As for ``read_table``.

    Raises
    ------
    DataError
        A value is missing or invalid.
    """
    places = {meaning: ColumnLocation(where, column) for meaning, column in columns.items()}
    users, items = (
        coded_ids(table.column(columns[kind]), place=places[kind], untyped=untyped) for kind in ("user", "item")
    )
    times = values = None
    if "timestamp" in columns:
        times = times_of(table.column(columns["timestamp"]), place=places["timestamp"], unit=timestamp_unit)
    if "rating" in columns:
        values = ratings_of(table.column(columns["rating"]), place=places["rating"])
    interactions = Interactions(
        users=users.indices,
        items=items.indices,
        user_ids=users.vocabulary,
        item_ids=items.vocabulary,
        timestamps=None if times is None else times.values,
        values=values,
        time_unit=None if times is None else times.time_unit,
    )
    if times is None:
        return InteractionFile(interactions, None)
    return InteractionFile(interactions, times.unit, tuple(_time_warnings(times, where)))


def _time_warnings(times: TimeColumn, where: str) -> Iterator[DataWarning]:
    if times.strays:
        sentence = (
            f"{where}: {times.strays:,} of {len(times.values):,} timestamps look like another unit than "
            f"'{times.unit}', the unit of most, in which all were read. Write them all in one unit, or set the unit "
            "in dataset.timestamp_unit."
        )
        yield DataWarning("timestamps_of_another_unit", times.strays, sentence)
    if times.rounded:
        sentence = (
            f"{where}: {times.rounded:,} of {len(times.values):,} timestamps may have been rounded: they are floats "
            "with too few digits, or have decimals beyond nanoseconds. Events close in time may tie or swap their "
            "order. Write the times as integers, or as dates with nine decimals at most."
        )
        yield DataWarning("timestamps_rounded", times.rounded, sentence)
