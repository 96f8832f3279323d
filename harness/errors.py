"""Errors that are the user's to mend, and the words that help to mend them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class HarnessError(Exception):
    """The input is wrong: the message says what, what was got, and what would work.

    The command line prints the message alone and ends with exit code 2.
    """


class ExperimentError(HarnessError):
    """An experiment file, or an override of it, cannot be used."""


class DataError(HarnessError):
    """A data set cannot be had, read, filtered or split as asked."""


class CheckpointError(HarnessError):
    """A checkpoint is damaged, or does not belong to this split or model."""


class LockError(HarnessError):
    """A lock cannot be made: the folder can only be read, or the disk is full."""


class TrackingError(HarnessError):
    """The tracking store cannot be used."""


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Return a sentence that suggests the closest option, or lists them all.

    Examples
    --------
    >>> did_you_mean("ndgc", ["recall", "ndcg"])
    "Did you mean 'ndcg'?"
    >>> did_you_mean("xyz", ["recall", "ndcg"])
    'Known: ndcg, recall.'
    """
    known = sorted(set(options))
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known: {', '.join(known)}." if known else ""
