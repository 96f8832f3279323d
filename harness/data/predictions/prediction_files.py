"""Files of predictions, ours or foreign: users, items, and a score or a rank."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from harness.artifacts import rounded, score_fault, wrong_scores
from harness.artifacts.array_types import Float64Array, Int64Array
from harness.data.readers.columns import ColumnLocation, is_text, numbers_of, require_values
from harness.data.readers.file_checks import check_file, suffix_of
from harness.data.readers.id_columns import id_column
from harness.data.readers.open_table import (
    TableReader,
    chosen_columns,
    needed_column,
    open_table,
    read_columns,
    warnings_of,
)
from harness.data.readers.table_keys import TableKeys
from harness.data.warnings import log_warnings
from harness.errors import DataError
from harness.storage.input_files import open_bytes
from harness.storage.table_formats import TableFormat

if TYPE_CHECKING:
    from harness.data.readers.columns import ArrowColumn

Format: TypeAlias = Literal["auto", TableFormat, "trec"]

_RUNS = (".run", ".trec")
_TREC = ("user", "q0", "item", "rank", "score", "tag")
_REMEDY = "Write user, item and score or rank as .parquet, .csv or .tsv, or a TREC run as .run."
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
    """Rows of a file of predictions, in its order.

    Parameters
    ----------
    users, items
        Own ids ``(n,)``, none missing; text, or as a typed file has them.
    scores
        Integers or floats ``(n,)`` as the file has them, or None: higher is better.
    ranks
        int64 ``(n,)``, or None: 1 is the best. They order the lists where there are any. None for a TREC run, whose
        score decides.
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
    """A file of predictions whose columns are known, and not read yet.

    Parameters
    ----------
    file
        Opened.
    names
        ``user``, ``item``, and ``score`` or ``rank`` or both, to the names of their columns.
    """

    file: TableReader
    names: dict[str, str]

    def read(self) -> PredictionTable:
        """Read the rows.

        Raises
        ------
        DataError
            A row cannot be read, or a value is missing or cannot be used; the message names the row.
        """
        path, names = self.file.path, self.names
        columns = list(names.values())
        # Text files as text: an id such as 007 is no number, and a score is read by the column's own rules.
        table = read_columns(self.file, columns, text=columns if self.file.is_text else ())
        log_warnings(warnings_of(self.file))
        score = _numbers(table, names.get("score"), path, what="score")
        # The score of a TREC run decides, and its rank is not read, as in trec_eval.
        rank = None if isinstance(self.file, _TrecRunReader) else _numbers(table, names.get("rank"), path, what="rank")
        return PredictionTable(
            users=_ids(table, names["user"], path),
            items=_ids(table, names["item"], path),
            scores=score,
            ranks=None if rank is None else _ranks(rank, path),
            place=str(path),
        )


def open_predictions(
    path: Path,
    *,
    form: Format = "auto",
    columns: dict[str, str] | None = None,
    delimiter: str | None = None,
    keys: TableKeys = _KEYS,
) -> PredictionReader:
    """Return a file of predictions, once its format and its columns are known.

    Parameters
    ----------
    path, form, columns, delimiter
        As for ``read_predictions``.
    keys
        What the user may set, for messages.

    Raises
    ------
    DataError
        The file or a column is missing, or the format is not known.
    """
    is_run = form == "trec" or (form == "auto" and suffix_of(path) in _RUNS)
    if is_run:
        check_file(path, key=keys.path)
        if delimiter is not None:
            raise DataError(f"{path}: {keys.delimiter} is {delimiter!r}, and a TREC run has none. Leave it out.")
        file: TableReader = _TrecRunReader(path)
    else:
        # Comparisons, not a tuple: only they narrow the type.
        named = None if form == "auto" or form == "trec" else form
        file = open_table(path, delimiter=delimiter, form=named, usual=_COLUMNS, keys=keys)
    wanted = {"user": "user", "item": "item", "score": None, "rank": None} | (columns or {})
    names = chosen_columns(wanted, file, keys)
    if not {"score", "rank"} & set(names):
        what = "score, nor one called 'rank'"
        names["score"] = needed_column("score", file, meaning=what, key=keys.column_named("score"), keys=keys)
    return PredictionReader(file, names)


def read_predictions(
    path: Path, *, form: Format = "auto", columns: dict[str, str] | None = None, delimiter: str | None = None
) -> PredictionTable:
    r"""Read a file of predictions.

    Parameters
    ----------
    path
        A table in any format of interactions (a file, or a folder of parquet parts), or a TREC run:
        ``user Q0 item rank score tag`` without a header, between spaces.
    form
        ``auto``: by the end of the name.
    columns
        What the columns ``user``, ``item``, ``score`` and ``rank`` are called in the file, where they
        are called otherwise.
    delimiter
        Of a text file; None: as its format has it.

    Raises
    ------
    DataError
        The file, a column or a value is missing or cannot be used; the message names the row.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "lists.csv"
    >>> _ = path.write_text("user,item,score\nann,tea,0.5\n")
    >>> read_predictions(path).scores
    array([0.5])
    """
    return open_predictions(path, form=form, columns=columns, delimiter=delimiter).read()


@dataclass(frozen=True, eq=False)
class IdPairs:
    """Rows of a file of pairs, own ids ``(n,)`` each, none missing."""

    users: ArrowColumn
    items: ArrowColumn


def read_pairs(path: Path, *, keys: TableKeys) -> IdPairs:
    """Read the columns ``user`` and ``item`` of a table in any format of interactions.

    Raises
    ------
    DataError
        The file, a column or a value is missing or cannot be used.
    """
    file = open_table(path, usual=("user", "item"), keys=keys)
    names = chosen_columns({"user": "user", "item": "item"}, file, keys)
    columns = list(names.values())
    table = read_columns(file, columns, text=columns)
    log_warnings(warnings_of(file))
    return IdPairs(_ids(table, names["user"], path), _ids(table, names["item"], path))


@dataclass(frozen=True)
class _TrecRunReader:
    """A TREC run, which has no header."""

    path: Path
    names: tuple[str, ...] = _TREC
    is_text: ClassVar[bool] = True
    looks_separated_by: ClassVar[None] = None

    def read(self, columns: Sequence[str], *, text: Sequence[str]) -> pa.Table:
        """Return columns as they are written."""
        try:
            with open_bytes(self.path) as stream:
                frame = pd.read_csv(stream, sep=r"\s+", header=None, dtype=str, keep_default_na=False, quoting=3)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            reason = " ".join(str(error).split())[:200].rstrip(".")
            raise DataError(f"{self.path}: the file cannot be read as a TREC run: {reason}. {_REMEDY}") from error
        if frame.shape[1] != len(_TREC):
            raise DataError(
                f"{self.path}: a line of a TREC run has {len(_TREC)} fields, user Q0 item rank score tag; "
                f"here it has {frame.shape[1]}. {_REMEDY}"
            )
        return pa.Table.from_pandas(frame.set_axis(list(_TREC), axis=1), preserve_index=False).select(list(columns))


def _ids(table: pa.Table, name: str, path: Path) -> ArrowColumn:
    return id_column(table.column(name), place=ColumnLocation(str(path), name))


def _numbers(table: pa.Table, name: str | None, path: Path, *, what: str) -> Int64Array | Float64Array | None:
    if name is None:
        return None
    place = ColumnLocation(str(path), name)
    column = require_values(table.column(name), place=place, what=what)
    remedy = "Use numbers; leave out what is not recommended, or give it the score minus infinity."
    if what == "score":
        return _scores(column, place, remedy)
    return numbers_of(column, place=place, what=what, remedy=remedy)


def _scores(column: ArrowColumn, place: ColumnLocation, remedy: str) -> Int64Array | Float64Array:
    """Return scores; minus infinity, which stands for what is not recommended, is let through."""
    if not (is_text(column) or pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise DataError(f"{place.file}: column '{place.column}' holds {column.type}, where scores are needed. {remedy}")
    numbers = pd.to_numeric(column.to_pandas(), errors="coerce")
    plain = isinstance(numbers.dtype, np.dtype)
    given: NDArray[Any] = numbers.to_numpy() if plain else numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = wrong_scores(given, rounded(given))
    if wrong is not None:
        row = int(np.flatnonzero(wrong)[0])
        value = score_fault(given[row]) if np.isfinite(given[row]) else column[row].as_py()
        raise place.error(wrong, f"the score is {value}", remedy)
    return given


def _ranks(ranks: Int64Array | Float64Array, path: Path) -> Int64Array:
    wrong = (ranks < 1) | (ranks != np.floor(ranks))
    if wrong.any():
        value = ranks[wrong][0]
        raise ColumnLocation(str(path), "rank").error(
            wrong, f"the rank is {value:g}", "Use whole numbers from 1, the best; add 1 to ranks that begin at 0."
        )
    large = ranks > np.iinfo(np.int32).max
    if large.any():
        raise ColumnLocation(str(path), "rank").error(
            large, f"the rank {ranks[large][0]:g} is too large", "Use ranks from 1."
        )
    return ranks.astype(np.int64)
