"""Describe a data set by its statistics: ``harness data describe``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import data, registry
from harness.artifacts import DatasetSummary, SourceSummary
from harness.pipeline.stages.data_audit import split_findings
from harness.pipeline.stages.preparation import prepare

if TYPE_CHECKING:
    from harness.experiment import Experiment


def describe_dataset(experiment: Experiment) -> DatasetSummary:
    """Return the statistics of an experiment's data set, raw, filtered and split, and the audits of its split."""
    prepared = prepare(experiment)
    return DatasetSummary(prepared.record(experiment), split_findings(experiment, prepared.split))


def describe_source(name: str) -> SourceSummary:
    """Return the statistics of a data set of the catalogue, before any filter."""
    source = registry.load("sources", name)().read()
    return SourceSummary(source.name, source.sha256, source.facts, data.describe(source.interactions))
