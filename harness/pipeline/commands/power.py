"""Compute the users or the effect that a claim about two runs needs: ``harness power``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError, did_you_mean
from harness.pipeline.commands.paired_runs import check_same_task
from harness.pipeline.run_folder.run_files import StoredRun
from harness.pipeline.run_folder.run_sources import local_sources, whole_run
from harness.statistics.comparison_arguments import aligned_values, user_keys
from harness.statistics.item_clusters import ItemClusters
from harness.statistics.paired_sample import PairedSample
from harness.statistics.power import PowerRow, item_floor, power_rows


@dataclass(frozen=True)
class PowerOptions:
    """Options of a computation of power.

    Parameters
    ----------
    effect
        Text of an effect: a number in the metric's unit, or a share of the baseline's value such as ``1%``.
    users
        Number of users, instead of an effect.
    metrics
        Labels; empty for the primary metric of the candidate.
    confidence
        Level of the intervals of a comparison.
    candidates
        Number of candidates in the family.
    """

    effect: str | None = None
    users: int | None = None
    metrics: tuple[str, ...] = ()
    confidence: float = 0.95
    candidates: int = 1


@dataclass(frozen=True)
class MetricPower:
    """The power of comparisons in one metric.

    Parameters
    ----------
    metric
        Label.
    candidate, baseline
        Names of the runs.
    baseline_value
        Value of the baseline.
    n_users, n_nonzero
        Number of users measured, and of those with a difference.
    std
        Standard deviation of the differences.
    rows
        One per claim.
    n_items, item_floor
        Number of distinct relevant items, and the smallest difference that can be detected for other items like these,
        whatever the number of users; None where that is not known.
    """

    metric: str
    candidate: str
    baseline: str
    baseline_value: float
    n_users: int
    n_nonzero: int
    std: float
    rows: Sequence[PowerRow]
    n_items: int | None = None
    item_floor: float | None = None


def power(candidate: str, baseline: str, options: PowerOptions) -> list[MetricPower]:
    """Return what claims about two finished runs need, per metric.

    Raises
    ------
    HarnessError
        A folder cannot be read, the runs were not measured in the same way, a metric is missing, or a number is not
        valid.
    """
    with local_sources([candidate, baseline]) as local:
        ours, theirs = (whole_run(Path(folder)) for folder in local)
    check_same_task(ours, theirs)
    clusters = ItemClusters.of({"ours": ours.table, "theirs": theirs.table})
    values = {
        "ours": aligned_values(theirs.table, ours.table, ours.name, theirs.name),
        "theirs": aligned_values(theirs.table, theirs.table, theirs.name, theirs.name),
    }
    keys = user_keys(theirs.table)
    found = []
    for label in options.metrics or _primary(ours):
        _check(label, values)
        sample = PairedSample(values["ours"][label], values["theirs"][label], keys)
        rows = power_rows(
            sample,
            effect=_effect(options.effect, float(sample.baseline.mean()), label),
            users=options.users,
            confidence=options.confidence,
            candidates=options.candidates,
        )
        found.append(
            MetricPower(
                metric=label,
                candidate=ours.name,
                baseline=theirs.name,
                baseline_value=float(sample.baseline.mean()),
                n_users=len(sample.differences),
                n_nonzero=sample.n_nonzero,
                std=float(sample.differences.std(ddof=1)),
                rows=rows,
                n_items=None if clusters is None else clusters.n_items,
                item_floor=_floor(clusters, label, sample, options),
            )
        )
    return found


def _floor(clusters: ItemClusters | None, label: str, sample: PairedSample, options: PowerOptions) -> float | None:
    if clusters is None:
        return None
    errors = clusters.errors(label, [("ours", "theirs")], [sample.differences])
    return None if errors is None else item_floor(errors, 1 - (1 - options.confidence) / options.candidates)


def _primary(run: StoredRun) -> tuple[str, ...]:
    primary = run.record.experiment.evaluation.primary
    if primary is None:
        raise HarnessError(f"{run.name} names no primary metric. Name one, such as --metric ndcg@10.")
    return (primary,)


def _check(label: str, values: Mapping[str, Mapping[str, object]]) -> None:
    for columns in values.values():
        if label not in columns:
            raise HarnessError(f"there are no values per user of '{label}'. {did_you_mean(label, list(columns))}")


def _effect(text: str | None, base: float, label: str) -> float | None:
    if text is None:
        return None
    number = text.strip()
    share = number.endswith("%")
    try:
        effect = float(number.removesuffix("%"))
    except ValueError:
        raise HarnessError(
            f"the effect {text!r} is not a number. Use the unit of the metric, such as 0.01, or a share such as 1%."
        ) from None
    if share and not base > 0:
        raise HarnessError(f"the baseline's {label} is {base}, so that no share of it can be an effect. Use a number.")
    return effect / 100 * base if share else effect
