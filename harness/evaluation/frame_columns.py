"""Check the columns of data frames of predictions and truth, and convert them to arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.artifacts import Vocabulary, as_gains, as_ids, as_scores
from harness.artifacts.array_types import BoolArray, Float32Array, Float64Array, IdArray, Int32Array, Int64Array
from harness.errors import DataError

PREDICTIONS, TRUTH = "the predictions", "the truth"


@dataclass(frozen=True, eq=False)
class IdColumn:
    """A column of ids as codes into its distinct ids."""

    codes: Int64Array  # (rows,)
    ids: IdArray  # (distinct,)

    def indices(self, vocabulary: Vocabulary) -> Int32Array:
        """Return each row's index in the vocabulary, -1 where it is unknown."""
        return vocabulary.indices(self.ids)[self.codes]


@dataclass(frozen=True, eq=False)
class ScoreColumn:
    """A column of scores ``(rows,)``: the original numbers, and rounded to float32."""

    given: NDArray[Any]
    rounded: Float32Array

    @cached_property
    def masked(self) -> BoolArray | None:
        """Rows whose score is minus infinity, bool ``(rows,)``; None if there are none."""
        return np.isneginf(self.rounded) if self.rounded.min(initial=0.0) == -np.inf else None


def check_columns(frame: pd.DataFrame, place: str) -> None:
    """Check that a frame has users and items, and no column twice."""
    if not frame.columns.is_unique:
        repeated = frame.columns[frame.columns.duplicated()][0]
        raise DataError(f"the column {repeated!r} is in {place} twice. Leave one out.")
    missing = [column for column in ("user", "item") if column not in frame.columns]
    if missing:
        raise DataError(_lacks(frame, place, missing[0], "Rename your columns to 'user' and 'item'."))


def _lacks(frame: pd.DataFrame, place: str, column: str, remedy: str) -> str:
    there = ", ".join(repr(name) for name in frame.columns) or "none"
    return f"there is no column '{column}' in {place}; the columns are {there}. {remedy}"


def no_order(predictions: pd.DataFrame) -> DataError:
    """Return the error for predictions without a score or a rank."""
    remedy = "Add 'score' (higher is better) or 'rank' (1 is the best)."
    return DataError(_lacks(predictions, PREDICTIONS, "score", remedy))


def scores_of(predictions: pd.DataFrame) -> ScoreColumn | None:
    """Return the scores, which are checked even if ranks are used; None without scores.

    Raises
    ------
    DataError
        A score is missing, NaN, plus infinity or beyond the range of float32, or no real number.
    """
    if "score" not in predictions.columns:
        return None
    given = _numbers(predictions["score"], PREDICTIONS)
    rounded = as_scores(given, what="the scores", place=lambda row: f"the score in row {row} of {PREDICTIONS}")
    return ScoreColumn(given, rounded)


def ranks_of(predictions: pd.DataFrame) -> Float64Array | None:
    """Return the ranks, whole numbers from 1; None without ranks.

    Raises
    ------
    DataError
        A rank is missing, or not a whole number from 1.
    """
    if "rank" not in predictions.columns:
        return None
    ranks = _numbers(predictions["rank"], PREDICTIONS).astype(np.float64)
    wrong = (ranks < 1) | (ranks != np.floor(ranks)) | np.isinf(ranks)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise DataError(
            f"the rank in row {row} of {PREDICTIONS} is {ranks[row]:g}; ranks are whole numbers from 1, the best. "
            "Add 1 to ranks that begin at 0."
        )
    return ranks


def gains_of(truth: pd.DataFrame) -> Float32Array | None:
    """Return the gains, or None where relevance is binary.

    Raises
    ------
    DataError
        A gain is missing, infinite or beyond the range of float32, or no real number.
    """
    return as_gains(_numbers(truth["gain"], TRUTH), what="the column 'gain'") if "gain" in truth.columns else None


def _numbers(column: pd.Series[Any], place: str) -> NDArray[Any]:
    """Return a column of integers or floats, none of them missing."""
    kind = column.dtype
    real = pd.api.types.is_integer_dtype(kind) or pd.api.types.is_float_dtype(kind)
    if len(column) and not real:
        raise DataError(
            f"the {column.name}s in {place} are of type {kind}; they must be integers or floats. Convert them first."
        )
    plain = isinstance(kind, np.dtype) and real
    values: NDArray[Any] = column.to_numpy() if plain else column.to_numpy(dtype=np.float64, na_value=np.nan)
    # The smallest is NaN where any is.
    if values.dtype.kind == "f" and np.isnan(values.min(initial=np.inf)):
        row = int(np.flatnonzero(np.isnan(values))[0])
        raise DataError(f"the {column.name} in row {row} of {place} is missing or NaN. Fill it in, or remove the row.")
    return values


def codes_of(frame: pd.DataFrame, column: str, place: str) -> IdColumn:
    """Return a column of a data frame as codes into its distinct ids.

    Raises
    ------
    DataError
        An id is missing, or neither an integer nor text.
    """
    try:
        codes, distinct = pd.factorize(frame[column])
    except TypeError as error:
        raise DataError(f"the {column} ids in {place} are neither integers nor text: {error}.") from error
    missing = codes < 0
    if missing.any():
        row = int(np.flatnonzero(missing)[0])
        raise DataError(f"the {column} id in row {row} of {place} is missing. Fill it in, or remove the row.")
    return IdColumn(codes.astype(np.int64, copy=False), as_ids(distinct, what=f"{column} id"))
