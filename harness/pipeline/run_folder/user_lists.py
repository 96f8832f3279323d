"""Read the lists and the relevant items of a few users of a run, and draw users by their ids."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from harness.pipeline.run_folder.run_files import PREDICTIONS, TARGET_RANKS


@dataclass(frozen=True, eq=False)
class UserList:
    """The list of a user and the relevant items.

    Parameters
    ----------
    listed
        ``item`` and ``rank``, best first, and the other columns of ``predictions.parquet``.
    relevant
        ``item``, ``above``, ``tied`` and ``candidates``, one row per relevant item.
    """

    listed: pd.DataFrame
    relevant: pd.DataFrame

    @property
    def ranks(self) -> list[int | None]:
        """The rank of each relevant item: its place in the list, else one more than the candidates above it."""
        places = dict(zip(self.listed["item"].tolist(), self.listed["rank"].tolist(), strict=True))
        return [
            places.get(item, None if pd.isna(above) or above < 0 else int(above) + 1)
            for item, above in zip(self.relevant["item"].tolist(), self.relevant["above"], strict=True)
        ]


def user_lists(folder: Path, users: Sequence[Any]) -> dict[Any, UserList]:
    """Return the lists of some users by external id; with rolling history that of the last moment of each user.

    Parameters
    ----------
    folder
        Folder of the run.
    users
        External ids of users with relevant items.
    """
    listed = _rows_of(folder / PREDICTIONS, users).sort_values("rank")
    lists = dict(tuple(_last(listed).groupby("user", sort=False)))
    relevant = dict(tuple(_last(_rows_of(folder / TARGET_RANKS, users)).groupby("user", sort=False)))
    return {user: UserList(lists.get(user, listed.iloc[:0]), relevant[user]) for user in users}


def drawn_by_hash(users: pd.Index[Any], number: int) -> list[Any]:
    """Return up to a number of users in an order that depends on their ids only."""
    if number == 0:
        return []
    if len(users) > 1_000 * number:  # hashing millions of ids would take seconds
        users = users[:: len(users) // (100 * number)]
    return sorted(users.tolist(), key=lambda user: hashlib.sha256(str(user).encode()).digest())[:number]


def _rows_of(path: Path, users: Sequence[Any]) -> pd.DataFrame:
    # A file without rows has columns without a type.
    is_empty = ds.dataset(path, format="parquet").count_rows() == 0
    return pq.read_table(path, filters=None if is_empty else pc.field("user").isin(users)).to_pandas()


def _last(table: pd.DataFrame) -> pd.DataFrame:
    if "timestamp" not in table:
        return table
    return table[table["timestamp"] == table.groupby("user")["timestamp"].transform("max")]
