"""Choose example users of a run and read what they were shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from harness.artifacts import (
    ContributionExplainer,
    ExampleItem,
    ExampleUser,
    ExampleUsers,
    HeldOutItem,
    Interactions,
    MetricTable,
    Outcome,
    RecommendationTask,
    UserBatch,
    distinct_history,
)
from harness.artifacts.array_types import IdArray, Int32Array
from harness.errors import DataError
from harness.pipeline.run_folder.run_files import PREDICTIONS, TARGET_RANKS
from harness.pipeline.run_folder.user_lists import UserList, drawn_by_hash, user_lists
from harness.pipeline.stages.history_contributions import strongest_reasons

if TYPE_CHECKING:
    from harness.experiment import Experiment

NEAR = 5  # a near miss is within so many times the cutoff
_MOST_HISTORY, _MOST_LISTED, _MOST_HELD_OUT = 50, 20, 20
DEFAULT_CUTOFF = 10  # where the primary metric has none
_OUTCOMES: tuple[Outcome, ...] = ("hit", "near miss", "miss")


def example_users(
    experiment: Experiment,
    folder: Path,
    task: RecommendationTask,
    interactions: Interactions,
    table: MetricTable,
    *,
    explainer: ContributionExplainer | None = None,
) -> ExampleUsers | None:
    """Return the example users of a run, read from its written lists; None where the experiment asks for none.

    Users are drawn by a hash of their external ids, as many hits as near misses and misses where there are so many.

    Parameters
    ----------
    experiment
        The experiment, with ``report.examples``.
    folder
        The folder with the lists of the run and the ranks of the relevant items.
    task, interactions
        Histories, and the titles of items.
    table
        The values per user.
    explainer
        States which items of the history add most to a score; None for a model that does not.

    Raises
    ------
    DataError
        ``report.examples`` names a user that is not measured.
    """
    wanted = experiment.report.examples
    if not wanted:
        return None
    value = table[experiment.primary]
    k = value.k or DEFAULT_CUTOFF
    best = _best_ranks(folder)
    scores = table.per_user.set_index("user")[value.label] if value.n_users is not None else None
    if isinstance(wanted, int):
        chosen = _drawn(best, wanted, k)
        how = "Drawn by a hash of their ids: as many hits as near misses and misses, where there are so many."
    else:
        chosen = _named(wanted, best.index)
        how = "Named by report.examples."
    rows = _rows_of(chosen, task)
    lists = user_lists(folder, chosen)
    titles = _Titles(interactions)
    users = [
        _example(user, row, lists[user], task, titles, best=float(best[user]), k=k, scores=scores)
        for user, row in zip(chosen, rows, strict=True)
    ]
    if explainer is not None:
        users = [
            _with_reasons(user, task.batch(row, row + 1), explainer, titles)
            for user, row in zip(users, rows, strict=True)
        ]
    users.sort(key=lambda one: _OUTCOMES.index(one.outcome))
    return ExampleUsers(metric=value.label, k=k, n_users=len(best), chosen=how, users=tuple(users))


def check_named_users(experiment: Experiment, task: RecommendationTask) -> None:
    """Check that the users of ``report.examples`` are measured, before anything is computed.

    Raises
    ------
    DataError
        One of them is not.
    """
    wanted = experiment.report.examples
    if not isinstance(wanted, int):
        _named(wanted, pd.Index(task.user_ids.ids[np.unique(task.users)]))


def _best_ranks(folder: Path) -> pd.Series[float]:
    """Return the best rank of each user's relevant items, by external id; infinity where it is not known."""
    names = ["user", "item", "above"]
    relevant = pq.read_table(folder / TARGET_RANKS, columns=names)
    ranks = relevant.column("above").to_pandas().astype("float64") + 1
    users = relevant.column("user").to_pandas()
    if ranks.isna().all():
        # The model ranks the items of its lists only.
        listed = pq.read_table(folder / PREDICTIONS, columns=["user", "item", "rank"]).to_pandas()
        found = relevant.select(["user", "item"]).to_pandas().merge(listed, on=["user", "item"], how="left")
        users, ranks = found["user"], found["rank"].astype("float64")
    return ranks.where(ranks >= 1, np.inf).fillna(np.inf).groupby(users, sort=False).min()


def _drawn(best: pd.Series[float], number: int, k: int) -> list[Any]:
    """Return up to a number of users, alike many of each outcome, in an order that depends on ids only."""
    outcome = np.select([best <= k, best <= NEAR * k], [0, 1], 2)
    pools = [drawn_by_hash(best.index[outcome == code], number) for code in range(3)]
    chosen: list[Any] = []
    for place in range(number):
        chosen += [pool[place] for pool in pools if place < len(pool)]
    return chosen[:number]


def _named(wanted: Sequence[int | str], users: pd.Index[Any]) -> list[Any]:
    known = {str(user): user for user in users}
    for user in wanted:
        if str(user) not in known:
            raise DataError(
                f"report.examples names the user '{user}', who is not measured. There are {len(known):,} users, such "
                f"as {', '.join(list(known)[:3])}."
            )
    return list(dict.fromkeys(known[str(user)] for user in wanted))


def _rows_of(chosen: Sequence[Any], task: RecommendationTask) -> list[int]:
    """Return the row of each user in the task: with rolling history that of the last moment."""
    places = task.user_ids.indices(np.array(chosen))
    found = []
    for place in places:
        rows = np.flatnonzero(task.users == place)
        found.append(int(rows[-1] if task.times is None else rows[np.argmax(task.times[rows])]))
    return found


@dataclass(frozen=True, eq=False)
class _Titles:
    """Titles of items by external id."""

    interactions: Interactions

    def items(self, external: IdArray | Sequence[Any], relevant: set[str]) -> tuple[ExampleItem, ...]:
        """Return items with their titles."""
        titles = self.interactions.titles(self.interactions.item_ids.indices(np.asarray(external)))
        return tuple(
            ExampleItem(str(item), title, str(item) in relevant) for item, title in zip(external, titles, strict=True)
        )


def _example(
    user: Any,
    row: int,
    own: UserList,
    task: RecommendationTask,
    titles: _Titles,
    *,
    best: float,
    k: int,
    scores: pd.Series[float] | None,
) -> ExampleUser:
    history: Int32Array = task.batch(row, row + 1).rows()[1]
    ids = task.item_ids.ids
    relevant = {str(item) for item in own.relevant["item"]}
    value = None if scores is None or pd.isna(scores[user]) else float(scores[user])
    held_out = _held_out(own, titles)
    ranks = [one.rank for one in held_out if one.rank is not None]
    best = min(ranks, default=best)  # ties are settled by the list
    return ExampleUser(
        user=str(user),
        outcome="hit" if best <= k else "near miss" if best <= NEAR * k else "miss",
        value=value,
        history=titles.items(ids[history[::-1][:_MOST_HISTORY]], relevant),
        n_history=len(history),
        listed=titles.items(own.listed["item"].to_numpy()[:_MOST_LISTED], relevant),
        n_listed=len(own.listed),
        held_out=held_out[:_MOST_HELD_OUT],
        n_held_out=len(own.relevant),
    )


def _with_reasons(
    user: ExampleUser, batch: UserBatch, explainer: ContributionExplainer, titles: _Titles
) -> ExampleUser:
    """Return a user whose recommended items have the items of the history that add most to their scores."""
    history = distinct_history(batch)
    known = titles.interactions.item_ids
    listed = known.lookup([one.item for one in user.listed])
    if not len(history) or not len(listed):
        return user
    weights = explainer.contributions(history, listed)
    named = [(one.item, one.title) for one in titles.items(known.ids[history], set())]
    explained = [
        replace(one, reasons=strongest_reasons(row, named)) for one, row in zip(user.listed, weights, strict=True)
    ]
    return replace(user, listed=tuple(explained))


def _held_out(own: UserList, titles: _Titles) -> tuple[HeldOutItem, ...]:
    named = titles.items(own.relevant["item"].to_numpy(), set())
    found = []
    for one, rank, (_, row) in zip(named, own.ranks, own.relevant.iterrows(), strict=True):
        candidates = None if pd.isna(row["candidates"]) else int(row["candidates"])
        tied = None if pd.isna(row["tied"]) or row["tied"] < 0 else int(row["tied"])
        found.append(HeldOutItem(one.item, one.title, rank, tied, candidates))
    return tuple(found)
