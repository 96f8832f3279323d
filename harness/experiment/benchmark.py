"""Benchmark files: several experiments and the baseline that they are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass as section

from harness.errors import ExperimentError, did_you_mean
from harness.experiment.experiment import Experiment, check_name
from harness.experiment.extends import load_tree
from harness.experiment.load import BENCHMARK_KEY, experiment_of, validate
from harness.experiment.output_settings import ReportSettings
from harness.experiment.overrides import apply_overrides, override_keys
from harness.experiment.sections import StatisticsSettings, not_computed
from harness.experiment.validation_errors import Path, dotted, shown
from harness.experiment.value_types import Text
from harness.experiment.yaml_nodes import Node, YamlLocation

_OWN_KEYS = frozenset({"name", "experiments", "baseline", "primary"})
_COMPARISON_KEYS = _OWN_KEYS | {"statistics"}  # overrides of these do not change the runs


@dataclass(frozen=True)
class Benchmark:
    """Experiments that share data, split and metrics, and the settings of their comparison.

    Parameters
    ----------
    name
        Name of the comparison: the comparison is written to ``report.directory/comparisons/<name>/``.
    experiments
        Two or more experiments with different names.
    baseline
        Name of the experiment that the others are compared with.
    primary
        Label of the primary metric.
    statistics, report
        Sections of the benchmark file. Keys that it leaves out come from the baseline's experiment.
    """

    name: str
    experiments: tuple[Experiment, ...]
    baseline: str
    primary: str
    statistics: StatisticsSettings
    report: ReportSettings


@section(frozen=True, config={"extra": "forbid", "strict": True})
class BenchmarkFile:
    """The keys of a benchmark file.

    Parameters
    ----------
    name
        Name of the comparison: words separated by single slashes.
    experiments
        Two or more experiment files, relative to this file.
    baseline
        File or name of the experiment that the others are compared with.
    primary
        Label of the primary metric. None: that of the baseline.
    statistics
        How differences are tested; keys that are left out come from the baseline.
    report
        Where the comparison is written.
    """

    name: Text
    experiments: Annotated[tuple[Text, ...], Field(min_length=2)]
    baseline: Text
    primary: str | None = None
    statistics: StatisticsSettings = Field(default_factory=StatisticsSettings)
    report: ReportSettings = ReportSettings()

    def __post_init__(self) -> None:
        check_name(self.name, self.report)


def is_benchmark(path: str | FilePath) -> bool:
    """Return whether a file is a benchmark, that is, whether it has the key ``experiments``.

    Raises
    ------
    ExperimentError
        The file cannot be read.
    """
    return load_tree(path).child(BENCHMARK_KEY) is not None


def load_benchmark(path: str | FilePath, overrides: Iterable[str] = ()) -> Benchmark:
    """Load a benchmark and its experiments from a YAML file.

    Parameters
    ----------
    path
        Benchmark file. Paths of experiments are relative to its folder.
    overrides
        ``a.b=value``. Overrides of ``name``, ``experiments``, ``baseline``, ``primary`` and ``statistics``
        apply to the benchmark, those of ``report`` to the benchmark and its experiments, all others to
        each experiment.

    Raises
    ------
    ExperimentError
        The file, one of its experiments or an override is invalid, or the experiments are not comparable.
    """
    overrides = tuple(overrides)
    for text in overrides:
        if override_keys(text)[:2] == ("evaluation", "primary"):
            location = YamlLocation(f"--set {text}")
            raise location.error(
                "a benchmark has its own primary metric, and its runs do not change. Use --set primary=LABEL."
            )
    own = [text for text in overrides if override_keys(text)[0] in _COMPARISON_KEYS | {"report"}]
    root = apply_overrides(load_tree(path), own)
    if root.child(BENCHMARK_KEY) is None and root.child("dataset") is not None:
        raise root.location.error("the file is an experiment; a benchmark lists 'experiments' and names a 'baseline'")
    file = validate(BenchmarkFile, root, root.plain())
    folder = FilePath(path).parent
    passed_on = [text for text in overrides if override_keys(text)[0] not in _COMPARISON_KEYS]
    experiments, wrong = [], []
    for index, entry in enumerate(file.experiments):
        try:
            tree = load_tree(folder / entry, named_at=_entry_location(root, index))
            experiments.append(experiment_of(apply_overrides(tree, passed_on)))
        except ExperimentError as error:
            wrong.append(str(error))
    if wrong:
        raise ExperimentError("\n".join(dict.fromkeys(wrong)))
    try:
        check_comparable(experiments)
    except ExperimentError as error:
        raise root.find((BENCHMARK_KEY,)).location.error(str(error)) from error
    baseline = _baseline(file, experiments, root)
    return Benchmark(
        name=file.name,
        experiments=tuple(experiments),
        baseline=baseline.name,
        primary=_primary(file, baseline, root),
        statistics=replace(baseline.statistics, **_section_values(root, "statistics")),
        report=replace(baseline.report, **_section_values(root, "report")),
    )


def check_comparable(experiments: Sequence[Experiment]) -> None:
    """Check that the results of experiments can be compared.

    Comparable experiments share the data set with its filters and split, the evaluated part, the
    candidates, and the metrics with their options and cutoffs.

    Raises
    ------
    ExperimentError
        Two experiments differ in one of these, or have the same name.
    """
    names: dict[str, Experiment] = {}
    for experiment in experiments:
        other = names.setdefault(experiment.name, experiment)
        if other is not experiment:
            raise ExperimentError(
                f"two experiments have the name '{experiment.name}': {other.where(('name',))} and "
                f"{experiment.where(('name',))}. Give one of them another name."
            )
    for experiment in experiments[1:]:
        _check_pair(experiments[0], experiment)


def _check_pair(first: Experiment, second: Experiment) -> None:
    left, right = _shared(first), _shared(second)
    for path in left | right:
        if left.get(path) != right.get(path):
            raise ExperimentError(
                f"{dotted(path)} differs: {_display(left.get(path))} in {first.where(path)}, "
                f"{_display(right.get(path))} in {second.where(path)}. Runs can be compared only if they share it."
            )


def _shared(experiment: Experiment) -> dict[Path, Any]:
    """Return the values that comparable experiments must share, by path."""
    plain = experiment.to_dict()
    evaluation = plain["evaluation"]
    return {
        **_flat(("dataset",), plain["dataset"]),
        **_flat(("candidates",), plain["candidates"]),
        ("runner", "limit_users"): plain["runner"]["limit_users"],
        ("evaluation", "part"): evaluation["part"],
        ("evaluation", "cutoffs"): sorted(evaluation["cutoffs"]),
        # A label includes the metric's options.
        ("evaluation", "metrics"): sorted(metric.label for metric in experiment.metrics),
    }


def _flat(path: Path, plain: Any) -> dict[Path, Any]:
    if isinstance(plain, dict):
        pairs: Iterable[tuple[Any, Any]] = plain.items()
    elif isinstance(plain, list):
        pairs = enumerate(plain)
    else:
        return {path: plain}
    return {deeper: value for step, below in pairs for deeper, value in _flat((*path, step), below).items()}


def _display(value: Any) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else shown(value)


def _entry_location(root: Node, index: int) -> YamlLocation:
    return root.find((BENCHMARK_KEY, index)).location


def _baseline(file: BenchmarkFile, experiments: Sequence[Experiment], root: Node) -> Experiment:
    for entry, experiment in zip(file.experiments, experiments, strict=True):
        if file.baseline == experiment.name or FilePath(file.baseline) == FilePath(entry):
            return experiment
    known = (*file.experiments, *(experiment.name for experiment in experiments))
    raise root.find(("baseline",)).location.error(
        f"the baseline {shown(file.baseline)} is not one of the experiments. {did_you_mean(file.baseline, known)}"
    )


def _primary(file: BenchmarkFile, baseline: Experiment, root: Node) -> str:
    labels = [metric.label for metric in baseline.metrics]
    if file.primary is None:
        return baseline.primary
    if file.primary not in labels:
        fault = not_computed(("primary",), "the primary metric", file.primary, labels)
        raise root.find(fault.path).location.error(fault.message)
    return file.primary


def _section_values(root: Node, key: str) -> dict[str, Any]:
    node = root.child(key)
    return {} if node is None else node.plain()
