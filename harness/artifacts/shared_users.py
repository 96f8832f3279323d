"""Users of a comparison, with the lists of all runs side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.artifacts.example_users import ExampleItem


@dataclass(frozen=True)
class ShownList:
    """What one run recommended to a user.

    Parameters
    ----------
    listed
        The first items of the list, best first.
    n_listed
        Length of the whole list.
    value
        The user's value in the primary metric; NaN where there is none.
    ranks
        The rank of each held-out item, in their order, as in ``HeldOutItem``; None where it is not known.
    """

    listed: tuple[ExampleItem, ...]
    n_listed: int
    value: float
    ranks: tuple[int | None, ...]


@dataclass(frozen=True)
class SharedUser:
    """A user and the lists of all runs.

    Parameters
    ----------
    user
        External id, as text.
    spread
        The largest minus the smallest value of the runs.
    held_out
        The first held-out items.
    n_held_out
        Number of all held-out items.
    lists
        What each run recommended, by name of the run.
    history
        The last items of the history, the latest first; empty where no run shows the history of this user.
    n_history
        Length of the whole history; None where it is not known.
    """

    user: str
    spread: float
    held_out: tuple[ExampleItem, ...]
    n_held_out: int
    lists: Mapping[str, ShownList]
    history: tuple[ExampleItem, ...] = ()
    n_history: int | None = None


@dataclass(frozen=True)
class SharedUsers:
    """The users that the page of a comparison shows.

    Parameters
    ----------
    metric
        Label of the primary metric.
    n_users
        Number of users that all runs measured.
    most_different
        So many of the users, the first ones, have the largest spreads; the others are drawn by a hash of their ids.
    users
        The users.
    """

    metric: str
    n_users: int
    most_different: int
    users: tuple[SharedUser, ...]
