"""Compute the slices of an experiment: its groups of users or items, and the metrics of each group."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness import evaluation
from harness.artifacts import MetricTable, Split, UserSlice, share_above
from harness.artifacts.array_types import BoolArray, Int64Array
from harness.errors import DataError, did_you_mean
from harness.metrics import UserMetric
from harness.pipeline.stages.measurement import measured_parts
from harness.pipeline.stages.side_arrays import popularity_of

if TYPE_CHECKING:
    from harness.artifacts import RecommendationTask
    from harness.experiment import Experiment, SliceSettings
    from harness.pipeline.stages.recommendation import PredictionBlock, RunPredictions

_MOST_GROUPS = 20
_OTHERS, _UNKNOWN = "others", "unknown"


def sliced(
    experiment: Experiment, recommended: RunPredictions, task: RecommendationTask, split: Split, table: MetricTable
) -> tuple[UserSlice, ...]:
    """Return the values per user of each group of each slice.

    Parameters
    ----------
    experiment
        The experiment with its slices.
    recommended, task
        The lists, and the users that they are for.
    split
        The histories, and the tables of users and items.
    table
        The metrics of all users.

    Raises
    ------
    DataError
        The data set has no such column.
    """
    return tuple(_sliced(one, experiment, recommended, task, split, table) for one in experiment.evaluation.slices)


def _sliced(
    one: SliceSettings,
    experiment: Experiment,
    recommended: RunPredictions,
    task: RecommendationTask,
    split: Split,
    table: MetricTable,
) -> UserSlice:
    if one.by in ("activity", "user_warmth", "user_column"):
        users = split.interactions.user_ids.indices(table.users).astype(np.int64)
        return evaluation.slice_users(one.name, table, _user_groups(one, task, split, users))
    tables = {
        group: _of_targets(experiment, recommended, task, mask)
        for group, mask in _target_groups(one, task, split).items()
        if mask.any()
    }
    return evaluation.slice_items(one.name, table, tables)


def _of_targets(
    experiment: Experiment, recommended: RunPredictions, task: RecommendationTask, mask: BoolArray
) -> MetricTable:
    """Return the accuracy of a task as if only some of its relevant items were relevant; bool ``(targets,)``."""
    indptr = task.truth.indptr

    def parts() -> Iterator[PredictionBlock]:
        for part in recommended.parts():
            ranks, kept = part.target_ranks, mask[indptr[part.start] : indptr[part.stop]]
            yield replace(part, target_ranks=None if ranks is None else ranks.of_items(kept))

    metrics = [one for one in experiment.metrics if isinstance(one, UserMetric) and one.family == "accuracy"]
    restricted = replace(task, truth=task.truth.of_items(mask))
    return measured_parts(experiment, replace(recommended, parts=parts, job=None), restricted, metrics=metrics)


def _user_groups(
    one: SliceSettings, task: RecommendationTask, split: Split, users: Int64Array
) -> Mapping[str, BoolArray]:
    """Return which of some users, indices into the vocabulary, belong to each group."""
    if one.by == "user_column":
        table = _column_of(split.interactions.user_table, one, "users")
        return _by_value(table.iloc[users], quantiles=one.quantiles)
    lengths = split.history(task.history_parts).lengths[users]
    if one.by == "user_warmth":
        return {"cold": lengths == 0, "warm": lengths > 0}
    return _quantiles(lengths.astype(np.float64), one.quantiles, unit="interactions")


def _target_groups(one: SliceSettings, task: RecommendationTask, split: Split) -> Mapping[str, BoolArray]:
    """Return which of the relevant items, one by one, belong to each group; bool ``(targets,)`` each."""
    items = task.truth.items
    if one.by == "repeat":
        again = _in_history(task)
        return {"repeat": again, "new": ~again}
    if one.by == "item_column":
        groups = _by_value(_column_of(split.interactions.item_table, one, "items"), quantiles=one.quantiles)
        return {group: members[items] for group, members in groups.items()}
    popularity = popularity_of(split, task.history_parts)
    if one.by == "item_warmth":
        return {"cold": popularity[items] == 0, "warm": popularity[items] > 0}
    above, (head, both) = share_above(popularity)[items], one.shares
    return {"head": above < head, "mid": (above >= head) & (above < both), "tail": above >= both}


def _in_history(task: RecommendationTask) -> BoolArray:
    """Return for each relevant item whether the user's history holds it; bool ``(targets,)``."""
    owners = np.repeat(np.arange(task.truth.n_users), np.diff(task.truth.indptr))
    history, n_items = task.history, task.history.n_items
    known = history.rows(task.history_rows)
    did = np.repeat(np.arange(known.n_users), known.lengths) * n_items + known.items
    return np.isin(owners * n_items + task.truth.items, did)


def _column_of(table: pd.DataFrame | None, one: SliceSettings, what: str) -> pd.Series[Any]:
    if table is None:
        raise DataError(f"the slice {one.name} needs a table of {what}. Name its file by dataset.{what}.path.")
    if one.column not in table.columns:
        known = [str(column) for column in table.columns]
        key = "categories" if one.column == "categories" else "attributes" if what == "items" else "groups"
        raise DataError(
            f"the slice {one.name} needs a column that dataset.{what} does not take. Add it to dataset.{what}.{key}. "
            f"{did_you_mean(str(one.column), known)}"
        )
    return table[one.column]


def _by_value(column: pd.Series[Any], *, quantiles: int) -> Mapping[str, BoolArray]:
    """Return which rows have each value, the most frequent first; rows of lists belong to each of their values."""
    scalars = column.map(lambda value: not isinstance(value, (list, tuple, set, np.ndarray)))
    days = pd.to_datetime(column, errors="coerce") if _are_days(column) else None
    numeric = days is not None or pd.api.types.is_numeric_dtype(column.dtype)
    if numeric and scalars.all() and column.nunique() > _MOST_GROUPS:
        numbers = _numbers(column if days is None else days)
        known = np.isfinite(numbers)
        groups: dict[str, BoolArray] = {}
        shown = _number if days is None else functools.partial(_day, unit=str(days.dt.unit))
        for name, members in _quantiles(numbers[known], quantiles, shown=shown).items():
            name = name if name not in groups else f"{name} ({len(groups)})"
            groups[name] = np.zeros(len(numbers), dtype=np.bool_)
            groups[name][np.flatnonzero(known)[members]] = True
        return groups | ({} if known.all() else {_UNKNOWN: ~known})
    values = [(value,) if alone else tuple(value) for value, alone in zip(column.astype(object), scalars, strict=True)]
    names = [[_name(value) for value in some or (None,)] for some in values]
    long = pd.DataFrame({"row": range(len(names)), "name": names}).explode("name")
    sizes = long.groupby("name").size().sort_index().sort_values(ascending=False, kind="stable")
    kept = list(sizes.index[:_MOST_GROUPS])
    long["name"] = long["name"].where(long["name"].isin(kept), _OTHERS)
    order = [*(name for name in kept if name != _UNKNOWN), _OTHERS, _UNKNOWN]
    rows = {str(name): part.to_numpy() for name, part in long.groupby("name")["row"]}
    groups = {}
    for name in order:
        if name in rows:
            groups[name] = np.zeros(len(names), dtype=np.bool_)
            groups[name][rows[name]] = True
    return groups


def _are_days(column: pd.Series[Any]) -> bool:
    """Return whether a column holds dates or moments."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return True
    known = column.dropna()
    return len(known) > 0 and all(isinstance(value, datetime.date) for value in known)


def _numbers(column: pd.Series[Any]) -> np.ndarray:
    """Return numbers, or moments since 1970 in their own unit; NaN for what is missing."""
    if not pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if column.dt.tz is not None:
        column = column.dt.tz_convert(None)
    # Not in nanoseconds, which end in 2262.
    numbers = column.astype("int64").to_numpy(dtype=np.float64)
    numbers[column.isna().to_numpy()] = np.nan
    return numbers


def _name(value: Any) -> str:
    return _UNKNOWN if pd.isna(value) or value == "" else str(value)


def _number(value: float) -> str:
    return f"{value:.15g}"  # so many digits that different numbers are written differently


def _day(value: float, *, unit: str) -> str:
    return str(np.array(int(value)).astype(f"datetime64[{unit}]").astype("datetime64[D]"))


def _quantiles(
    values: np.ndarray, quantiles: int, unit: str = "", shown: Callable[[float], str] = _number
) -> Mapping[str, BoolArray]:
    """Return which values lie in each quantile; equal values are in the same one, so that some may be empty."""
    edges = np.unique(np.quantile(values, np.arange(1, quantiles) / quantiles, method="inverted_cdf"))
    places = np.searchsorted(edges, values, side="left")
    groups = {}
    for place in range(len(edges) + 1):
        members = places == place
        if members.any():
            low, high = values[members].min(), values[members].max()
            span = shown(low) if low == high else f"{shown(low)} to {shown(high)}"
            groups[f"{span} {unit}".strip()] = members
    return groups
