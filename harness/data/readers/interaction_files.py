"""Files of interactions, in any format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from harness.artifacts import Caution, Interactions
from harness.data.readers.columns import Place, ratings_of
from harness.data.readers.id_columns import coded_ids
from harness.data.readers.table_keys import TableKeys
from harness.data.readers.tables import cautions_of, chosen_columns, open_table, read_columns
from harness.data.times.time_columns import Times, TimestampUnit, times_of
from harness.storage.table_format import TableFormat

# In the order of MovieLens' .dat files, which have no header.
_USUAL = ("user", "item", "rating", "timestamp")
_DATASET = TableKeys.of("dataset")


@dataclass(frozen=True, eq=False)
class Reading:
    """A file of interactions, read.

    Parameters
    ----------
    interactions
        All rows in their order, repeated ones too.
    timestamp_unit
        What the file's times are: ``s``, ``ms``, ``us``, ``ns`` (since 1970), ``dates``, ``raw``, or None
        without times. The unit of the timestamps as they were read is ``interactions.time_unit``.
    is_text
        Whether ids were read as text that may have meant integers.
    cautions
        What looks wrong in the file.
    """

    interactions: Interactions
    timestamp_unit: str | None
    is_text: bool
    cautions: tuple[Caution, ...] = ()


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
    r"""Read a file of interactions, one a row.

    The format follows the end of the name, unless ``form`` names it: ``.csv``, ``.tsv``, ``.txt`` with a
    delimiter (UTF-8 with a header), ``.jsonl``, ``.ndjson``, ``.json`` (one object a line), ``.inter``
    (RecBole: a header of ``name:type``), ``.dat`` (MovieLens: ``user::item::rating::timestamp``), each also
    with ``.gz``; ``.parquet``, or a folder of such. Rows keep their order, repeated ones too. Ids are
    integers or text: in text files a column whose every value is an integer in its usual writing is int, any
    other is text exactly as written (``007`` stays ``007``).

    Parameters
    ----------
    path
        The file or folder.
    user, item
        Names of columns; in ``.inter`` also ``user_id`` and ``item_id`` are found.
    timestamp, rating
        Names of columns; None takes ``timestamp`` and ``rating`` where there are such.
    delimiter
        One or more characters; None: as the format has it.
    form
        ``csv``, ``tsv``, ``jsonl``, ``inter``, ``dat`` or ``parquet``; None: as the name says.
    timestamp_unit
        Of times that are numbers: ``s``, ``ms``, ``us`` or ``ns`` since 1970; ``raw`` leaves them;
        ``auto`` decides by their magnitude. Times since 1970, dates and ISO 8601 text become integers
        in the coarsest unit in which all are whole, which is ``time_unit`` of the interactions.

    Raises
    ------
    DataError
        The file, a column or a value is missing or cannot be used; the message names the row.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "plays.csv"
    >>> _ = path.write_text("who,what,timestamp\nann,7,2024-05-31\nbob,9,2024-06-01\n")
    >>> plays = read_table(path, user="who", item="what")
    >>> plays.user_ids.ids, plays.item_ids.ids, plays.timestamps
    (array(['ann', 'bob'], dtype=object), array([7, 9]), array([1717113600, 1717200000]))
    """
    wanted = {"user": user, "item": item, "timestamp": timestamp, "rating": rating}
    read = read_interactions(Path(path), wanted, delimiter=delimiter, form=form, timestamp_unit=timestamp_unit)
    return read.interactions


def read_interactions(
    path: Path,
    wanted: dict[str, str | None],
    *,
    delimiter: str | None = None,
    form: TableFormat | None = None,
    timestamp_unit: TimestampUnit = "raw",
    keys: TableKeys = _DATASET,
) -> Reading:
    """Read a file of interactions, and say what was found on the way.

    Parameters
    ----------
    path
        The file or folder.
    wanted
        ``user``, ``item``, ``timestamp``, ``rating`` to the names of their columns.
    delimiter, form, timestamp_unit
        As for ``read_table``.
    keys
        What the user may set, for messages.

    Raises
    ------
    DataError
        As for ``read_table``.
    """
    file = open_table(path, delimiter=delimiter, form=form, usual=_USUAL, keys=keys)
    names = chosen_columns(wanted, file, keys)
    ids = (names["user"], names["item"])
    table = read_columns(file, list(names.values()), text=ids)
    when = names.get("timestamp")
    if when is not None and timestamp_unit != "raw" and file.is_text and pa.types.is_floating(table.column(when).type):
        # As floats, decimals lose digits.
        table = read_columns(file, list(names.values()), text=(*ids, when))
    reading = interactions_of(
        table,
        where=str(path),
        user=names["user"],
        item=names["item"],
        timestamp=names.get("timestamp"),
        rating=names.get("rating"),
        text_file=file.is_text,
        timestamp_unit=timestamp_unit,
    )
    return Reading(
        reading.interactions,
        reading.timestamp_unit,
        reading.is_text,
        cautions=(*cautions_of(file), *reading.cautions),
    )


def interactions_of(
    table: pa.Table,
    *,
    where: str,
    user: str,
    item: str,
    timestamp: str | None,
    rating: str | None,
    text_file: bool,
    timestamp_unit: TimestampUnit = "raw",
) -> Reading:
    """Return a table's rows as interactions, in their order.

    Parameters
    ----------
    table
        One row an interaction.
    where
        The file, for messages.
    user, item
        Names of columns.
    timestamp, rating
        Names of columns, or None for none.
    text_file
        The ids were read as text that may have meant integers.
    timestamp_unit
        As for ``read_table``.

    Raises
    ------
    DataError
        A value is missing or cannot be used.
    """
    users = coded_ids(table.column(user), place=Place(where, user), text_file=text_file)
    items = coded_ids(table.column(item), place=Place(where, item), text_file=text_file)
    times = None
    if timestamp is not None:
        times = times_of(table.column(timestamp), place=Place(where, timestamp), unit=timestamp_unit)
    values = None if rating is None else ratings_of(table.column(rating), place=Place(where, rating))
    interactions = Interactions(
        users=users.indices,
        items=items.indices,
        user_ids=users.vocabulary,
        item_ids=items.vocabulary,
        timestamps=None if times is None else times.values,
        values=values,
        time_unit=None if times is None else times.time_unit,
    )
    cautions = () if times is None else tuple(_cautions(times, where))
    return Reading(interactions, None if times is None else times.unit, text_file, cautions)


def _cautions(times: Times, where: str) -> Iterator[Caution]:
    if times.strays:
        sentence = (
            f"{where}: {times.strays:,} of {len(times.values):,} timestamps look like another unit than "
            f"'{times.unit}', which most are in and all were taken for. Write them alike, or say which in "
            "dataset.timestamp_unit."
        )
        yield Caution("timestamps_of_another_unit", times.strays, sentence)
    if times.rounded:
        sentence = (
            f"{where}: {times.rounded:,} of {len(times.values):,} timestamps may have been rounded: they are floats "
            "with too few digits, or have decimals beyond nanoseconds. Events that are close may tie or change "
            "places. Write the times as integers, or as dates with nine decimals at most."
        )
        yield Caution("timestamps_rounded", times.rounded, sentence)
