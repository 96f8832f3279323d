"""Send finished runs and comparisons to the tracking store, once, and without ever failing a run."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from harness import storage
from harness.artifacts import ComparisonRecord, RunRecord
from harness.errors import HarnessError, TrackingError

if TYPE_CHECKING:
    from harness.experiment import Experiment
    from harness.tracking import TrackedRun

logger = logging.getLogger("harness")


def publish(experiment: Experiment, record: RunRecord, folder: Path) -> TrackedRun | None:
    """Send a finished run to MLflow unless it is there already; a store that fails is only a warning.

    Returns
    -------
    TrackedRun or None
        Where the run is in the store. None where the store could not be used: the files are whole, and the same
        command, or ``harness sync``, sends them later.
    """
    from harness import tracking  # deferred: importing mlflow takes longer than many runs

    settings = experiment.tracking
    try:
        return tracking.track_run(
            record, folder, experiment_name=settings.experiment, per_user=settings.per_user, store=None
        )
    except TrackingError as error:
        logger.warning("%s", error)
        return None


def publish_comparison(record: ComparisonRecord, folder: Path, *, name: str) -> TrackedRun | None:
    """Send a comparison to MLflow if runs of it are there; a store that fails is only a warning.

    Parameters
    ----------
    record
        The record of the comparison.
    folder
        The folder with its files.
    name
        Its name.

    Returns
    -------
    TrackedRun or None
        Where the comparison is in the store. None where none of its runs is there, or the store could not be used.
    """
    from harness import tracking  # deferred: importing mlflow takes seconds

    try:
        with storage.lock(folder / ".comparison"):  # another process may send it, too
            found = tracking.track_comparison(record, folder, name=name)
    except HarnessError as error:
        logger.warning("%s", error)
        return None
    if found is None:
        logger.info("the comparison is not in MLflow, since its runs are not there; `harness sync` sends both")
    return found
