"""One stage alone: a report rendered again, a data set described, a split written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness import data, registry, report
from harness.pipeline import results as stored
from harness.pipeline.data_audit import split_findings
from harness.pipeline.preparation import prepare
from harness.storage import write_text

if TYPE_CHECKING:
    from harness.experiment import Experiment


def render_again(folder: Path) -> Path:
    """Render the report of a finished run from its files, and return its path."""
    found = stored.read_run(folder)
    rendered = report.render_run(found.results, pd.read_parquet(folder / stored.PER_USER))
    stored.write_figures(folder, rendered.figures)
    write_text(folder / stored.REPORT, rendered.html)
    return folder / stored.REPORT


def describe_dataset(experiment: Experiment) -> dict[str, Any]:
    """Return the statistics of an experiment's data set, raw, filtered and split, and its audits."""
    prepared = prepare(experiment)
    return prepared.facts(experiment) | {"audits": split_findings(experiment, prepared.split)}


def describe_source(name: str) -> dict[str, Any]:
    """Return the statistics of a data set of the catalogue, as it comes."""
    found = registry.load("sources", name)().read()
    return {"name": found.name, "sha256": found.sha256, **found.facts, "raw": data.describe(found.interactions)}


def write_split(experiment: Experiment, folder: Path) -> list[Path]:
    """Write the parts of an experiment's split as parquet, in the data set's own ids."""
    return data.write_parts(prepare(experiment).split, folder)
