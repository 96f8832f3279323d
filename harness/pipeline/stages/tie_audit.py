"""Audit equal scores, which leave the metrics of a run uncertain, and contradicting judgements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.artifacts import Finding, MetricTable, Severity

if TYPE_CHECKING:
    from harness.artifacts import RecommendationTask
    from harness.experiment import Experiment
    from harness.pipeline.stages.recommendation import RunPredictions


def tie_findings(
    experiment: Experiment, recommended: RunPredictions, task: RecommendationTask, table: MetricTable
) -> tuple[Finding, ...]:
    """Return the finding how far the order of equal scores can move the primary metric.

    It is a warning where the metric can move by more than half the width of its interval. Nothing is returned for
    metrics other than accuracy, and for lists without scores.
    """
    value = table[experiment.primary]
    if value.ties is None:
        return ()
    worst, best = sorted((value.ties.worst, value.ties.best))
    places = None if recommended.job is None else _ties_of(recommended, task, value.k)
    if worst == best:
        return () if places is None else (_finding(places, f"score ties: none can change {value.label}."),)
    half = 0.0 if value.ci_low is None or value.ci_high is None else (value.ci_high - value.ci_low) / 2
    lists = "" if places is None else f"{places.sentence(value.k)}; "
    sentence = (
        f"score ties: {lists}if every tie is settled against or for the model, {value.label} lies between "
        f"{worst:.4f} and {best:.4f}, and at {value.ties.expected:.4f} in the mean over orders."
    )
    return (_finding(places, sentence, severity="warning" if best - worst > half else "info"),)


def judgement_findings(task: RecommendationTask, table: MetricTable) -> tuple[Finding, ...]:
    """Return the finding how many relevant items were judged more than once with different gains.

    Nothing is returned where relevance is binary.
    """
    if task.truth.gains is None:
        return ()
    return (
        Finding.counted(
            "contradicting_gains",
            table.counts["contradicting_gains"],
            len(task.truth.items) - table.counts["repeated_relevant"],
            "pairs of a user and a relevant item",
            "they were judged more than once, with different gains; the highest counts.",
        ),
    )


def _finding(places: _TiedLists | None, sentence: str, *, severity: Severity = "info") -> Finding:
    count, of = (None, None) if places is None else (places.across, places.lists)
    return Finding("score_ties", count, of, sentence, severity)


@dataclass(frozen=True)
class _TiedLists:
    """Numbers of lists in which a relevant item ties with other candidates.

    Parameters
    ----------
    across
        Lists with a tie across the cut: some of the tied items are within it, and others are not. Without a cut, lists
        with any tie.
    inside
        Lists whose ties are all within the cut.
    lists
        All lists.
    """

    across: int
    inside: int
    lists: int

    def sentence(self, k: int | None) -> str:
        """Return a clause that says where the ties are, for a cut after rank k."""
        if k is None:
            return f"in {self.across:,} of {self.lists:,} lists a relevant item ties with another candidate"
        inside = f"within the first {k} ranks"
        if not self.across:
            return f"in {self.inside:,} of {self.lists:,} lists a relevant item ties with another candidate {inside}"
        more = f", and in {self.inside:,} {inside}" if self.inside else ""
        return (
            f"in {self.across:,} of {self.lists:,} lists a relevant item ties with another candidate across the cut "
            f"after rank {k}{more}"
        )


def _ties_of(recommended: RunPredictions, task: RecommendationTask, k: int | None) -> _TiedLists:
    across = inside = lists = 0
    for part in recommended.parts():
        ranks = part.target_ranks
        lists += part.stop - part.start
        if ranks is None:
            continue
        owners = np.repeat(np.arange(part.start, part.stop), np.diff(task.truth.indptr[part.start : part.stop + 1]))
        tied = ranks.tied > 0
        if k is None:
            across += len(np.unique(owners[tied]))
            continue
        last = ranks.above.astype(np.int64) + ranks.tied
        across += len(np.unique(owners[tied & (ranks.above < k) & (last >= k)]))
        inside += len(np.unique(owners[tied & (last < k)]))
    return _TiedLists(across, inside, lists)
