"""One stage alone: a report rendered again, a data set described, a split written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import data, registry, storage
from harness.pipeline.run_folder import results as stored
from harness.pipeline.stages.data_audit import split_findings
from harness.pipeline.stages.preparation import prepare

if TYPE_CHECKING:
    from harness.experiment import Experiment


def render_again(folder: Path) -> Path:
    """Render the report of a finished run from its files, and return its path.

    Raises
    ------
    HarnessError
        The folder holds no finished run, a file is not the one that the run wrote, or it cannot be written.
    """
    stored.read_results(folder)  # a folder without a run is not locked
    stored.refuse_links(folder)
    with storage.lock(folder / ".run", timeout=storage.LONG):
        return stored.render_run(stored.read_run(folder))


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
