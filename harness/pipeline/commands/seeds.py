"""Run an experiment with each of its seeds: ``harness eval`` of an experiment with ``seeds``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import storage
from harness.errors import HarnessError
from harness.experiment import Experiment, as_experiment, seed_experiments
from harness.pipeline.commands.eval import RunResult, run
from harness.pipeline.commands.validate import check_inputs
from harness.pipeline.run_folder.run_files import StoredRun
from harness.pipeline.run_folder.seed_files import RunGroup, write_seeds
from harness.statistics.seed_means import SeedMean


@dataclass(frozen=True, eq=False)
class SeedResult:
    """The runs of an experiment with several seeds.

    Parameters
    ----------
    folder
        ``reports/<name>``; each run is in ``seed-<seed>`` below it.
    group
        The runs.
    means
        Means over seeds, one per metric.
    results
        The result of each run.
    """

    folder: Path
    group: RunGroup
    means: Sequence[SeedMean]
    results: Sequence[RunResult]


def run_seeds(experiment: Experiment | str | Path, *, force: bool = False, quiet: bool = False) -> SeedResult:
    """Run an experiment with each of its seeds, and write the means.

    A seed whose run is finished is read back, so that an interrupted call resumes.

    Parameters
    ----------
    experiment
        With ``seeds``.
    force
        Compute all runs even where they are finished.
    quiet
        Show no progress.

    Raises
    ------
    HarnessError
        The experiment has no seeds, or something in it, its data or a checkpoint is wrong.
    """
    experiment = as_experiment(experiment)
    if not experiment.seeds:
        raise HarnessError(f"{experiment.where(('seeds',))}: the experiment has no seeds. Add seeds: [0, 1, 2].")
    each = seed_experiments(experiment)
    check_inputs(*each)
    results = [run(one, force=force, quiet=quiet) for one in each]
    group = group_of(experiment, results)
    folder = storage.inside(Path(experiment.report.directory), experiment.name)
    return SeedResult(folder, group, write_seeds(folder, group), results)


def group_of(experiment: Experiment, results: Sequence[RunResult]) -> RunGroup:
    """Return the runs of an experiment as one model of a comparison."""
    return RunGroup(
        experiment.name,
        tuple(StoredRun(result.folder, result.record, result.table) for result in results),
        experiment.seeds,
        experiment.model.params.deterministic,
    )


def group_runs(experiment: Experiment, *, force: bool, quiet: bool, track: bool) -> RunGroup:
    """Return the run of an experiment, or the runs of its seeds, computed where they are not finished.

    Parameters
    ----------
    experiment
        The experiment.
    force, quiet
        As in ``run``.
    track
        Whether runs that are computed are sent to MLflow.
    """
    if not track:
        tracking = dataclasses.replace(experiment.tracking, enabled=False)
        source, experiment = experiment.source, dataclasses.replace(experiment, tracking=tracking)
        object.__setattr__(experiment, "source", source)
    if experiment.seeds:
        return run_seeds(experiment, force=force, quiet=quiet).group
    return group_of(experiment, [run(experiment, force=force, quiet=quiet)])
