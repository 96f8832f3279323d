"""Write the parts of a split as files: ``harness data split``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness import data
from harness.pipeline.stages.preparation import prepare

if TYPE_CHECKING:
    from harness.experiment import Experiment


def write_split(experiment: Experiment, folder: Path) -> list[Path]:
    """Write the parts of an experiment's split as parquet, with external ids, and return their paths."""
    return data.write_parts(prepare(experiment).split, folder)
