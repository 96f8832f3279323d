"""Send finished runs to the tracking store, once, and without ever failing a run."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from harness.artifacts import RunRecord
from harness.errors import TrackingError

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
        command sends them later.
    """
    from harness import tracking  # deferred: importing mlflow takes longer than many runs

    try:
        return tracking.track_run(record, folder, experiment_name=experiment.tracking.experiment, store=None)
    except TrackingError as error:
        logger.warning("%s", error)
        return None
