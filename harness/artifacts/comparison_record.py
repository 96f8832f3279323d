"""The record of a finished comparison: what its ``comparison.json`` holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.artifacts.json_values import Facts


@dataclass(frozen=True)
class ComparedRun:
    """A run of a comparison.

    Parameters
    ----------
    name
        Name of the experiment; that of a run with seeds ends in ``/seed-<seed>``.
    fingerprints
        SHA-256 by stage.
    """

    name: str
    fingerprints: Mapping[str, str]


@dataclass(frozen=True)
class ComparedPair:
    """The verdict on two runs in one metric.

    Parameters
    ----------
    metric, candidate, baseline
        The label of the metric, and the names of the runs.
    verdict
        The code of the verdict.
    slice
        Name of the slice; None for all users.
    """

    metric: str
    candidate: str
    baseline: str
    verdict: str
    slice: str | None = None


@dataclass(frozen=True, kw_only=True)
class ComparisonRecord:
    """A finished comparison, as ``comparison.json`` holds it. The attributes are some of its keys.

    Parameters
    ----------
    baseline, primary
        Name of the baseline, None if all pairs are compared; and label of the primary metric.
    settings
        How differences were tested.
    best
        Names of the runs that no run is shown to beat.
    stamps
        Sentences that limit the whole comparison.
    runs
        One per model.
    members
        Every run that was compared: one per seed of a model with several. Earlier versions wrote none.
    pairs
        One per metric and pair of models.
    created, dataset, sentence, identity
        When it was first written, as ISO 8601 text; the name of the data set; what was found, in one sentence; and a
        hash of what decides the content. Earlier versions wrote none of them.
    """

    baseline: str | None
    primary: str
    settings: Facts
    best: tuple[str, ...]
    stamps: tuple[str, ...] = ()
    runs: tuple[ComparedRun, ...]
    members: tuple[ComparedRun, ...] = ()
    pairs: tuple[ComparedPair, ...]
    created: str | None = None
    dataset: str = ""
    sentence: str = ""
    identity: str = ""

    @property
    def verdicts(self) -> tuple[ComparedPair, ...]:
        """The verdicts of the primary metric over all users."""
        return tuple(pair for pair in self.pairs if pair.metric == self.primary and pair.slice is None)
