"""Find the runs of a comparison by what Python code passes: tables, results, folders, experiments."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from harness.artifacts import MetricTable
from harness.errors import HarnessError
from harness.experiment import Experiment, check_comparable, load_experiment, seed_experiments
from harness.pipeline.commands.eval import RunResult
from harness.pipeline.commands.run import cautions, collected_messages, warn
from harness.pipeline.commands.seeds import SeedResult, group_runs
from harness.pipeline.commands.validate import check_inputs
from harness.pipeline.run_folder.contribution_tables import with_contributions
from harness.pipeline.run_folder.run_files import StoredRun
from harness.pipeline.run_folder.run_sources import is_remote, local_sources
from harness.pipeline.run_folder.seed_files import RunGroup, group_in
from harness.pipeline.run_folder.slice_tables import with_slices

RunSource: TypeAlias = MetricTable | RunResult | SeedResult | StoredRun | Experiment | str | Path

_KINDS = "a table of harness.evaluate, a result of harness.run, the folder of a finished run, or an experiment"
_EXPERIMENT_FILES = (".yaml", ".yml")


@dataclass(frozen=True, eq=False)
class ComparedGroup:
    """A run of a comparison, or the runs of a model with several seeds.

    Parameters
    ----------
    name
        Its name in the comparison.
    runs
        One per seed; a single run without seeds.
    is_seeded
        Whether the runs are those of training seeds.
    """

    name: str
    runs: tuple[MetricTable | StoredRun, ...]
    is_seeded: bool


def compared_groups(
    runs: Mapping[str, RunSource | Sequence[RunSource]] | Sequence[RunSource],
) -> dict[str, ComparedGroup]:
    """Return the runs of a comparison by name. Experiments are run, or read back where their run is finished.

    Raises
    ------
    HarnessError
        A source is of another type, cannot be read or run, or a run in a list has no name of its own.
    """
    named: list[tuple[str | None, RunSource | list[RunSource]]] = [
        (
            name,
            [_loaded(name, one) for one in source]
            if isinstance(source, Sequence) and not isinstance(source, str)
            else _loaded(name, source),
        )
        for name, source in _named(runs)
    ]
    everything = [one for _, source in named for one in (source if isinstance(source, list) else [source])]
    experiments = [one for one in everything if isinstance(one, Experiment)]
    if not experiments:
        return _groups(named, [])
    check_comparable(experiments)
    check_inputs(*(one for experiment in experiments for one in seed_experiments(experiment)))
    with collected_messages() as messages:
        groups = _groups(named, messages)
    warn(messages, stacklevel=4)
    return groups


def _named(
    runs: Mapping[str, RunSource | Sequence[RunSource]] | Sequence[RunSource],
) -> list[tuple[str | None, RunSource | Sequence[RunSource]]]:
    """Return each source with its name; None for the name that the run has."""
    if isinstance(runs, Mapping):
        return list(runs.items())
    if isinstance(runs, Sequence) and not isinstance(runs, str):
        return [(None, run) for run in runs]
    raise HarnessError(
        f"runs is {_kind(runs)}; a map of names to runs is needed, such as {{'ease': table, 'popularity': folder}}, or "
        "a list of runs that have names."
    )


def _loaded(name: str | None, source: RunSource) -> RunSource:
    """Return a source as it is, or the experiment of a file."""
    if isinstance(source, (str, Path)) and not is_remote(str(source)):
        path = Path(source)
        return load_experiment(path) if path.suffix in _EXPERIMENT_FILES or path.is_file() else path
    if not isinstance(source, (str, MetricTable, RunResult, SeedResult, StoredRun, Experiment)):
        which = "a run" if name is None else f"the run '{name}'"
        raise HarnessError(f"{which} is {_kind(source)}; {_KINDS} is needed.")
    return source


def _groups(
    named: Sequence[tuple[str | None, RunSource | list[RunSource]]], messages: list[str]
) -> dict[str, ComparedGroup]:
    """Return the runs of each source by name; what limits the runs of experiments is appended to the messages."""
    found: dict[str, ComparedGroup] = {}
    for name, source in named:
        group = _group_of_list(name, source, messages) if isinstance(source, list) else _group(name, source, messages)
        if group.name in found:
            raise HarnessError(f"two runs are called '{group.name}'. Pass a map of other names to the runs.")
        found[group.name] = group
    return found


def _group_of_list(name: str | None, sources: Sequence[RunSource], messages: list[str]) -> ComparedGroup:
    if name is None:
        raise HarnessError(
            "a run is a list, which holds the runs of one model and has no name. Pass a map of names to runs and lists."
        )
    groups = [_group(name, one, messages) for one in sources]
    if any(group.is_seeded for group in groups):
        raise HarnessError(
            f"the list of '{name}' has one run per training seed, and a run in it has several seeds itself. Pass that "
            "run without the list."
        )
    return ComparedGroup(name, tuple(run for group in groups for run in group.runs), is_seeded=True)


def _group(name: str | None, source: RunSource, messages: list[str]) -> ComparedGroup:
    if isinstance(source, MetricTable):
        if name is None:
            raise HarnessError("a table of harness.evaluate has no name. Pass a map, such as {'ease': table}.")
        return ComparedGroup(name, (source,), is_seeded=False)
    if isinstance(source, (RunResult, StoredRun)):
        source = StoredRun(source.folder, source.record, source.table)
        group = RunGroup(source.name, (source,))
    elif isinstance(source, SeedResult):
        group = source.group
    elif isinstance(source, Experiment):
        group = group_runs(source, force=False, quiet=False, track=True)
        messages.extend(caution for run in group.runs for caution in cautions(run.record))
    else:
        with local_sources([str(source)]) as (folder,):
            group = group_in(Path(folder))
    name = group.name if name is None else name
    runs = tuple(
        with_slices(with_contributions(StoredRun(run.folder, dataclasses.replace(run.record, name=name), run.table)))
        for run in (group.distinct if group.seeds else group.runs)
    )
    return ComparedGroup(name, runs, is_seeded=bool(group.seeds))


def _kind(value: object) -> str:
    return f"of type {type(value).__name__}"
