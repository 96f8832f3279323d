"""Propose a split for interactions, with the reason for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.artifacts import Interactions, SplitRule
from harness.data.repeated_pairs import count_distinct
from harness.data.splits.global_time import GlobalTime
from harness.data.splits.leave_last_out import LeaveLastOut
from harness.data.splits.random_split import RandomSplit
from harness.errors import DataError

_MOST_TIES = 0.1  # share of users whose last interaction the tie rule alone would choose


@dataclass(frozen=True)
class SplitProposal:
    """A split and the reason for it.

    Parameters
    ----------
    rule
        The split.
    reason
        Sentences on why it is proposed.
    """

    rule: SplitRule
    reason: str


def propose_split(interactions: Interactions) -> SplitProposal:
    """Return a split that divides these interactions into non-empty parts.

    Without timestamps it is ``random``. It is ``leave_last_out`` if few users have a tie at the end of their history,
    else ``global_time``, where ties decide nothing.

    Parameters
    ----------
    interactions
        The interactions.

    Raises
    ------
    DataError
        No user has two interactions.
    """
    if np.bincount(interactions.users).max(initial=0) < 2:
        raise DataError(
            f"no user has two interactions, so none can be held out: {len(interactions):,} rows, "
            f"{count_distinct(interactions.users):,} users. Give a table of interactions, or another column of users."
        )
    by_chance = (
        "A random share of each user's interactions is held out; models then learn from later interactions, which "
        "makes numbers too high."
    )
    if interactions.timestamps is None:
        rules: list[SplitRule] = []
        reason = f"There are no timestamps. {by_chance}"
    else:
        tied = _share_of_tied_ends(interactions)
        last = f"For {tied:.1%} of the users a tie of timestamps decides which interaction is their last"
        if tied <= _MOST_TIES:
            return SplitProposal(
                LeaveLastOut(),
                f"{last}. The last interaction of each user is held out for test, the one before it for validation. "
                "Models learn from later interactions of other users; global_time has no such leak, but needs users "
                "with interactions on both sides.",
            )
        rules = [GlobalTime(test=0.2, validation=0.1), GlobalTime(test=0.2)]
        reason = (
            f"The timestamps have {count_distinct(interactions.timestamps):,} distinct values, too few to split by "
            f"time. {by_chance}"
        )
    for rule in rules:
        if _works(rule, interactions):
            return SplitProposal(
                rule,
                f"{last}, so leave_last_out would depend on the tie rule. Everything from one moment on is held out, "
                "the same for all users.",
            )
    chance = RandomSplit(test=0.2, validation=0.1)
    return SplitProposal(chance if _works(chance, interactions) else RandomSplit(test=0.5), reason)


def _works(rule: SplitRule, interactions: Interactions) -> bool:
    """Return whether a split leaves interactions to train on and to test."""
    try:
        split = rule.split(interactions)
    except DataError:
        return False
    return len(split.part("test")) > 0 and len(split.part("train")) > 0


def _share_of_tied_ends(interactions: Interactions) -> float:
    """Return the share of users whose last two interactions have the same timestamp.

    Users with a single interaction do not count.
    """
    assert interactions.timestamps is not None  # noqa: S101  (the caller knows)
    order = np.lexsort((interactions.timestamps, interactions.users))
    users, times = interactions.users[order], interactions.timestamps[order]
    same_user = users[1:] == users[:-1]
    ends = np.append(users[1:] != users[:-1], np.True_)  # the last row of each user
    last_two = same_user & ends[1:]
    return float((times[1:] == times[:-1])[last_two].mean()) if last_two.any() else 0.0
