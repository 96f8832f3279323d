"""Find the users whose values differ most between two runs, with both lists and titles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.artifacts import ShownItem, UserDifference
from harness.pipeline.run_folder.run_files import StoredRun
from harness.pipeline.run_folder.stored_lists import StoredLists
from harness.pipeline.run_folder.title_file import read_titles

_SHOWN_RANKS = 10


def user_differences(
    theirs: StoredRun,
    lists: tuple[StoredLists, StoredLists],
    series: Sequence[pd.Series[float]],
    common: pd.Index[Any],
    most: int,
) -> Iterator[UserDifference]:
    """Yield the common users with the largest differences, with both lists.

    Parameters
    ----------
    theirs
        The second run, for titles.
    lists
        Lists of both runs.
    series
        Values per user of both runs.
    common
        The users that both measured.
    most
        Number of users.
    """
    values = [column.reindex(common) for column in series]
    order = np.argsort(-(values[1] - values[0]).abs().to_numpy(), kind="stable")[:most]
    chosen = [user for user in common[order] if values[0][user] != values[1][user]]
    for user in chosen:
        relevant = _items_of(lists[1], user, truth=True)
        listed = [_items_of(each, user, truth=False)[:_SHOWN_RANKS] for each in lists]
        titles = read_titles(theirs.folder, [*relevant, *(item for items in listed for item in items)])
        shown = [tuple(ShownItem(str(i), titles.get(i), i in relevant) for i in items) for items in (relevant, *listed)]
        yield UserDifference(str(user), float(values[0][user]), float(values[1][user]), *shown)


def _items_of(lists: StoredLists, user: Any, *, truth: bool) -> list[Any]:
    row = int(np.flatnonzero(np.asarray(lists.truth.users) == user)[0])
    if truth:
        items = lists.truth.items[lists.truth.indptr[row] : lists.truth.indptr[row + 1]]
    else:
        items = lists.topk.items[row][lists.topk.items[row] >= 0]
    return [lists.item_ids[item] for item in items]
