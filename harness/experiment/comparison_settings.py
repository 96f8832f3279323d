"""Settings of a comparison of finished runs: recorded settings and overrides, without an experiment file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic.dataclasses import dataclass as section

from harness.experiment.components import keys_at
from harness.experiment.experiment import Experiment
from harness.experiment.load import validate
from harness.experiment.output_settings import ReportSettings
from harness.experiment.overrides import apply_overrides, override_keys
from harness.experiment.sections import StatisticsSettings
from harness.experiment.validation_errors import dotted, unknown_key
from harness.experiment.yaml_nodes import Node, YamlLocation

_COMPARISON_KEYS = (("statistics",), ("report",), ("evaluation", "primary"))
_EXECUTION_KEYS = (
    ("tracking",),
    ("evaluation", "parallel"),
    *(("runner", key) for key in ("device", "devices", "batch_size", "memory", "parallel")),
)


@dataclass(frozen=True)
class ComparisonSettings:
    """Statistics, primary metric and output folder of a comparison.

    Parameters
    ----------
    statistics
        Test, correction, confidence, margin and seed.
    primary
        Label of the primary metric.
    directory
        Folder of reports, or None if no override sets it.
    report
        Which users the page shows, and whether with their ids.
    """

    statistics: StatisticsSettings
    primary: str | None
    directory: str | None
    report: ReportSettings = field(default_factory=ReportSettings)


@section(frozen=True, config={"extra": "forbid", "strict": True})
class _PrimaryMetric:
    primary: str | None = None


@section(frozen=True, config={"extra": "forbid", "strict": True})
class _ComparisonSections:
    statistics: StatisticsSettings
    evaluation: _PrimaryMetric
    report: ReportSettings = field(default_factory=ReportSettings)


def recorded_settings(record: Mapping[str, Any], overrides: Iterable[str], *, folder: str) -> ComparisonSettings:
    """Return the settings recorded by a finished run, with overrides applied.

    The folder of reports comes from an override only, since the run may have been made on another machine.

    Parameters
    ----------
    record
        The resolved experiment in the run's ``results.json``.
    overrides
        ``a.b=value``, checked by ``check_overrides``.
    folder
        Folder of the run, for error messages.

    Raises
    ------
    ExperimentError
        A value is invalid.
    """
    evaluation = record.get("evaluation")
    primary = evaluation.get("primary") if isinstance(evaluation, Mapping) else None
    plain = {"statistics": record.get("statistics"), "evaluation": {"primary": primary}}
    root = apply_overrides(_node(plain, YamlLocation(folder)), overrides)
    settings = validate(_ComparisonSections, root, root.plain())
    directory = None if root.child("report") is None else settings.report.directory
    return ComparisonSettings(settings.statistics, settings.evaluation.primary, directory, settings.report)


def overrides_of_runs(overrides: Iterable[str]) -> list[str]:
    """Return the overrides that apply to the runs of a comparison rather than to the comparison itself.

    Examples
    --------
    >>> overrides_of_runs(["statistics.margin=0.01", "evaluation.primary=recall@5", "runner.k=20"])
    ['runner.k=20']
    """
    alone = [start for start in _COMPARISON_KEYS if start != ("report",)]
    return [text for text in overrides if not any(override_keys(text)[: len(start)] == start for start in alone)]


def changes_comparison(override: str) -> bool:
    """Return whether an override can change the result of a comparison.

    Overrides of the name, the folder of reports, and how a run is executed cannot.

    Examples
    --------
    >>> changes_comparison("statistics.margin=0.01"), changes_comparison("runner.device=cpu")
    (True, False)
    """
    keys = override_keys(override)
    return not any(keys[: len(start)] == start for start in (("name",), ("report",), *_EXECUTION_KEYS))


def check_overrides(overrides: Iterable[str], *, finished: str, alone: bool) -> None:
    """Check that no override would change a finished run.

    Parameters
    ----------
    overrides
        ``a.b=value``.
    finished
        Folder of a compared finished run.
    alone
        Whether all compared runs are finished. If not, keys that say how a run is executed, such as
        ``runner.device``, are allowed and apply to the runs that are not finished.

    Raises
    ------
    ExperimentError
        A key is unknown or changes what a run computes.
    """
    allowed = _COMPARISON_KEYS if alone else (*_COMPARISON_KEYS, *_EXECUTION_KEYS)
    for override in overrides:
        keys, location = override_keys(override), YamlLocation(f"--set {override}")
        _refuse_unknown(keys, location)
        if not any(keys[: len(start)] == start for start in allowed):
            raise location.error(
                f"{dotted(keys)} is a key of runs, and {finished} is a finished run, which does not change. Pass its "
                "experiment file instead of the folder, or remove the override. A comparison of finished runs takes "
                "overrides of statistics, report and evaluation.primary."
            )


def _refuse_unknown(keys: tuple[str, ...], location: YamlLocation) -> None:
    if keys[0] == "expected":  # the keys below it are labels of metrics
        return
    for depth, key in enumerate(keys):
        known = keys_at(Experiment, keys[:depth])
        if known and key not in known:
            raise location.error(unknown_key(key, keys[:depth], known).message)


def _node(plain: Any, location: YamlLocation) -> Node:
    if isinstance(plain, Mapping):
        return Node({str(key): _node(value, location) for key, value in plain.items()}, location)
    if isinstance(plain, (list, tuple)):
        return Node(tuple(_node(value, location) for value in plain), location)
    return Node(plain, location)
