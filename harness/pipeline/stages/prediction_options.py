"""Options of obtaining the lists of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PredictionOptions:
    """Options of obtaining the lists of a run.

    Parameters
    ----------
    key
        The fingerprint of the lists.
    force
        Whether to make lists again that the cache holds.
    quiet
        Whether to hide the progress.
    """

    key: str
    force: bool = False
    quiet: bool = False
