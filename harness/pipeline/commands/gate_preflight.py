"""Check before a gate that the values of a run are those of its lists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from harness.artifacts import Rules
from harness.errors import HarnessError
from harness.experiment import expand_metrics
from harness.metrics import AccuracyMetric
from harness.pipeline.run_folder.record_file import REMEDY
from harness.pipeline.run_folder.run_files import PREDICTIONS, StoredRun
from harness.pipeline.run_folder.stored_lists import stored_lists
from harness.pipeline.stages.remeasurement import measured_again


def check_values(run: StoredRun, labels: Sequence[str]) -> str | None:
    """Measure the stored lists of a run again, and check that each user has the value of the run.

    Metrics that need more than lists and relevant items are passed over.

    Returns
    -------
    str or None
        A warning if the lists are not here, such as those of a run in MLflow.

    Raises
    ------
    HarnessError
        A value differs.
    """
    known = [label for label in labels if label in run.table.user_values]
    metrics = [
        metric
        for metric in (expand_metrics(known, [1]) if known else ())
        if isinstance(metric, AccuracyMetric) and not metric.required
    ]
    if not metrics:
        return None
    if not (run.folder / PREDICTIONS).exists():
        return f"the values of {run.name} are taken as they are, since its lists are not here to be measured again."
    protocol = run.record.protocol
    rules = Rules(ties=protocol.ties, without_predictions=protocol.without_predictions)  # type: ignore[arg-type]
    again = measured_again(stored_lists(run), metrics, rules)
    places = pd.Index(again.users).get_indexer(pd.Index(run.table.users))
    for metric in metrics:
        ours, theirs = run.table.user_values[metric.label], again.user_values[metric.label]
        same = len(ours) == len(theirs) and bool((places >= 0).all()) and np.allclose(theirs[places], ours, atol=1e-9)
        if not same:
            raise HarnessError(
                f"{metric.label} of {run.name} is not that of its lists, which were measured again. {REMEDY}"
            )
    return None
