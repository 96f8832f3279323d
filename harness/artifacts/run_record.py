"""The record of a finished run: what its ``results.json`` holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harness.artifacts.finding import DataWarning, WrittenFinding
from harness.artifacts.json_values import OPTIONAL, Facts
from harness.artifacts.list_profile import ListProfile
from harness.artifacts.metric_table import MetricValue
from harness.artifacts.protocol_record import ExperimentRecord, ProtocolRecord
from harness.artifacts.slice_table import SliceTable


@dataclass(frozen=True)
class PartialRun:
    """The stamp of a run on some of the users.

    Parameters
    ----------
    limit_users
        ``runner.limit_users``.
    sentence
        What every output says about it.
    """

    limit_users: int | None = None
    sentence: str = "Partial: measured on some of the users."


@dataclass(frozen=True)
class GitState:
    """The commit of the code, and whether files differ from it."""

    commit: str | None = None
    dirty: bool | None = None


@dataclass(frozen=True)
class EnvironmentRecord:
    """Where a run was computed.

    Parameters
    ----------
    harness, python, platform
        The versions, and the operating system.
    cores
        The number of processor cores.
    device
        Where the model scored, or ``none``.
    packages
        Versions by package; None for a package that is not installed.
    git
        The checkout of the code; None outside one.
    """

    harness: str | None = None
    python: str | None = None
    platform: str | None = None
    cores: int | None = None
    device: str | None = None
    packages: Mapping[str, str | None] = field(default_factory=dict)
    git: GitState | None = None


@dataclass(frozen=True)
class DatasetRecord:
    """The data set of a run.

    Parameters
    ----------
    name
        Name in the catalogue, or of the file.
    sha256
        SHA-256 of the file.
    source
        Where the data came from, and what was counted when it was read.
    warnings
        What looked wrong when it was read.
    raw, filtered
        Statistics before and after the filters.
    filters
        Kind, options and counts of each filter.
    split
        Options of the split, and its ``facts``.
    """

    name: str = ""
    sha256: str | None = None
    source: Facts = field(default_factory=dict)
    warnings: tuple[DataWarning, ...] = ()
    raw: Facts = field(default_factory=dict)
    filtered: Facts = field(default_factory=dict)
    filters: tuple[Facts, ...] = ()
    split: Facts = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TimingRecord:
    """How long a run took, and its throughput and memory. What is not known is None.

    Parameters
    ----------
    phases, total
        Seconds by phase, and of all phases together.
    users_from_cache
        The number of users with cached predictions.
    peak_memory_bytes, peak_device_memory_bytes
        Memory of the process, and of the GPU.
    users_per_second
        Throughput over the users without cached predictions.
    trial_seconds
        Seconds of the model trial.
    """

    phases: Mapping[str, float] = field(default_factory=dict)
    total: float | None = None
    users_from_cache: int | None = field(default=None, metadata=OPTIONAL)
    peak_memory_bytes: int | None = field(default=None, metadata=OPTIONAL)
    users_per_second: float | None = field(default=None, metadata=OPTIONAL)
    peak_device_memory_bytes: int | None = field(default=None, metadata=OPTIONAL)
    trial_seconds: float | None = field(default=None, metadata=OPTIONAL)


@dataclass(frozen=True)
class Expectation:
    """A value that the experiment expects, and whether the run meets it.

    Parameters
    ----------
    label
        The metric.
    value
        What was measured.
    expected, tolerance
        What the experiment expects.
    met
        Whether the value is within the tolerance.
    """

    label: str
    value: float | None
    expected: float
    tolerance: float
    met: bool


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """A finished run, as ``results.json`` holds it. The attributes are its keys.

    Parameters
    ----------
    schema_version
        2; files of version 1 have no digests.
    name
        Name of the experiment.
    created
        When it was computed, as ISO 8601 text.
    partial
        The stamp of a run on some of the users; None for all.
    experiment
        The resolved experiment.
    fingerprints
        SHA-256 by stage; equal ones mean equal results.
    model_files
        SHA-256 by path of the files of an external model.
    environment, dataset, protocol
        Where, on what and how it was measured.
    metrics
        One value per metric; NaN where it is not defined.
    slices
        Values of groups of users or items.
    audits
        What is odd in the data, the model and the lists.
    timings
        How long it took.
    expected
        The expectations of the experiment.
    profile
        Popularity and categories of the lists; None where it was not computed.
    files
        SHA-256 by path of the other files of the run; None in version 1.
    digest
        SHA-256 of the record without it; None in version 1.
    """

    schema_version: Literal[1, 2]
    name: str
    created: str | None = None
    partial: PartialRun | None = None
    experiment: ExperimentRecord
    fingerprints: Mapping[str, str]
    model_files: Mapping[str, str] = field(default_factory=dict)
    environment: EnvironmentRecord = field(default_factory=EnvironmentRecord)
    dataset: DatasetRecord = field(default_factory=DatasetRecord)
    protocol: ProtocolRecord
    metrics: tuple[MetricValue, ...]
    slices: tuple[SliceTable, ...] = ()
    audits: tuple[WrittenFinding, ...] = ()
    timings: TimingRecord = field(default_factory=TimingRecord)
    expected: tuple[Expectation, ...] = ()
    profile: ListProfile | None = field(default=None, metadata=OPTIONAL)
    files: Mapping[str, str] | None = field(default=None, metadata=OPTIONAL)
    digest: str | None = field(default=None, metadata=OPTIONAL)

    @property
    def headline(self) -> MetricValue | None:
        """The primary metric; the first one where the experiment names none that was computed."""
        primary = self.experiment.evaluation.primary
        first = self.metrics[0] if self.metrics else None
        return next((value for value in self.metrics if value.label == primary), first)

    @property
    def sampled_candidates(self) -> tuple[str, ...]:
        """The sentence that goes with every number over sampled candidates; empty where no candidates are sampled."""
        return tuple(finding.sentence for finding in self.audits if finding.name == "sampled_candidates")
