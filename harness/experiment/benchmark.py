"""A benchmark: experiments that are compared with one of them."""

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
from harness.experiment.overrides import apply_overrides, override_keys
from harness.experiment.sections import ReportSettings, StatisticsSettings, not_computed
from harness.experiment.validation_errors import Path, dotted, shown
from harness.experiment.value_types import Text
from harness.experiment.yaml_nodes import Node, Place

_OWN_KEYS = frozenset({"name", "experiments", "baseline", "primary"})
_ALONE_KEYS = _OWN_KEYS | {"statistics"}  # an override of a comparison leaves its runs as they are


@dataclass(frozen=True)
class Benchmark:
    """Experiments on the same data, measured alike.

    Parameters
    ----------
    name
        Where the comparison goes below ``report.directory``.
    experiments
        Two or more, with names of their own.
    baseline
        The name of the experiment that the others are compared with.
    primary
        The label of the metric that decides.
    statistics, report
        The file's; what it does not say is as in the baseline's experiment.
    """

    name: str
    experiments: tuple[Experiment, ...]
    baseline: str
    primary: str
    statistics: StatisticsSettings
    report: ReportSettings


@section(frozen=True, config={"extra": "forbid", "strict": True})
class _BenchmarkFile:
    name: Text
    experiments: Annotated[tuple[Text, ...], Field(min_length=2)]
    baseline: Text
    primary: str | None = None
    statistics: StatisticsSettings = Field(default_factory=StatisticsSettings)
    report: ReportSettings = ReportSettings()

    def __post_init__(self) -> None:
        check_name(self.name, self.report)


def is_benchmark(path: str | FilePath) -> bool:
    """Return whether a file is a benchmark: whether it lists ``experiments``.

    Raises
    ------
    ExperimentError
        The file cannot be read.
    """
    return load_tree(path).child(BENCHMARK_KEY) is not None


def load_benchmark(path: str | FilePath, overrides: Iterable[str] = ()) -> Benchmark:
    """Return the benchmark of a YAML file.

    Parameters
    ----------
    path
        The file; the experiments that it lists are relative to its folder.
    overrides
        ``name``, ``experiments``, ``baseline``, ``primary`` and ``statistics`` are the benchmark's;
        ``report`` is set in it and in its experiments; all else in each experiment.

    Raises
    ------
    ExperimentError
        The file, one of the experiments, or an override is wrong, or they cannot be compared.
    """
    overrides = tuple(overrides)
    own = [text for text in overrides if override_keys(text)[0] in _ALONE_KEYS | {"report"}]
    root = apply_overrides(load_tree(path), own)
    if root.child(BENCHMARK_KEY) is None and root.child("dataset") is not None:
        raise root.place.error("the file is an experiment; a benchmark lists 'experiments' and names a 'baseline'")
    file = validate(_BenchmarkFile, root, root.plain())
    folder = FilePath(path).parent
    passed_on = [text for text in overrides if override_keys(text)[0] not in _ALONE_KEYS]
    experiments, wrong = [], []
    for index, entry in enumerate(file.experiments):
        try:
            tree = load_tree(folder / entry, named_at=_entry(root, index))
            experiments.append(experiment_of(apply_overrides(tree, passed_on)))
        except ExperimentError as error:
            wrong.append(str(error))
    if wrong:
        raise ExperimentError("\n".join(dict.fromkeys(wrong)))
    try:
        check_comparable(experiments)
    except ExperimentError as error:
        raise root.find((BENCHMARK_KEY,)).place.error(str(error)) from error
    baseline = _baseline(file, experiments, root)
    return Benchmark(
        name=file.name,
        experiments=tuple(experiments),
        baseline=baseline.name,
        primary=_primary(file, baseline, root),
        statistics=replace(baseline.statistics, **_given(root, "statistics")),
        report=replace(baseline.report, **_given(root, "report")),
    )


def check_comparable(experiments: Sequence[Experiment]) -> None:
    """Check that experiments differ in nothing that two compared numbers must share.

    These are the data set with its filters and split, the part, the candidates, and the metrics
    with their options and cutoffs.

    Raises
    ------
    ExperimentError
        Two differ in one of these, or have the same name.
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
                f"{dotted(path)} differs: {_words(left.get(path))} in {first.where(path)}, "
                f"{_words(right.get(path))} in {second.where(path)}. Only runs that share it can be compared."
            )


def _shared(experiment: Experiment) -> dict[Path, Any]:
    """Return what two compared experiments must share, a value a path."""
    plain = experiment.to_dict()
    evaluation = plain["evaluation"]
    return {
        **_flat(("dataset",), plain["dataset"]),
        **_flat(("candidates",), plain["candidates"]),
        ("runner", "limit_users"): plain["runner"]["limit_users"],
        ("evaluation", "part"): evaluation["part"],
        ("evaluation", "cutoffs"): sorted(evaluation["cutoffs"]),
        # A label holds the metric's options.
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


def _words(value: Any) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else shown(value)


def _entry(root: Node, index: int) -> Place:
    return root.find((BENCHMARK_KEY, index)).place


def _baseline(file: _BenchmarkFile, experiments: Sequence[Experiment], root: Node) -> Experiment:
    for entry, experiment in zip(file.experiments, experiments, strict=True):
        if file.baseline == experiment.name or FilePath(file.baseline) == FilePath(entry):
            return experiment
    known = (*file.experiments, *(experiment.name for experiment in experiments))
    raise root.find(("baseline",)).place.error(
        f"the baseline {shown(file.baseline)} is not one of the experiments. {did_you_mean(file.baseline, known)}"
    )


def _primary(file: _BenchmarkFile, baseline: Experiment, root: Node) -> str:
    labels = [metric.label for metric in baseline.metrics]
    if file.primary is None:
        return baseline.primary
    if file.primary not in labels:
        fault = not_computed(("primary",), "the primary metric", file.primary, labels)
        raise root.find(fault.path).place.error(fault.message)
    return file.primary


def _given(root: Node, key: str) -> dict[str, Any]:
    node = root.child(key)
    return {} if node is None else node.plain()
