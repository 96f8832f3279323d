"""Summaries and audits of data sets, as ``harness data describe`` and ``harness data audit`` show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.artifacts.finding import DataWarning, Finding
from harness.artifacts.json_values import MERGED, OPTIONAL, Facts
from harness.artifacts.run_record import DatasetRecord


@dataclass(frozen=True)
class SourceSummary:
    """The statistics of a data set of the catalogue.

    Parameters
    ----------
    name, sha256
        Name in the catalogue, and SHA-256 of the file.
    facts
        Where the data came from, its licence and citation.
    raw
        Statistics of the interactions.
    """

    name: str
    sha256: str
    facts: Facts = field(metadata=MERGED)
    raw: Facts


@dataclass(frozen=True)
class DatasetSummary:
    """The statistics of an experiment's data set, and the audits of its split.

    Parameters
    ----------
    dataset
        As in the record of a run.
    audits
        One finding per audit.
    """

    dataset: DatasetRecord = field(metadata=MERGED)
    audits: tuple[Finding, ...]


@dataclass(frozen=True)
class TieRuleValues:
    """The metrics of a baseline under one tie rule.

    Parameters
    ----------
    ties, seed
        The rule, and the seed of a shuffle.
    values
        Metrics by label.
    """

    ties: str
    seed: int | None
    values: Mapping[str, float] = field(metadata=MERGED)


@dataclass(frozen=True)
class ValueRange:
    """The lowest and the highest value of a metric, and their ratio; None where the lowest is 0."""

    low: float
    high: float
    ratio: float | None


@dataclass(frozen=True)
class TieTrial:
    """The metrics of a baseline under several tie rules.

    Parameters
    ----------
    baseline
        The kind of model.
    primary
        Label of the primary metric.
    rows
        One per rule; none where no tie decides a part of the split.
    ranges
        The range over the rules, by label.
    """

    baseline: str
    primary: str
    rows: tuple[TieRuleValues, ...]
    ranges: Mapping[str, ValueRange]


@dataclass(frozen=True)
class DatasetAudit:
    """The audits of an experiment's data, split and candidates.

    Parameters
    ----------
    name
        Name of the experiment.
    split
        Options of the split.
    warnings
        What looked wrong when the data was read.
    audits
        One finding per audit.
    ties
        The trial of the tie rules, where there was one.
    """

    name: str
    split: Facts
    warnings: tuple[DataWarning, ...]
    audits: tuple[Finding, ...]
    ties: TieTrial | None = field(default=None, metadata=OPTIONAL)
