"""What ties of scores leave open of a run's numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.artifacts import MetricTable

if TYPE_CHECKING:
    from harness.experiment import Experiment
    from harness.pipeline.preparation import Task
    from harness.pipeline.recommending import Recommended


def tie_findings(
    experiment: Experiment, recommended: Recommended, task: Task, table: MetricTable
) -> tuple[dict[str, Any], ...]:
    """Return how far the order of equal scores can move the primary metric, as audits have it.

    A warning where it is by more than half the width of the interval. Nothing for a metric that is no accuracy, and
    for lists whose scores are not known.
    """
    value = table[experiment.primary]
    if value.ties is None:
        return ()
    worst, best = sorted((value.ties.worst, value.ties.best))
    across = {} if recommended.job is None else _across(recommended, task, value.k)
    if worst == best:
        return (_finding(across, f"score ties: none that could move {value.label}."),) if across else ()
    half = 0.0 if value.ci_low is None or value.ci_high is None else (value.ci_high - value.ci_low) / 2
    where = "another candidate" if value.k is None else f"another across the cut after rank {value.k}"
    lists = f"in {across['count']:,} of {across['of']:,} lists a relevant item ties with {where}; " if across else ""
    sentence = (
        f"score ties: {lists}with every tie settled against or for the model, {value.label} lies between "
        f"{worst:.4f} and {best:.4f}, and at {value.ties.expected:.4f} in the mean over orders."
    )
    return (_finding(across, sentence, severity="warning" if best - worst > half else "info"),)


def _finding(across: dict[str, Any], sentence: str, *, severity: str = "info") -> dict[str, Any]:
    return {"name": "score_ties", "severity": severity, **across, "sentence": sentence, "cases": []}


def _across(recommended: Recommended, task: Task, k: int | None) -> dict[str, Any]:
    """Return for how many lists a relevant item has others of its score on both sides of a cut."""
    count = lists = 0
    for part in recommended.parts():
        ranks = part.target_ranks
        lists += part.stop - part.start
        if ranks is None:
            continue
        owners = np.repeat(np.arange(part.start, part.stop), np.diff(task.truth.indptr[part.start : part.stop + 1]))
        tied = ranks.tied > 0
        if k is not None:
            tied &= (ranks.above < k) & (ranks.above.astype(np.int64) + ranks.tied >= k)
        count += len(np.unique(owners[tied]))
    return {"count": count, "of": lists, "share": count / lists if lists else 0.0}
