"""Files of predictions, ours or foreign: users, items, and a score or a rank."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from harness.artifacts import rounded, score_fault, wrong_scores
from harness.artifacts.arrays import Float64Array, Int64Array
from harness.data.columns import Place, is_text, numbers_of, present
from harness.data.delimited import DelimitedFile
from harness.data.files import LAYOUTS
from harness.errors import DataError, did_you_mean

if TYPE_CHECKING:
    from harness.data.columns import ArrowColumn

Format = Literal["auto", "parquet", "csv", "tsv", "trec"]

_ENDINGS: dict[str, Format] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".run": "trec",
    ".trec": "trec",
}
_TREC = ("user", "q0", "item", "rank", "score", "tag")
_REMEDY = "Write user, item and score or rank as .parquet, .csv or .tsv, or a TREC run as .run."


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
        int64 ``(n,)``, or None: 1 is the best. None for a TREC run, whose score decides.
    ranks_decide
        Whether there are ranks, which then order the lists.
    place
        The file, for messages.
    """

    users: ArrowColumn
    items: ArrowColumn
    scores: Int64Array | Float64Array | None
    ranks: Int64Array | None
    ranks_decide: bool
    place: str


def read_predictions(path: Path, *, form: Format = "auto", columns: dict[str, str] | None = None) -> PredictionTable:
    r"""Read a file of predictions.

    Parameters
    ----------
    path
        Parquet (a file, or a folder of parts), CSV or TSV with a header, also with ``.gz``, or a
        TREC run: ``user Q0 item rank score tag`` without a header, between spaces.
    form
        ``auto``: by the end of the name.
    columns
        What the columns ``user``, ``item``, ``score`` and ``rank`` are called in the file, where they
        are called otherwise.

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
    chosen = _format(path) if form == "auto" else form
    table = _table(path, chosen)
    names = {"user": "user", "item": "item", "score": "score", "rank": "rank"} | (columns or {})
    for meaning in ("user", "item"):
        if names[meaning] not in table.column_names:
            raise DataError(_lacks(path, names[meaning], meaning, table.column_names))
    for meaning in columns or {}:
        if names[meaning] not in table.column_names:
            raise DataError(_lacks(path, names[meaning], meaning, table.column_names))
    score = _numbers(table, names["score"], path, what="score")
    # The score of a TREC run decides, and its rank is not read, as in trec_eval.
    rank = None if chosen == "trec" else _numbers(table, names["rank"], path, what="rank")
    if score is None and rank is None:
        raise DataError(_lacks(path, names["score"], "score", table.column_names))
    return PredictionTable(
        users=_ids(table, names["user"], path),
        items=_ids(table, names["item"], path),
        scores=score,
        ranks=None if rank is None else _ranks(rank, path),
        ranks_decide=rank is not None,
        place=str(path),
    )


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows of a file of pairs, own ids ``(n,)`` each, none missing."""

    users: ArrowColumn
    items: ArrowColumn


def read_pairs(path: Path) -> Pairs:
    """Read the columns ``user`` and ``item`` of a parquet, CSV or TSV file.

    Raises
    ------
    DataError
        The file, a column or a value is missing or cannot be used.
    """
    table = _table(path, _format(path))
    for name in ("user", "item"):
        if name not in table.column_names:
            raise DataError(f"{path}: there is no column '{name}'. Columns 'user' and 'item' are needed.")
    return Pairs(*(_ids(table, name, path) for name in ("user", "item")))


def _table(path: Path, form: Format) -> pa.Table:
    try:
        return _read(path, form)
    except (pa.ArrowException, OSError, EOFError, ValueError, zlib.error) as error:
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise DataError(f"{path}: the file cannot be read as {form}: {reason}. {_REMEDY}") from error


def _refuse_repeated(path: Path, names: Sequence[str]) -> None:
    twice = next((name for name in names if list(names).count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{path}: two columns are called '{twice[:40]}'. Rename or remove one.")


def _ids(table: pa.Table, name: str, path: Path) -> ArrowColumn:
    column = present(table.column(name), place=Place(str(path), name), what="id")
    if not (is_text(column) or pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise DataError(f"{path}: column '{name}' holds {column.type}, where ids are needed. Use integers or text.")
    return column


def _format(path: Path) -> Format:
    if path.is_dir():
        return "parquet"
    if not path.is_file():
        raise DataError(
            f"{path}: there is no such file of predictions. A relative path starts at the working directory."
        )
    ending = Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()
    if ending not in _ENDINGS:
        raise DataError(f"{path}: the format of the predictions is not known by the name's end. {_REMEDY}")
    return _ENDINGS[ending]


def _read(path: Path, form: Format) -> pa.Table:
    if form == "parquet":
        table = pyarrow.parquet.read_table(path)
        _refuse_repeated(path, table.column_names)
        return table
    if form == "trec":
        frame = pd.read_csv(path, sep=r"\s+", header=None, dtype=str, keep_default_na=False, quoting=3)
        if frame.shape[1] != len(_TREC):
            raise DataError(
                f"{path}: a line of a TREC run has {len(_TREC)} fields, user Q0 item rank score tag; "
                f"here it has {frame.shape[1]}. {_REMEDY}"
            )
        return pa.Table.from_pandas(frame.set_axis(list(_TREC), axis=1), preserve_index=False)
    file = DelimitedFile.open(path, LAYOUTS[f".{form}"])
    _refuse_repeated(path, file.names)
    # Everything as text: an id such as 007 is no number, and a score is read by the column's own rules.
    return file.read(file.names, text=file.names)


def _numbers(table: pa.Table, name: str, path: Path, *, what: str) -> Int64Array | Float64Array | None:
    if name not in table.column_names:
        return None
    place = Place(str(path), name)
    column = present(table.column(name), place=place, what=what)
    remedy = "Use numbers; leave out what is not recommended."
    if what == "score":
        return _scores(column, place, remedy)
    return numbers_of(column, place=place, what=what, remedy=remedy)


def _scores(column: ArrowColumn, place: Place, remedy: str) -> Int64Array | Float64Array:
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
        raise Place(str(path), "rank").error(
            wrong, f"the rank is {value:g}", "Use whole numbers from 1, the best; add 1 to ranks that begin at 0."
        )
    large = ranks > np.iinfo(np.int32).max
    if large.any():
        raise Place(str(path), "rank").error(large, f"the rank {ranks[large][0]:g} is too large", "Use ranks from 1.")
    return ranks.astype(np.int64)


def _lacks(path: Path, name: str, meaning: str, found: Sequence[Any]) -> str:
    hint = did_you_mean(name, found)
    shown = ", ".join(repr(str(column)[:40]) for column in list(found)[:20])
    either = "score, nor one called 'rank'" if meaning == "score" else meaning
    return (
        f"{path}: there is no column '{name}' for the {either}. {f'{hint} ' if hint.startswith('Did') else ''}"
        f"The columns are: {shown}. Rename it, or name it in model.params.columns.{meaning}."
    )
