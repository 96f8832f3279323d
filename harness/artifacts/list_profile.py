"""What the lists of a run consist of, beside the histories: popularity and categories."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CategoryShare:
    """The share of a category in the histories and in the lists, 0 to 1.

    An item with several categories counts in equal parts for each of them.
    """

    name: str
    histories: float
    lists: float


@dataclass(frozen=True)
class ListProfile:
    """The popularity and the categories of the recommended items, beside those of the histories.

    Parameters
    ----------
    k
        The profile is of the first k items of each list.
    lorenz_histories, lorenz_lists
        Lorenz curves, 101 points: the share of all interactions, or of all recommendations, that the least common 0%,
        1%, ... 100% of the catalogue have. Each curve orders the items by its own counts.
    gini_histories, gini_lists
        Gini coefficients of the same counts, 0 for equal shares.
    tenths_histories, tenths_lists
        The shares of the ten tenths of the catalogue, the most popular tenth first, by the interactions of histories.
    categories
        The most common categories of the histories, and the rest as ``other categories``; empty where the data set has
        none.
    """

    k: int
    lorenz_histories: tuple[float, ...]
    lorenz_lists: tuple[float, ...]
    gini_histories: float
    gini_lists: float
    tenths_histories: tuple[float, ...]
    tenths_lists: tuple[float, ...]
    categories: tuple[CategoryShare, ...] = ()
