"""Comparisons on the command line: runs that are missing are made, then differences are tested and reported."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import report, storage
from harness.artifacts import Comparison
from harness.errors import HarnessError, did_you_mean
from harness.experiment import (
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
)
from harness.pipeline.commands.paired_runs import compare
from harness.pipeline.commands.run import run
from harness.pipeline.commands.validate import check_inputs
from harness.pipeline.run_folder import results as stored
from harness.pipeline.run_folder.comparison_folder import comparison_folder, default_name, reports_directory

COMPARISON_HTML = "comparison.html"
COMPARISON_JSON = "comparison.json"
COMPARISON_CSV = "comparison.csv"
COMPARISON_TEX = "comparison.tex"


@dataclass(frozen=True, eq=False)
class ComparisonResult:
    """A finished comparison and the folder that holds it."""

    folder: Path
    comparison: Comparison
    runs: Sequence[stored.StoredRun]


@dataclass(frozen=True)
class Choices:
    """What the caller may choose over the files.

    Parameters
    ----------
    baseline
        Name or file of the run to compare with; None for what the benchmark says, else the first.
    name
        Of the comparison, relative to ``<reports>/comparisons``; None for that of the benchmark, else
        the runs' names and a hash of what decides the comparison.
    force, quiet
        As for ``run``.
    track
        Whether runs that are made are sent to MLflow.
    """

    baseline: str | None = None
    name: str | None = None
    force: bool = False
    quiet: bool = False
    track: bool = True


def compare_runs(
    sources: Sequence[str], *, overrides: Sequence[str] = (), choices: Choices | None = None
) -> ComparisonResult:
    """Compare experiments, one benchmark, or folders of finished runs.

    Parameters
    ----------
    sources
        One benchmark file; or experiment files and folders with a ``results.json``, at least two.
    overrides
        ``a.b=value``. ``statistics`` and ``evaluation.primary`` hold for the comparison alone, all
        else for each experiment. Finished runs take only keys of the comparison: these, and ``report``.

    Raises
    ------
    HarnessError
        The runs were not measured alike: the message names the key, or the fingerprint. Or an
        override is one that a finished run cannot take.
    """
    choices = choices or Choices()
    if len(sources) == 1 and not _is_run(sources[0]) and is_benchmark(sources[0]):
        return _compare_benchmark(sources[0], overrides, choices)
    if len(sources) < 2:
        raise HarnessError("a comparison needs a benchmark file, or two experiments or more.")
    folders = [Path(source) for source in sources if _is_run(source)]
    if folders:
        check_overrides(overrides, finished=str(folders[0]), alone=len(folders) == len(sources))
    loaded: list[Experiment | Path] = [
        Path(source) if _is_run(source) else load_experiment(source, overrides) for source in sources
    ]
    experiments = [source for source in loaded if isinstance(source, Experiment)]
    check_comparable(experiments)
    check_inputs(*experiments)
    names = [stored.read_results(source)["name"] if isinstance(source, Path) else source.name for source in loaded]
    baseline = _baseline(choices.baseline, sources, names)
    settings = _settings_of(experiments[0]) if experiments else _settings_of_folder(folders[0], overrides)
    directory = reports_directory(folders[0], names[0]) if settings.directory is None else Path(settings.directory)
    if choices.name is not None:
        comparison_folder(directory, choices.name)  # a name that cannot be used is told before anything is run
    # Overrides of the comparison leave the runs as their files say.
    own = overrides_of_runs(overrides)
    runs = [
        stored.read_run(source) if isinstance(source, Path) else _run(load_experiment(name, own), choices)
        for name, source in zip(sources, loaded, strict=True)
    ]
    return _compare(runs, baseline=baseline, settings=settings, directory=directory, name=choices.name)


def _settings_of(file: Experiment | Benchmark) -> ComparisonSettings:
    return ComparisonSettings(file.statistics, file.primary, file.report.directory)


def _settings_of_folder(folder: Path, overrides: Sequence[str]) -> ComparisonSettings:
    return recorded_settings(stored.read_results(folder)["experiment"], overrides, folder=str(folder))


def _is_run(source: str) -> bool:
    return (Path(source) / stored.RESULTS).is_file()


def _run(experiment: Experiment, choices: Choices) -> stored.StoredRun:
    if not choices.track:
        experiment = dataclasses.replace(experiment, tracking=dataclasses.replace(experiment.tracking, enabled=False))
    result = run(experiment, force=choices.force, quiet=choices.quiet)
    return stored.StoredRun(result.folder, dict(result.results), result.table)


def _compare_benchmark(path: str, overrides: Sequence[str], choices: Choices) -> ComparisonResult:
    benchmark = load_benchmark(path, overrides)
    check_inputs(*benchmark.experiments)
    names = [experiment.name for experiment in benchmark.experiments]
    baseline = _baseline(choices.baseline or benchmark.baseline, names, names)
    directory, name = Path(benchmark.report.directory), benchmark.name if choices.name is None else choices.name
    comparison_folder(directory, name)
    # What is not as the file says is another comparison, and has a folder of its own.
    differs = choices.baseline is not None or any(map(changes_comparison, overrides))
    stem = benchmark.name if differs and choices.name is None else None
    runs = [_run(experiment, choices) for experiment in benchmark.experiments]
    return _compare(
        runs,
        baseline=baseline,
        settings=_settings_of(benchmark),
        directory=directory,
        name=None if stem is not None else name,
        stem=stem,
    )


def _baseline(chosen: str | None, sources: Sequence[str], names: Sequence[str]) -> str:
    """Return the name of the run that the user means, by name or by file; the first by default."""
    if chosen is None:
        return names[0]
    named = next((name for source, name in zip(sources, names, strict=True) if chosen == source), chosen)
    if named not in names:
        raise HarnessError(f"unknown baseline '{chosen}'. {did_you_mean(chosen, names)}")
    return named


def _compare(
    runs: Sequence[stored.StoredRun],
    *,
    baseline: str,
    settings: ComparisonSettings,
    directory: Path,
    name: str | None,
    stem: str | None = None,
) -> ComparisonResult:
    """Compare runs and write the comparison, without a name to a folder named by a stem, or the runs, and a hash."""
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise HarnessError(f"two runs are called '{twice}'. Give each experiment a name of its own.")
    chosen = dataclasses.asdict(settings.statistics)
    comparison = compare(dict(zip(names, runs, strict=True)), baseline=baseline, primary=settings.primary, **chosen)
    if name is None:
        facts = {
            "runs": [[run.name, run.results["fingerprints"]] for run in runs],
            "baseline": baseline,
            "primary": settings.primary,
            "statistics": chosen,
        }
        name = default_name(names, facts, stem=stem)
    folder = comparison_folder(directory, name)
    _write(folder, comparison, runs)
    return ComparisonResult(folder, comparison, runs)


def _write(folder: Path, comparison: Comparison, runs: Sequence[stored.StoredRun]) -> None:
    rendered = report.render_comparison(comparison, [run.results for run in runs])
    with storage.lock(folder / ".comparison"):
        stored.write_figures(folder, rendered.figures)
        storage.write_csv(folder / COMPARISON_CSV, comparison.pairs)
        storage.write_text(folder / COMPARISON_TEX, rendered.latex)
        storage.write_text(folder / COMPARISON_HTML, rendered.html)
        storage.write_text(folder / COMPARISON_JSON, stored.dump_json(_plain(comparison, runs)))


def _plain(comparison: Comparison, runs: Sequence[stored.StoredRun]) -> dict[str, Any]:
    pairs = comparison.pairs.astype(object).where(comparison.pairs.notna(), None)
    return {
        "schema_version": stored.SCHEMA_VERSION,
        "baseline": comparison.baseline,
        "primary": comparison.primary,
        "settings": dict(comparison.settings),
        "notes": list(comparison.notes),
        "runs": [{"name": run.name, "fingerprints": run.results["fingerprints"]} for run in runs],
        "pairs": pairs.to_dict(orient="records"),
    }
