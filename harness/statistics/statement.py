"""Write the verdict of a difference as a sentence, with the numbers that it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from harness.artifacts import PairedDifference
from harness.statistics.detectable_difference import users_to_detect
from harness.statistics.verdict import UNTESTED, decimals, verdict_code, verdict_words


@dataclass(frozen=True)
class Family:
    """The family of a difference.

    Parameters
    ----------
    size
        Number of its differences.
    all_pairs
        Whether they are all pairs of runs rather than candidates of one baseline.
    level
        Level of its tests.
    """

    size: int
    all_pairs: bool
    level: float = 0.05

    def __str__(self) -> str:
        """Return the place of one difference in the family."""
        one, many = ("pair", "pairs") if self.all_pairs else ("candidate", "candidates")
        return f"1 of {self.size} {many if self.size > 1 else one}"


def statement(
    row: PairedDifference, *, margin: float | None, family: Family | None, higher_is_better: bool = True
) -> str:
    """Return the words of a verdict with difference, interval, users and family.

    Parameters
    ----------
    row
        The difference, with its verdict.
    margin
        Margin of the metric, if there is one.
    family
        Family of the difference; None outside it.
    higher_is_better
        Direction of the metric.

    Examples
    --------
    >>> row = PairedDifference("ndcg@10", "b", "a", 0.121, 0.1, 0.021, n_users=938, n_nonzero=161, verdict="higher",
    ...                        ci_simultaneous_low=0.0091, ci_simultaneous_high=0.0338, n_items=482)
    >>> statement(row, margin=None, family=Family(4, all_pairs=False))
    'higher (+0.021 [0.009, 0.034]; 938 users, 161 differ; 482 items; 1 of 4 candidates; these checkpoints only)'
    """
    if row.verdict == UNTESTED:
        return f"not tested ({row.difference:+.4f}; a value over all lists)"
    if row.unit == "users_items":
        low, high = row.ci_users_items_low, row.ci_users_items_high
    elif family is not None:
        low, high = row.ci_simultaneous_low, row.ci_simultaneous_high
    else:
        low, high = row.ci_low, row.ci_high
    parts = [_interval(row.difference, low, high)]
    users = f"{row.n_users:,} user{'s' if row.n_users != 1 else ''}"
    parts.append(f"{users}, {row.n_nonzero:,} differ" if row.n_nonzero else users)
    if row.n_items is not None:
        parts.append(f"{row.n_items:,} item{'s' if row.n_items != 1 else ''}")
    if family is not None:
        parts.append(str(family))
    if row.n_nonzero == 0:
        parts.append("no user's value differs, so nothing was tested")
    if family is not None and _contradicts(row, family.level):
        parts.append(f"the adjusted p-value of {row.p_adjusted:.3g} says otherwise; the interval decides")
    if family is not None:
        parts.extend(_for_the_other_unit(row, margin, higher_is_better=higher_is_better))
    parts.append(_seeds(row))
    words = verdict_words(row.verdict, low=low, high=high, margin=margin)
    # More users alone do not lower the part of the error that items or seeds cause.
    over_users = row.unit == "users" and row.verdict in ("undecided", "not_worse", "not_better")
    if over_users and margin is not None and row.mde > margin:
        words += f"; about {users_to_detect(margin, row.mde, row.n_users or 0):,} users would decide"
    return f"{words} ({'; '.join(parts)})"


def _seeds(row: PairedDifference) -> str:
    """Return what the difference says about the algorithms: nothing without three seeds of both."""
    if row.n_seeds is None or row.n_seeds_baseline is None:
        return "these checkpoints only"
    seeds = f"{row.n_seeds} and {row.n_seeds_baseline} seeds"
    return seeds if row.unit == "users_seeds" else f"{seeds}: these checkpoints only"


def _for_the_other_unit(row: PairedDifference, margin: float | None, *, higher_is_better: bool) -> Iterator[str]:
    """Yield the verdict of the other unit, if it differs."""
    over_users = (row.ci_simultaneous_low, row.ci_simultaneous_high)
    over_both = (row.ci_users_items_low, row.ci_users_items_high)
    if row.verdict_users_items is None:
        if row.unit == "users_items":
            yield "the items are too few for a claim about other items"
        return
    for_users = verdict_code(*over_users, margin=margin, higher_is_better=higher_is_better)
    if for_users == row.verdict_users_items:
        return
    if row.unit == "users":
        words = verdict_words(row.verdict_users_items, low=over_both[0], high=over_both[1], margin=margin)
        yield f"for other items like these: {words}"
    else:
        words = verdict_words(for_users, low=over_users[0], high=over_users[1], margin=margin)
        yield f"for these items: {words}"


def _interval(difference: float, low: float, high: float) -> str:
    digits = decimals(low, high)
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{difference:+.{max(digits, 4)}f}, no interval"
    difference, low, high = (round(value, digits) + 0.0 for value in (difference, low, high))  # no -0
    return f"{difference:+.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def _contradicts(row: PairedDifference, level: float) -> bool:
    """Return whether the adjusted p-value rejects where the interval does not: Holm's and BH's methods are stricter."""
    covers_zero = row.ci_simultaneous_low <= 0 <= row.ci_simultaneous_high
    return covers_zero and row.p_adjusted < level
