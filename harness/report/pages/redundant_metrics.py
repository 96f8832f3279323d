"""Find metrics that repeat others by construction, such as recall and hit rate where users have one relevant item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.artifacts import MetricValue, RunRecord
from harness.report.pages.metric_matrix import stem

_TOLERANCE = 1e-9
# With one relevant item per user, the metrics of a group are equal, and precision is the first group divided by k.
_EQUAL = (("recall", "hit_rate"), ("mrr", "map"))


@dataclass(frozen=True)
class RedundantMetric:
    """A metric that repeats another one.

    Parameters
    ----------
    name
        The metric, without a cutoff.
    relation
        How it follows from the other metric, as in ``hit_rate = recall``.
    """

    name: str
    relation: str


def redundant_metrics(record: RunRecord) -> list[RedundantMetric]:
    """Return the metrics of a run that repeat others because each user has one relevant item.

    The primary metric is never among them. A pair counts only where the values agree at all cutoffs.
    """
    protocol = record.protocol
    if protocol.rolling or protocol.relevant_items is None or protocol.relevant_items != protocol.lists:
        return []
    if protocol.counts.get("repeated_relevant", 0) or protocol.counts.get("users_without_truth", 0):
        return []
    leading = None if record.headline is None else stem(record.headline)
    found = []
    for group in _EQUAL:
        kept = leading if leading in group else group[0]
        others = [(other, False) for other in group if other != kept]
        if group == _EQUAL[0] and leading != "precision":
            others.append(("precision", True))
        for other, divided in others:
            if _agree(record.metrics, kept, other, divided=divided):
                found.append(RedundantMetric(other, f"{other} = {kept}{' / k' if divided else ''}"))
    return found


def _agree(values: Sequence[MetricValue], kept: str, folded: str, *, divided: bool) -> bool:
    known = {(stem(value), value.k): value for value in values}
    mine = [(key[1], value) for key, value in known.items() if key[0] == folded]
    if not mine:
        return False
    for k, value in mine:
        other = known.get((kept, k))
        if other is None or k is None:
            return False
        if abs(value.value - other.value / (k if divided else 1)) > _TOLERANCE:
            return False
    return True
