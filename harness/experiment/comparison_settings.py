"""The settings of a comparison that has no experiment file, only finished runs and overrides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic.dataclasses import dataclass as section

from harness.experiment.components import keys_at
from harness.experiment.experiment import Experiment
from harness.experiment.load import validate
from harness.experiment.overrides import apply_overrides, override_keys
from harness.experiment.sections import ReportSettings, StatisticsSettings
from harness.experiment.validation_errors import dotted, unknown_key
from harness.experiment.yaml_nodes import Node, Place

_OF_THE_COMPARISON = (("statistics",), ("report",), ("evaluation", "primary"))
_HOW_A_RUN_IS_MADE = (
    ("tracking",),
    ("evaluation", "parallel"),
    *(("runner", key) for key in ("device", "devices", "batch_size", "memory", "parallel")),
)


@dataclass(frozen=True)
class ComparisonSettings:
    """What a comparison claims and where it is written.

    Parameters
    ----------
    statistics
        Test, correction, confidence, margin and seed.
    primary
        Label of the metric that decides.
    directory
        Folder of the reports; None where nothing names one.
    """

    statistics: StatisticsSettings
    primary: str | None
    directory: str | None


@section(frozen=True, config={"extra": "forbid", "strict": True})
class _PrimaryMetric:
    primary: str | None = None


@section(frozen=True, config={"extra": "forbid", "strict": True})
class _ComparisonSections:
    statistics: StatisticsSettings
    evaluation: _PrimaryMetric
    report: ReportSettings = ReportSettings()


def recorded_settings(record: Mapping[str, Any], overrides: Iterable[str], *, place: str) -> ComparisonSettings:
    """Return the settings that the record of a finished run holds, with overrides.

    The folder of the reports is taken from an override alone: a record may come from elsewhere.

    Parameters
    ----------
    record
        The resolved experiment in the run's ``results.json``.
    overrides
        ``a.b=value``, checked by ``check_overrides``.
    place
        The run's folder, for errors.

    Raises
    ------
    ExperimentError
        A value is wrong.
    """
    evaluation = record.get("evaluation")
    primary = evaluation.get("primary") if isinstance(evaluation, Mapping) else None
    plain = {"statistics": record.get("statistics"), "evaluation": {"primary": primary}}
    root = apply_overrides(_node(plain, Place(place)), overrides)
    settings = validate(_ComparisonSections, root, root.plain())
    directory = None if root.child("report") is None else settings.report.directory
    return ComparisonSettings(settings.statistics, settings.evaluation.primary, directory)


def overrides_of_runs(overrides: Iterable[str]) -> list[str]:
    """Return the overrides that hold for the runs of a comparison, not for the comparison alone.

    Examples
    --------
    >>> overrides_of_runs(["statistics.margin=0.01", "evaluation.primary=recall@5", "runner.k=20"])
    ['runner.k=20']
    """
    alone = [start for start in _OF_THE_COMPARISON if start != ("report",)]
    return [text for text in overrides if not any(override_keys(text)[: len(start)] == start for start in alone)]


def changes_comparison(override: str) -> bool:
    """Return whether an override may change what a comparison says, rather than where and how it is made.

    Examples
    --------
    >>> changes_comparison("statistics.margin=0.01"), changes_comparison("runner.device=cpu")
    (True, False)
    """
    keys = override_keys(override)
    return not any(keys[: len(start)] == start for start in (("name",), ("report",), *_HOW_A_RUN_IS_MADE))


def check_overrides(overrides: Iterable[str], *, finished: str, alone: bool) -> None:
    """Raise if an override would change a finished run rather than the comparison.

    Parameters
    ----------
    overrides
        ``a.b=value``.
    finished
        The folder of a finished run that is compared.
    alone
        Whether all compared runs are finished. Otherwise keys that say how a run is made, such as
        ``runner.device``, hold for those that are not.

    Raises
    ------
    ExperimentError
        A key is unknown, or decides what is computed for a run.
    """
    allowed = _OF_THE_COMPARISON if alone else (*_OF_THE_COMPARISON, *_HOW_A_RUN_IS_MADE)
    for override in overrides:
        keys, place = override_keys(override), Place(f"--set {override}")
        _refuse_unknown(keys, place)
        if not any(keys[: len(start)] == start for start in allowed):
            raise place.error(
                f"{dotted(keys)} is a key of runs, and {finished} is a finished run. Give its experiment file in the "
                "place of the folder, or leave the override out. Keys of the comparison can be set: statistics, "
                "report and evaluation.primary."
            )


def _refuse_unknown(keys: tuple[str, ...], place: Place) -> None:
    if keys[0] == "expected":  # its keys are labels of metrics
        return
    for depth, key in enumerate(keys):
        known = keys_at(Experiment, keys[:depth])
        if known and key not in known:
            raise place.error(unknown_key(key, keys[:depth], known).message)


def _node(plain: Any, place: Place) -> Node:
    if isinstance(plain, Mapping):
        return Node({str(key): _node(value, place) for key, value in plain.items()}, place)
    if isinstance(plain, (list, tuple)):
        return Node(tuple(_node(value, place) for value in plain), place)
    return Node(plain, place)
