"""Read files of predictions: users, items, and a score or a rank."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from harness.artifacts import rounded, score_fault, wrong_scores
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.data.predictions.trec_reader import TREC_SUFFIXES, TrecRunReader
from harness.data.readers.column_choice import choose_columns, require_column
from harness.data.readers.columns import ColumnLocation, is_text, numbers_of, require_values
from harness.data.readers.file_checks import check_file
from harness.data.readers.file_formats import suffix_of
from harness.data.readers.id_columns import id_column
from harness.data.readers.open_table import open_table, read_columns
from harness.data.readers.table_keys import TableKeys
from harness.data.readers.table_reader import TableReader
from harness.data.warnings import log_warnings
from harness.errors import DataError
from harness.storage.table_formats import TableFormat

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn

PredictionFormat: TypeAlias = Literal["auto", TableFormat, "trec"]

_REMEDY = "Use numbers; leave out items that are not recommended, or give them the score minus infinity."
_COLUMNS = ("user", "item", "score", "rank")
_KEYS = TableKeys(
    "model.checkpoint",
    delimiter="model.params.delimiter",
    form="model.params.format",
    column="model.params.columns.{}",
    formats=(*get_args(TableFormat), "trec"),
)


@dataclass(frozen=True, eq=False)
class PredictionTable:
    """Rows of a file of predictions, in the order of the file.

    Parameters
    ----------
    users, items
        External ids ``(n,)``, none missing; text, or in the types of a typed file.
    scores
        Integers or floats ``(n,)`` as in the file; higher is better. None if the file has none.
    ranks
        int64 ``(n,)``, 1 for the best; they order the lists if there are any. None if the file has none, and for a
        TREC run, whose scores decide.
    place
        The file, for messages.
    """

    users: ArrowColumn
    items: ArrowColumn
    scores: Int64Array | Float64Array | None
    ranks: Int64Array | None
    place: str


@dataclass(frozen=True)
class PredictionReader:
    """A file of predictions, opened: its columns are known, its rows are not read yet.

    Parameters
    ----------
    reader
        The table.
    columns
        ``user``, ``item``, ``score`` and ``rank`` to the names of their columns, as far as the table has them.
    """

    reader: TableReader
    columns: dict[str, str]

    def read(self) -> PredictionTable:
        """Read the rows.

        Raises
        ------
        DataError
            A row cannot be read, or a value is missing or invalid; the message names the row.
        """
        path, names = str(self.reader.path), list(self.columns.values())
        # Untyped files as text: an id such as 007 is not a number, and scores are parsed by rules of their own.
        table = read_columns(self.reader, names, text=names)
        log_warnings(self.reader.warnings)
        found = {kind: (table.column(name), ColumnLocation(path, name)) for kind, name in self.columns.items()}
        users, items = (id_column(column, place=place) for column, place in (found["user"], found["item"]))
        scores = _scores(*found["score"]) if "score" in found else None
        return PredictionTable(users, items, scores, _ranks(*found["rank"]) if "rank" in found else None, path)


def open_predictions(
    path: Path,
    *,
    form: PredictionFormat = "auto",
    columns: dict[str, str] | None = None,
    delimiter: str | None = None,
    keys: TableKeys = _KEYS,
) -> PredictionReader:
    """Open a file of predictions and find its columns.

    Parameters
    ----------
    path, form, columns, delimiter
        As for ``read_predictions``.
    keys
        The settings of this table, for messages.

    Raises
    ------
    DataError
        The file or a column is missing, or the format is not known.
    """
    is_run = form == "trec" or (form == "auto" and suffix_of(path) in TREC_SUFFIXES)
    if is_run:
        check_file(path, key=keys.path)
        if delimiter is not None:
            raise DataError(f"{path}: {keys.delimiter} is {delimiter!r}, and a TREC run has none. Leave it out.")
        reader: TableReader = TrecRunReader.open(path)
    else:
        # Comparisons rather than a tuple, which does not narrow the type.
        named = None if form == "auto" or form == "trec" else form
        reader = open_table(path, delimiter=delimiter, form=named, usual=_COLUMNS, keys=keys)
    names = {"user": "user", "item": "item", "score": None, "rank": None} | (columns or {})
    chosen = choose_columns(names, reader, keys)
    if not {"score", "rank"} & set(chosen):
        what = "score, nor one called 'rank'"
        chosen["score"] = require_column("score", reader, meaning=what, key=keys.column_key("score"), keys=keys)
    if is_run:
        chosen.pop("rank", None)  # the score of a run decides, as in trec_eval
    return PredictionReader(reader, chosen)


def read_predictions(
    path: Path,
    *,
    form: PredictionFormat = "auto",
    columns: dict[str, str] | None = None,
    delimiter: str | None = None,
) -> PredictionTable:
    r"""Read a file of predictions.

    Parameters
    ----------
    path
        A table in any format of interactions (a file, or a folder of parquet files), or a TREC run:
        ``user Q0 item rank score tag`` without a header, separated by spaces.
    form
        The format; ``auto`` chooses by the suffix.
    columns
        ``user``, ``item``, ``score`` and ``rank`` to the names of their columns, if these differ.
    delimiter
        The delimiter of a text file; None for the one of its format.

    Raises
    ------
    DataError
        The file, a column or a value is missing or invalid; the message names the row.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "lists.csv"
    >>> _ = path.write_text("user,item,score\nann,tea,0.5\n")
    >>> read_predictions(path).scores
    array([0.5])
    """
    return open_predictions(path, form=form, columns=columns, delimiter=delimiter).read()


def read_pairs(path: Path, *, keys: TableKeys) -> PredictionTable:
    """Read the columns ``user`` and ``item`` of a table in any format of interactions.

    Raises
    ------
    DataError
        The file, a column or a value is missing or invalid.
    """
    reader = open_table(path, usual=("user", "item"), keys=keys)
    return PredictionReader(reader, choose_columns({"user": "user", "item": "item"}, reader, keys)).read()


def _scores(column: ArrowColumn, place: ColumnLocation) -> Int64Array | Float64Array:
    """Return scores; minus infinity is allowed and marks items that are not recommended."""
    column = require_values(column, place=place, what="score")
    if not (is_text(column) or pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise place.type_error(column.type, "scores are", _REMEDY)
    numbers = pd.to_numeric(column.to_pandas(), errors="coerce")
    plain = isinstance(numbers.dtype, np.dtype)
    scores: NDArray[Any] = numbers.to_numpy() if plain else numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = wrong_scores(scores, rounded(scores))
    if wrong is not None:
        row = int(np.flatnonzero(wrong)[0])
        value = score_fault(scores[row]) if np.isfinite(scores[row]) else column[row].as_py()
        raise place.error(wrong, f"the score is {value}", _REMEDY)
    return scores


def _ranks(column: ArrowColumn, place: ColumnLocation) -> Int64Array:
    column = require_values(column, place=place, what="rank")
    ranks = numbers_of(column, place=place, what="rank", remedy=_REMEDY)
    wrong = (ranks < 1) | (ranks != np.floor(ranks))
    if wrong.any():
        remedy = "Use whole numbers from 1, the best; add 1 to ranks that begin at 0."
        raise place.error(wrong, f"the rank is {ranks[wrong][0]:g}", remedy)
    large = ranks > np.iinfo(np.int32).max
    if large.any():
        raise place.error(large, f"the rank {ranks[large][0]:g} is too large", "Use ranks from 1.")
    return ranks.astype(np.int64)
