"""Files of interactions: CSV, TSV and parquet."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, cast

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from harness.artifacts import Interactions
from harness.data.columns import Place, ratings_of
from harness.data.identifiers import coded_ids
from harness.data.times import timestamps_of
from harness.errors import DataError, did_you_mean

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_PARQUET = (".parquet", ".pq")
_FORMATS = ".csv, .tsv, .csv.gz, .tsv.gz or .parquet"
_HEADER_BYTES = 1 << 20


def read_table(
    path: Path | str,
    *,
    user: str = "user",
    item: str = "item",
    timestamp: str | None = None,
    rating: str | None = None,
) -> Interactions:
    r"""Read a file of interactions, one a row.

    The format follows the name: ``.csv``, ``.tsv`` (both UTF-8 with a header, also with ``.gz``),
    ``.parquet``. Rows keep their order, repeated ones too. Ids are integers or text: in CSV and TSV
    a column whose every value is an integer in its usual writing is int, any other is text exactly as
    written (``007`` stays ``007``). Times are numbers in the file's own unit; dates and ISO 8601
    text become seconds since 1970 in UTC.

    Parameters
    ----------
    path
        The file.
    user, item
        Names of columns.
    timestamp, rating
        Names of columns; None takes ``timestamp`` and ``rating`` where there are such.

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
    path = Path(path)
    wanted = {"user": user, "item": item, "timestamp": timestamp, "rating": rating}
    try:
        suffix = _checked_suffix(path)
        if suffix in _PARQUET:
            with pyarrow.parquet.ParquetFile(path) as file:
                names = _chosen(wanted, file.schema_arrow.names, path)
                table = file.read(columns=list(names.values()))
        else:
            delimiter = _DELIMITERS[suffix]
            names = _chosen(wanted, _header(path, delimiter), path)
            table = _read_text(path, delimiter, names)
    except (pa.ArrowException, OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: the file cannot be read: {_reason(error)}. Write it again as {_FORMATS}.") from error
    if table.num_rows == 0:
        raise DataError(f"{path}: the file has a header and no rows. Give a file with interactions.")
    return interactions_of(
        table,
        where=str(path),
        user=names["user"],
        item=names["item"],
        timestamp=names.get("timestamp"),
        rating=names.get("rating"),
        text_file=suffix in _DELIMITERS,
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
) -> Interactions:
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

    Raises
    ------
    DataError
        A value is missing or cannot be used.
    """
    users = coded_ids(table.column(user), place=Place(where, user), text_file=text_file)
    items = coded_ids(table.column(item), place=Place(where, item), text_file=text_file)
    times = None if timestamp is None else timestamps_of(table.column(timestamp), place=Place(where, timestamp))
    values = None if rating is None else ratings_of(table.column(rating), place=Place(where, rating))
    return Interactions(
        users=users.indices,
        items=items.indices,
        user_ids=users.vocabulary,
        item_ids=items.vocabulary,
        timestamps=times,
        values=values,
    )


def _checked_suffix(path: Path) -> str:
    """Return the suffix that decides how a file is read, ``.gz`` apart."""
    packed = path.suffix.lower() == ".gz"
    kind = Path(path.stem).suffix.lower() if packed else path.suffix.lower()
    if path.is_dir():
        raise DataError(f"{path} is a folder. Give one file, as {_FORMATS}.")
    if not path.exists():
        beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, beside)
        raise DataError(
            f"{path}: there is no such file. {hint if hint.startswith('Did') else 'Check dataset.path.'} "
            "A relative path starts at the working directory."
        )
    if not path.is_file():
        raise DataError(f"{path} is not a regular file. Give a file, as {_FORMATS}.")
    if kind not in _DELIMITERS and (kind not in _PARQUET or packed):
        raise DataError(f"{path}: the format is not known by the name's end. Use {_FORMATS}.")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: the file is empty. Give a file with a header and interactions.")
    return kind


def _chosen(wanted: dict[str, str | None], found: Sequence[str], path: Path) -> dict[str, str]:
    """Return the columns to read by what they mean."""
    chosen: dict[str, str] = {}
    for meaning, name in wanted.items():
        if name is None:
            if meaning in found:
                chosen[meaning] = meaning
            continue
        if name not in found:
            raise DataError(_missing_column(meaning, name, found, path))
        chosen[meaning] = name
    for name in chosen.values():
        if list(found).count(name) > 1:
            raise DataError(f"{path}: two columns are called '{name}'. Rename one of them.")
    taken = [name for meaning, name in chosen.items() if wanted[meaning] is not None]
    twice = [name for name in taken if taken.count(name) > 1]
    if twice:
        raise DataError(f"{path}: column '{twice[0]}' is named twice in dataset.columns. Each needs its own.")
    # A column that was named for something else is not taken again under its own name.
    return {meaning: name for meaning, name in chosen.items() if wanted[meaning] is not None or name not in taken}


def _missing_column(meaning: str, name: str, found: Sequence[str], path: Path) -> str:
    close = did_you_mean(name, found)
    hint = f"{close} " if close.startswith("Did") else ""
    shown = ", ".join(repr(column[:40]) for column in found[:20]) + (", ..." if len(found) > 20 else "")
    separators = [mark for mark in (";", "\t", ",", "|") if len(found) == 1 and mark in found[0]]
    if separators:
        hint = f"The columns look separated by {separators[0]!r}: use commas in .csv and tabs in .tsv. "
    return (
        f"{path}: there is no column '{name}' for the {meaning}. {hint}The columns are: {shown}. "
        f"Name the right one in dataset.columns.{meaning}."
    )


def _header(path: Path, delimiter: str) -> list[str]:
    """Return the names of the columns of a text file."""
    with _opened(path) as stream:
        start = stream.read(_HEADER_BYTES)
    if b"\0" in start:
        raise DataError(f"{path}: the file is binary, or not UTF-8. Write it as UTF-8 text, or as .parquet.")
    lines = [line for line in start.splitlines() if line.strip()]
    if not lines:
        raise DataError(f"{path}: the file is empty. Give a file with a header and interactions.")
    try:
        return next(csv.reader([lines[0].decode("utf-8-sig")], delimiter=delimiter))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: the header is not UTF-8 text. Write the file as UTF-8, or as .parquet.") from error
    except csv.Error as error:
        raise DataError(f"{path}: the header cannot be read: {error}. Write the file as {_FORMATS}.") from error


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.suffix.lower() == ".gz" else path.open("rb")


def _read_text(path: Path, delimiter: str, names: dict[str, str]) -> pa.Table:
    ids = (names["user"], names["item"])
    parse = pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    convert = pyarrow.csv.ConvertOptions(
        include_columns=list(names.values()), column_types={name: pa.string() for name in ids}
    )
    try:
        with _opened(path) as stream:
            return pyarrow.csv.read_csv(stream, parse_options=parse, convert_options=convert)
    except pa.ArrowInvalid:
        # On one thread the message names the row.
        one = pyarrow.csv.ReadOptions(use_threads=False)
        with _opened(path) as stream:
            return pyarrow.csv.read_csv(stream, read_options=one, parse_options=parse, convert_options=convert)


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())[:200].rstrip(".")
