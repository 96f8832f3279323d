"""Users whom a report shows as examples, with their histories, recommended lists and held-out items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["hit", "near miss", "miss"]


@dataclass(frozen=True)
class Reason:
    """An item of the history that adds to the score of a recommended item.

    Parameters
    ----------
    item, title
        As in ``ExampleItem``.
    weight
        What it adds to the score.
    """

    item: str
    title: str | None
    weight: float


@dataclass(frozen=True)
class ExampleItem:
    """An item of a history or of a list.

    Parameters
    ----------
    item
        External id, as text.
    title
        Its title; None where the data set has none.
    relevant
        Whether it is held out for the user.
    reasons
        The items of the history that add most to its score; empty where the model does not state them.
    """

    item: str
    title: str | None = None
    relevant: bool = False
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class HeldOutItem:
    """A held-out item of a user and its exact rank.

    Parameters
    ----------
    item, title
        As in ``ExampleItem``.
    rank
        The place in the list; for an item outside the list one more than the number of candidates above it. None
        where the model ranks no other items than those of its list, or where the item was not a candidate.
    tied
        Number of other candidates with the same score; None where the rank is.
    candidates
        Number of candidates of the user; None where it is not known.
    """

    item: str
    title: str | None = None
    rank: int | None = None
    tied: int | None = None
    candidates: int | None = None


@dataclass(frozen=True)
class ExampleUser:
    """A user whom a report shows: the history, the recommended list and the held-out items.

    Parameters
    ----------
    user
        External id, as text.
    outcome
        ``hit``: a held-out item is within the cutoff. ``near miss``: the best rank is within five times the cutoff.
    value
        The user's value in the primary metric; None where the metric has no values per user.
    history
        The last items of the history, the latest first.
    n_history
        Length of the whole history.
    listed
        The first items of the list, best first.
    n_listed
        Length of the whole list.
    held_out
        The first held-out items.
    n_held_out
        Number of all held-out items.
    """

    user: str
    outcome: Outcome
    value: float | None
    history: tuple[ExampleItem, ...]
    n_history: int
    listed: tuple[ExampleItem, ...]
    n_listed: int
    held_out: tuple[HeldOutItem, ...]
    n_held_out: int


@dataclass(frozen=True)
class ExampleUsers:
    """The example users of a run.

    Parameters
    ----------
    metric
        Label of the metric of ``ExampleUser.value``.
    k
        The cutoff that decides between hit and miss.
    n_users
        Number of all users of the run.
    chosen
        How the users were chosen, as a sentence.
    users
        The users: hits, near misses, misses.
    """

    metric: str
    k: int
    n_users: int
    chosen: str
    users: tuple[ExampleUser, ...]
