"""The class ``Experiment``: everything that determines the numbers of a run and where they are written."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.errors import HarnessError
from harness.experiment.candidate_settings import CandidateSettings
from harness.experiment.components import name_or_map, options_of, to_map, to_plain
from harness.experiment.expected_value import ExpectedValue
from harness.experiment.metric_expansion import expand_specs
from harness.experiment.output_settings import ReportSettings, TrackingSettings
from harness.experiment.runner_settings import RunnerSettings
from harness.experiment.sections import (
    DatasetSettings,
    EvaluationSettings,
    ModelSettings,
    StatisticsSettings,
    not_computed,
)
from harness.experiment.validation_errors import FaultError
from harness.experiment.value_types import SEED_PATTERN, Seed, Text
from harness.experiment.yaml_nodes import Node
from harness.experiment.yaml_text import to_yaml
from harness.storage import inside

if TYPE_CHECKING:
    from harness.metrics import Metric

COMPARISONS = "comparisons"  # subfolder of the folder of reports, reserved for comparisons


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Experiment:
    """A validated experiment.

    Parameters
    ----------
    name
        Name of the run: words separated by single slashes. Results are written to ``report.directory/<name>/``.
    dataset, model, candidates, runner, evaluation, statistics, tracking, report
        Sections of the file.
    expected
        Expected values by metric label.
    seed
        Default of the model's seed. It affects no other seed.
    seeds
        Seeds of several runs of the model, one per seed; empty for a single run. See ``seed_experiments``.
    """

    name: Text
    dataset: DatasetSettings
    model: ModelSettings
    tracking: TrackingSettings
    candidates: CandidateSettings = CandidateSettings()
    runner: RunnerSettings = RunnerSettings()
    evaluation: EvaluationSettings = Field(default_factory=EvaluationSettings)
    statistics: StatisticsSettings = Field(default_factory=StatisticsSettings)
    report: ReportSettings = ReportSettings()
    expected: dict[str, ExpectedValue] = Field(default_factory=dict)
    seed: Seed = 0
    seeds: tuple[Seed, ...] = ()
    # The parsed file, for the locations in later errors. It is neither an option nor part of equality.
    source: Node | None = dataclasses.field(default=None, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        try:
            run_folder(self.report, self.name)
        except HarnessError as error:
            raise FaultError(("name",), str(error)) from error
        fit = self.model.fit
        if self.evaluation.part == "validation" and fit is not None and fit.on == "train_validation":
            raise FaultError(
                ("model", "fit", "on"),
                "model.fit.on is 'train_validation' and evaluation.part is 'validation': the model would be evaluated "
                "on the data that it was fitted on. Use fit.on: train, or part: test.",
            )
        self._check_seeds()
        self._check_depth()
        labels = [metric.label for metric in self.metrics]
        for label in self.expected:
            if label not in labels:
                raise not_computed(("expected", label), "the expected metric", label, labels)

    def _check_seeds(self) -> None:
        """Check that each seed has a checkpoint of its own."""
        seeds, checkpoint = self.seeds, self.model.checkpoint
        twice = next((seed for place, seed in enumerate(seeds) if seed in seeds[:place]), None)
        if twice is not None:
            raise FaultError(("seeds",), f"the seed {twice} is repeated. Remove one.")
        if self.expected and seeds:
            raise FaultError(("expected",), "expected values are of one run, and there are seeds. Remove one of both.")
        has_pattern = checkpoint is not None and SEED_PATTERN in checkpoint
        if has_pattern and not seeds:
            raise FaultError(
                ("model", "checkpoint"),
                f"model.checkpoint has {SEED_PATTERN}, and there are no seeds. Add seeds: [0, 1, 2], or "
                "name the file of one seed.",
            )
        if seeds and not has_pattern and not self.model.params.fitted:
            raise FaultError(
                ("model", "checkpoint"),
                "each seed needs a checkpoint of its own. Name them by a pattern, such as "
                f"checkpoint: runs/{SEED_PATTERN}.pt",
            )

    def _check_depth(self) -> None:
        """Check that lists are long enough for the cutoffs, and that a trial is not deeper than the run."""
        k, trial = self.runner.k, self.model.trial
        if trial is not None and trial.depth is not None and trial.depth > k:
            raise FaultError(
                ("model", "trial", "depth"),
                f"model.trial.depth is {trial.depth}, and runner.k is {k}: the lists of a trial cannot be longer than "
                "those of the run. Lower model.trial.depth, or remove it.",
            )
        ranks_targets = self.model.params.ranks_targets
        groups = expand_specs(self.evaluation.metrics, self.evaluation.cutoffs, self.evaluation.convention)
        for index, group in enumerate(groups):
            for metric in group:
                if not ranks_targets and "target_ranks" in metric.needs:
                    raise FaultError(
                        ("evaluation", "metrics", index),
                        f"{metric.label} needs the exact ranks of the relevant items, and this model returns top-K "
                        "lists, which do not contain the ranks of other items. Remove the metric.",
                    )
                cutoff = metric.cutoff or 0
                if cutoff <= k or (ranks_targets and metric.reads_exact_ranks):
                    continue
                cutoffs = self.evaluation.cutoffs
                key = ("cutoffs", cutoffs.index(cutoff)) if cutoff in cutoffs else ("metrics", index)
                message = f"{metric.label} looks at {cutoff} ranks of a list, and runner.k is {k}"
                raise FaultError(("evaluation", *key), f"{message}. Raise runner.k, or remove the cutoff.")

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics of ``evaluation``, one per metric and cutoff."""
        groups = expand_specs(self.evaluation.metrics, self.evaluation.cutoffs, self.evaluation.convention)
        return tuple(metric for group in groups for metric in group)

    @property
    def primary(self) -> str:
        """The label of the primary metric, on which a comparison is decided."""
        label = self.evaluation.primary
        assert label is not None  # noqa: S101  (the section fills it in)
        return label

    def where(self, keys: Sequence[str | int]) -> str:
        """Return the file and line of a key, or the name of an experiment that was not read from a file."""
        return f"'{self.name}'" if self.source is None else str(self.source.find(keys).location)

    def to_dict(self) -> dict[str, Any]:
        """Return the resolved experiment as dicts, lists and scalars, including defaults."""
        dataset = self.dataset
        components = {
            "catalog": None if dataset.catalog is None else name_or_map("sources", dataset.catalog),
            "filters": [to_map("filters", each) for each in dataset.filters],
            "split": to_map("splits", dataset.split),
        }
        keys = ("model", "candidates", "runner", "evaluation", "statistics", "tracking", "report", "expected")
        sections = {key: to_plain(getattr(self, key)) for key in keys}
        if not isinstance(self.statistics.test, str):
            sections["statistics"]["test"] = to_map("tests", self.statistics.test)
        own = {"name": self.name, "seed": self.seed, "seeds": list(self.seeds)}
        return {**own, "dataset": options_of(dataset) | components, **sections}

    def to_yaml(self) -> str:
        """Return the resolved experiment as YAML; loading it returns an equal experiment."""
        return to_yaml(self.to_dict())


def run_folder(report: ReportSettings, name: str) -> Path:
    """Return the folder of a run.

    Raises
    ------
    HarnessError
        The folder would lie outside the folder of reports, or in the folder of comparisons.
    """
    folder = inside(Path(report.directory), name)
    if name.partition("/")[0].casefold() == COMPARISONS:
        raise HarnessError(
            f"the name {name!r} lies in {Path(report.directory) / COMPARISONS}, the folder of comparisons. "
            "Begin the name with another word, such as 'ml-100k/ease'."
        )
    return folder


def check_name(name: str, report: ReportSettings) -> None:
    """Raise ``FaultError`` at ``name`` if the name leads out of the folder of reports."""
    try:
        inside(Path(report.directory), name)
    except HarnessError as error:
        raise FaultError(("name",), str(error)) from error
