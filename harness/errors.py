"""Define the errors and warnings that users see, and suggest names for misspelt ones."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class HarnessError(Exception):
    """Base class of errors in the user's input or environment.

    The message says what is wrong, what was found, and what would work. The command line prints only
    the message and exits with code 2.
    """


class HarnessWarning(UserWarning):
    """A finding that limits what the numbers of a run mean."""


class ExperimentError(HarnessError):
    """An experiment file or an override is invalid."""


class DataError(HarnessError):
    """A data set cannot be downloaded, read, filtered or split."""


class CheckpointError(HarnessError):
    """A checkpoint is damaged, or was fitted with another model or split."""


class LockError(HarnessError):
    """A lock file cannot be created: the folder is read-only, or the disk is full."""


class TrackingError(HarnessError):
    """The tracking store cannot be used."""


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Return a sentence that suggests the closest option, or lists all options if none is close.

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
