"""Options that several splits share, and their checks."""

from __future__ import annotations

from typing import Literal

# ``error`` is for the splits in which an order in time decides the parts.
Ties = Literal["shuffle", "stable", "item_ascending", "item_descending", "error"]


def check_seed(seed: int, *, ties: str = "shuffle") -> None:
    """Raise for a seed that is negative, or that the tie rule leaves without effect.

    Raises
    ------
    ValueError
        As said.
    """
    if seed < 0:
        raise ValueError(f"seed is {seed}; use 0 or more")
    if seed > 0 and ties not in ("shuffle", "error"):
        raise ValueError(f"seed is {seed}, and ties: {ties} draws nothing; leave seed out, or use ties: shuffle")


def check_shares(test: float, validation: float) -> None:
    """Raise for shares that leave no test or no train.

    Raises
    ------
    ValueError
        As said.
    """
    if not 0 < test < 1:
        raise ValueError(f"test is {test}; use a share between 0 and 1, such as 0.2")
    if not 0 <= validation < 1:
        raise ValueError(f"validation is {validation}; use a share from 0 (none) to below 1, such as 0.1")
    if test + validation >= 1:
        raise ValueError(f"test {test} and validation {validation} leave nothing to train on")
