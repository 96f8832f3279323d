"""Compare experiments, benchmarks and finished runs, and write the comparison: ``harness compare``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness import storage
from harness.artifacts import Comparison, Robustness, to_json
from harness.errors import HarnessError, did_you_mean
from harness.experiment import (
    COMPARISONS,
    Benchmark,
    ComparisonSettings,
    Experiment,
    changes_comparison,
    check_comparable,
    check_overrides,
    is_benchmark,
    load_benchmark,
    load_experiment,
    overrides_of_runs,
    recorded_settings,
    seed_experiments,
)
from harness.pipeline.commands.comparison_options import ComparisonOptions
from harness.pipeline.commands.freeze import frozen_stamp
from harness.pipeline.commands.list_swaps import with_list_swaps
from harness.pipeline.commands.paired_runs import compare
from harness.pipeline.commands.robustness import robustness
from harness.pipeline.commands.seeds import group_runs
from harness.pipeline.commands.shared_users import shared_users
from harness.pipeline.commands.validate import check_inputs
from harness.pipeline.run_folder.comparison_files import ComparisonExtras, read_comparison, write_comparison
from harness.pipeline.run_folder.comparison_folder import comparison_folder, reports_directory
from harness.pipeline.run_folder.comparison_identity import comparison_facts, unnamed_folder
from harness.pipeline.run_folder.earlier_uses import earlier_uses
from harness.pipeline.run_folder.result_index import write_index
from harness.pipeline.run_folder.run_files import StoredRun
from harness.pipeline.run_folder.run_sources import is_remote, local_sources
from harness.pipeline.run_folder.seed_files import RunGroup, group_in, is_finished_run, name_of, record_in
from harness.pipeline.stages.publication import publish_comparison
from harness.report import PSEUDONYM

if TYPE_CHECKING:
    from harness.tracking import TrackedRun


@dataclass(frozen=True, eq=False)
class RunComparison:
    """A comparison of runs, and the folder with its files.

    Parameters
    ----------
    folder
        ``<reports>/comparisons/<name>``.
    comparison
        Differences and values.
    runs
        The runs, the baseline among them.
    robustness
        The verdicts under other choices, if they were asked for.
    tracked
        Where the comparison is in MLflow; None if it is not there.
    """

    folder: Path
    comparison: Comparison
    runs: Sequence[StoredRun]
    robustness: Robustness | None = None
    tracked: TrackedRun | None = None


def compare_runs(
    sources: Sequence[str], *, overrides: Sequence[str] = (), options: ComparisonOptions | None = None
) -> RunComparison:
    """Compare experiments, one benchmark, or finished runs.

    Parameters
    ----------
    sources
        One benchmark file; or at least two experiment files, folders with a ``results.json``, and ids of runs in MLflow
        (``mlflow:RUN-ID``).
    overrides
        ``a.b=value``. ``statistics`` and ``evaluation.primary`` hold only for the comparison, all other keys for each
        experiment. Finished runs take only these keys and ``report``.
    options
        Options that take precedence over the files; None for the defaults.

    Raises
    ------
    HarnessError
        The runs were not measured in the same way; the message names the key, or the fingerprint. Or a finished run
        cannot take an override.
    """
    options = options or ComparisonOptions()
    with local_sources(sources) as local:
        return _compare_local(local, sources, overrides, options)


def _compare_local(
    sources: Sequence[str], named: Sequence[str], overrides: Sequence[str], options: ComparisonOptions
) -> RunComparison:
    """Compare sources that are files and folders; ``named`` are those that the user named."""
    if len(sources) == 1 and not is_finished_run(sources[0]) and is_benchmark(sources[0]):
        return _compare_benchmark(sources[0], overrides, options)
    if len(sources) < 2:
        raise HarnessError("a comparison needs a benchmark file, or two experiments or more.")
    folders = [Path(source) for source in sources if is_finished_run(source)]
    if folders:
        check_overrides(overrides, finished=str(folders[0]), alone=len(folders) == len(sources))
    loaded: list[Experiment | Path] = [
        Path(source) if is_finished_run(source) else load_experiment(source, overrides) for source in sources
    ]
    experiments = [source for source in loaded if isinstance(source, Experiment)]
    refuse_force(experiments, force=options.force)
    check_comparable(experiments)
    check_inputs(*(one for experiment in experiments for one in seed_experiments(experiment)))
    names = [name_of(source) if isinstance(source, Path) else source.name for source in loaded]
    baseline = _baseline(options.baseline, named, names)
    settings = _settings_of(experiments[0]) if experiments else _settings_of_folder(folders[0], overrides)
    directory = _directory(named, names, settings)
    if options.name is not None:
        comparison_folder(directory, options.name)  # refuses a name that cannot be used before anything is run
    # Overrides of the comparison do not change the runs.
    own = overrides_of_runs(overrides)
    groups = [
        group_in(source) if isinstance(source, Path) else _group(load_experiment(name, own), options)
        for name, source in zip(sources, loaded, strict=True)
    ]
    return _compare(groups, options, baseline=baseline, settings=settings, directory=directory)


def _directory(named: Sequence[str], names: Sequence[str], settings: ComparisonSettings) -> Path:
    """Return the folder of reports: the one that is set, else that of the first folder, else ``reports``."""
    if settings.directory is not None:
        return Path(settings.directory)
    first = next(((source, name) for source, name in zip(named, names, strict=True) if not is_remote(source)), None)
    return Path("reports") if first is None else reports_directory(Path(first[0]), first[1])


def _settings_of(file: Experiment | Benchmark) -> ComparisonSettings:
    return ComparisonSettings(file.statistics, file.primary, file.report.directory, file.report)


def _settings_of_folder(folder: Path, overrides: Sequence[str]) -> ComparisonSettings:
    return recorded_settings(record_in(folder).experiment.resolved, overrides, folder=str(folder))


def refuse_force(experiments: Sequence[Experiment], *, force: bool) -> None:
    """Refuse ``--force`` where it would be ignored: no run is computed.

    Raises
    ------
    HarnessError
        All runs are finished.
    """
    if force and not experiments:
        raise HarnessError(
            "--force computes runs again, and all of these are finished runs, which are only read. Pass their "
            "experiment files instead, or leave it out."
        )


def _group(experiment: Experiment, options: ComparisonOptions) -> RunGroup:
    return group_runs(experiment, force=options.force, quiet=options.quiet, track=options.track)


def _compare_benchmark(path: str, overrides: Sequence[str], options: ComparisonOptions) -> RunComparison:
    benchmark = load_benchmark(path, overrides)
    check_inputs(*(one for experiment in benchmark.experiments for one in seed_experiments(experiment)))
    names = [experiment.name for experiment in benchmark.experiments]
    baseline = _baseline(options.baseline or benchmark.baseline, names, names)
    directory = Path(benchmark.report.directory)
    comparison_folder(directory, benchmark.name if options.name is None else options.name)
    # A comparison that differs from the file has another folder.
    flags = (options.baseline is not None, options.robustness, options.swap_lists)
    differs = any(flags) or any(map(changes_comparison, overrides))
    groups = [_group(experiment, options) for experiment in benchmark.experiments]
    compared = dataclasses.replace(benchmark, baseline=baseline)
    stamp = frozen_stamp(Path(path), compared, groups[0].first.record.fingerprints["split"])
    return _compare(
        groups,
        options,
        stamp=stamp,
        baseline=baseline,
        settings=_settings_of(benchmark),
        directory=directory,
        stem=benchmark.name,
        differs=differs,
    )


def _baseline(chosen: str | None, sources: Sequence[str], names: Sequence[str]) -> str:
    """Return the name of the baseline, which the user gives by name or by file; the first run by default."""
    if chosen is None:
        return names[0]
    named = next((name for source, name in zip(sources, names, strict=True) if chosen == source), chosen)
    if named not in names:
        raise HarnessError(f"unknown baseline '{chosen}'. {did_you_mean(chosen, names)}")
    return named


def _compare(
    groups: Sequence[RunGroup],
    options: ComparisonOptions,
    *,
    baseline: str,
    settings: ComparisonSettings,
    directory: Path,
    stem: str | None = None,
    differs: bool = False,
    stamp: str | None = None,
) -> RunComparison:
    """Compare runs and write the comparison.

    Its default name is the stem, which is the name of the benchmark, or the names of the runs. A hash follows if the
    comparison differs from the benchmark's own.
    """
    names = [group.name for group in groups]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise HarnessError(f"two runs are called '{twice}'. Give each experiment another name.")
    chosen = settings.statistics
    comparison = compare(
        {group.name: group.distinct if group.seeds else group.first for group in groups},
        baseline=baseline,
        pairs=chosen.pairs,
        primary=settings.primary,
        test=chosen.test,
        correction=chosen.correction,
        unit=chosen.unit,
        margin=chosen.margin,
        confidence=chosen.confidence,
        seeds=chosen.seeds,
        seed=chosen.seed,
    )
    runs = [run for group in groups for run in group.runs]
    seeds = settings.statistics.seeds
    facts = comparison_facts(
        runs,
        {"baseline": baseline, "primary": settings.primary, "statistics": to_json(comparison.settings)},
        robustness=options.robustness,
        swap_lists=options.swap_lists,
        seeds=None if seeds == "components" else seeds,
    )
    if options.name is None:
        folder = unnamed_folder(directory, names, facts, stem=stem, whole=not differs)
    else:
        folder = comparison_folder(directory, options.name)
    uses = earlier_uses(runs, directory, ask_store=options.track, own=folder)
    findings = [finding for group in groups for finding in group.findings]
    comparison = dataclasses.replace(
        comparison,
        notes=(*findings, *comparison.notes, *([] if uses is None else [str(uses)])),
        stamps=() if stamp is None else (stamp,),
    )
    single = {group.name: group.first for group in groups}
    for flag, wanted in (("--robustness", options.robustness), ("--swap-lists", options.swap_lists)):
        seeded = next((group.name for group in groups if group.seeds), None)
        if wanted and seeded is not None:
            raise HarnessError(f"{flag} compares single runs, and {seeded} has several seeds. Compare one of them.")
    comparison = with_list_swaps(single, comparison) if options.swap_lists else comparison
    found = robustness(single, comparison) if options.robustness else None
    shown = list(single.values())
    users = shared_users(single, comparison.primary, settings.report.examples)
    hides_ids = settings.report.ids == PSEUDONYM
    extras = ComparisonExtras(found, users, hides_ids=hides_ids, identity=storage.sha256_json(facts), members=runs)
    write_comparison(folder, comparison, shown, extras)
    write_index(directory)
    tracked = None
    if options.track and any(run.record.experiment.tracking.enabled for run in runs):
        name = folder.relative_to(directory / COMPARISONS).as_posix()
        tracked = publish_comparison(read_comparison(folder), folder, name=name)
    return RunComparison(folder, comparison, shown, found, tracked)
