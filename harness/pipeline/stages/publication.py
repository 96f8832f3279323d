"""Finished runs to the tracking store: sent once, and never in a run's way."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import TrackingError

if TYPE_CHECKING:
    from harness.experiment import Experiment
    from harness.tracking import Tracked

logger = logging.getLogger("harness")


def publish(experiment: Experiment, results: Mapping[str, Any], folder: Path) -> Tracked | None:
    """Send a finished run to MLflow, unless it is there; a store that fails is a warning.

    Returns
    -------
    Where the run is, or None where the store could not be used: the files are whole, and the same
    command sends them later.
    """
    from harness import tracking  # deferred: importing mlflow takes longer than many a run

    try:
        return tracking.track_run(dict(results), folder, experiment_name=experiment.tracking.experiment, store=None)
    except TrackingError as error:
        logger.warning("%s", error)
        return None
