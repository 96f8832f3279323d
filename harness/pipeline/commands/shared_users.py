"""Choose users of a comparison and read what each run recommended to them."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from harness.artifacts import ExampleItem, ExampleUser, SharedUser, SharedUsers, ShownList
from harness.errors import HarnessError
from harness.pipeline.run_folder.record_file import REMEDY
from harness.pipeline.run_folder.run_files import PREDICTIONS, TARGET_RANKS, StoredRun, check_files
from harness.pipeline.run_folder.title_file import read_titles
from harness.pipeline.run_folder.user_lists import UserList, drawn_by_hash, user_lists

logger = logging.getLogger("harness")

_SHOWN = 10  # items of a list, and held-out items


def shared_users(runs: Mapping[str, StoredRun], metric: str, wanted: int | Sequence[int | str]) -> SharedUsers | None:
    """Return users with the lists of all runs; None where there are none to show.

    Half of a number of users have the largest spreads of the metric over the runs. The others are drawn by a hash of
    their ids. Runs without lists, such as those of MLflow, and rolling histories have nothing to show. Damaged lists
    are reported and not shown.

    Parameters
    ----------
    runs
        The runs by name.
    metric
        Label of the primary metric.
    wanted
        Number of users, or their external ids.

    Raises
    ------
    HarnessError
        A named user is not measured by all runs.
    """
    if not wanted or any(run.record.protocol.rolling for run in runs.values()):
        return None
    if any(not (run.folder / name).exists() for run in runs.values() for name in (PREDICTIONS, TARGET_RANKS)):
        return None
    values = _values(runs, metric)
    if values is None or not len(values):
        return None
    spreads = (values.max(axis=1) - values.min(axis=1)).fillna(0.0)
    chosen, most_different = _chosen(spreads, wanted)
    found = [_user(user, float(spreads[user])) for user in chosen]
    try:
        for name, run in runs.items():
            found = _with_run(found, name, run, chosen, values[name])
    except HarnessError as error:
        # No number of the comparison depends on the lists.
        logger.warning("the page of the comparison shows no users: %s", error)
        return None
    return SharedUsers(metric, len(values), most_different, tuple(found))


def _values(runs: Mapping[str, StoredRun], metric: str) -> pd.DataFrame | None:
    """Return the values of the users that all runs measured, one column per run; None without values per user."""
    columns = {}
    for name, run in runs.items():
        table = run.table.per_user
        if metric not in table.columns:
            return None
        columns[name] = table.set_index("user")[metric]
    return pd.concat(columns, axis=1, join="inner")


def _chosen(spreads: pd.Series[float], wanted: int | Sequence[int | str]) -> tuple[list[Any], int]:
    """Return the users, and how many of them were chosen by their spreads."""
    if not isinstance(wanted, int):
        known = {str(user): user for user in spreads.index}
        missing = next((user for user in wanted if str(user) not in known), None)
        if missing is not None:
            raise HarnessError(f"report.examples names the user '{missing}', whom not all runs measured.")
        return list(dict.fromkeys(known[str(user)] for user in wanted)), 0
    order = np.argsort(-spreads.to_numpy(), kind="stable")[: -(-wanted // 2)]
    different = [user for user in spreads.index[order] if spreads[user] > 0]
    rest = spreads.index.difference(different, sort=False)
    return [*different, *drawn_by_hash(rest, wanted - len(different))], len(different)


def _user(user: Any, spread: float) -> SharedUser:
    return SharedUser(str(user), spread, (), 0, {})


def _with_run(
    found: Sequence[SharedUser], name: str, run: StoredRun, chosen: Sequence[Any], values: pd.Series[float]
) -> list[SharedUser]:
    """Return the users with the list of one more run."""
    lists = _lists_of(run, chosen)
    items = [item for own in lists.values() for table in (own.listed, own.relevant) for item in table["item"].tolist()]
    titles = read_titles(run.folder, items)
    examples = {} if run.examples is None else {one.user: one for one in run.examples.users}
    return [
        _user_with(one, name, lists[user], titles, examples.get(str(user)), float(values[user]))
        for one, user in zip(found, chosen, strict=True)
    ]


def _user_with(
    shown: SharedUser,
    name: str,
    own: UserList,
    titles: Mapping[Any, str],
    example: ExampleUser | None,
    value: float,
) -> SharedUser:
    held_out, items = own.relevant["item"].tolist(), own.listed["item"].tolist()
    among = set(held_out)
    listed = ShownList(
        tuple(ExampleItem(str(item), titles.get(item), item in among) for item in items[:_SHOWN]),
        len(items),
        value if math.isfinite(value) else math.nan,
        tuple(own.ranks[:_SHOWN]),
    )
    return replace(
        shown,
        held_out=tuple(ExampleItem(str(item), titles.get(item)) for item in held_out[:_SHOWN]),
        n_held_out=len(held_out),
        lists={**shown.lists, name: listed},
        history=shown.history if example is None else example.history,
        n_history=shown.n_history if example is None else example.n_history,
    )


def _lists_of(run: StoredRun, chosen: Sequence[Any]) -> dict[Any, UserList]:
    check_files(run.folder, run.record, [PREDICTIONS, TARGET_RANKS])
    try:
        return user_lists(run.folder, chosen)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        raise HarnessError(f"the lists of {run.folder} are damaged: {reason}. {REMEDY}") from error
