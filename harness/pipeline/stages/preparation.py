"""Read, filter and split the data set of an experiment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness import data
from harness.artifacts import DatasetRecord, Part, Split

if TYPE_CHECKING:
    from harness.experiment import Experiment

FIT_PARTS: dict[str, tuple[Part, ...]] = {"train": ("train",), "train_validation": ("train", "validation")}


@dataclass(frozen=True, eq=False)
class PreparedData:
    """A data set, read, filtered and split."""

    source: data.SourceData
    filtered: data.FilterResult
    split: Split

    def record(self, experiment: Experiment) -> DatasetRecord:
        """Return what the record of a run holds about the data set."""
        return DatasetRecord(
            name=self.source.name,
            sha256=self.source.sha256,
            source=self.source.facts,
            warnings=self.source.warnings,
            raw=data.describe(self.source.interactions),
            filtered=data.describe(self.filtered.interactions),
            filters=self.filtered.steps,
            split={**experiment.to_dict()["dataset"]["split"], "facts": dict(self.split.facts)},
        )


def prepare(experiment: Experiment) -> PreparedData:
    """Read, filter and split an experiment's data set."""
    source = data.load_source(experiment.dataset)
    filtered = data.apply_filters(source.interactions, experiment.dataset.filters)
    return PreparedData(source, filtered, experiment.dataset.split.split(filtered.interactions))
