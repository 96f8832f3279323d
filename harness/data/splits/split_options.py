"""Options common to several splitting methods, and the checks of their values."""

from __future__ import annotations

from typing import Literal

# ``error`` is for splits whose parts depend on the order in time.
Ties = Literal["shuffle", "stable", "item_ascending", "item_descending", "error"]


def check_seed(seed: int, *, ties: str = "shuffle") -> None:
    """Check a seed against the tie rule.

    Raises
    ------
    ValueError
        The seed is negative, or the tie rule does not use it.
    """
    if seed < 0:
        raise ValueError(f"seed is {seed}; use 0 or more")
    if seed > 0 and ties not in ("shuffle", "error"):
        raise ValueError(f"seed is {seed}, but ties: {ties} does not use it; leave seed out, or use ties: shuffle")


def check_shares(test: float, validation: float) -> None:
    """Check the shares of test and validation.

    Raises
    ------
    ValueError
        A share is out of range, or test or train would be empty.
    """
    if not 0 < test < 1:
        raise ValueError(f"test is {test}; use a share between 0 and 1, such as 0.2")
    if not 0 <= validation < 1:
        raise ValueError(f"validation is {validation}; use a share from 0 (none) to below 1, such as 0.1")
    if test + validation >= 1:
        raise ValueError(f"test {test} and validation {validation} leave nothing to train on")
