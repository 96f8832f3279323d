"""Runs side by side: what is missing is run, then differences are tested and reported."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import report, statistics, storage
from harness.artifacts import Comparison
from harness.errors import HarnessError, did_you_mean
from harness.experiment import Benchmark, Experiment, check_comparable, is_benchmark, load_benchmark, load_experiment
from harness.pipeline import results as stored
from harness.pipeline.inputs import check_inputs
from harness.pipeline.running import run

# What a definition leaves to the lists: one run's pairs may be too many to be all looked at, another's not.
_OF_THE_LISTS = frozenset({"pairs"})

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
    """What the caller may choose over the files: None keeps what they say."""

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
        ``a.b=value``, for each experiment.

    Raises
    ------
    HarnessError
        The runs were not measured alike: the message names the key, or the fingerprint.
    """
    choices = choices or Choices()
    if len(sources) == 1 and not _is_run(sources[0]) and is_benchmark(sources[0]):
        return _compare_benchmark(load_benchmark(sources[0], overrides), choices)
    if len(sources) < 2:
        raise HarnessError("a comparison needs a benchmark file, or two experiments or more.")
    loaded: list[Experiment | Path] = [
        Path(source) if _is_run(source) else load_experiment(source, overrides) for source in sources
    ]
    experiments = [source for source in loaded if isinstance(source, Experiment)]
    check_comparable(experiments)
    check_inputs(*experiments)
    names = [stored.read_results(source)["name"] if isinstance(source, Path) else source.name for source in loaded]
    baseline = _baseline(choices.baseline, sources, names)
    runs = [stored.read_run(source) if isinstance(source, Path) else _run(source, choices) for source in loaded]
    settings = experiments[0].statistics if experiments else None
    directory = Path(experiments[0].report.directory) if experiments else runs[0].folder.parent
    folder = storage.inside(directory, choices.name or "comparison")
    first = runs[0].results["experiment"]
    return _compare(
        runs,
        folder=folder,
        baseline=baseline,
        primary=first["evaluation"]["primary"],
        settings=dataclasses.asdict(settings) if settings else first["statistics"],
    )


def _is_run(source: str) -> bool:
    return (Path(source) / stored.RESULTS).is_file()


def _run(experiment: Experiment, choices: Choices) -> stored.StoredRun:
    if not choices.track:
        experiment = dataclasses.replace(experiment, tracking=dataclasses.replace(experiment.tracking, enabled=False))
    result = run(experiment, force=choices.force, quiet=choices.quiet)
    return stored.StoredRun(result.folder, dict(result.results), result.table)


def _compare_benchmark(benchmark: Benchmark, choices: Choices) -> ComparisonResult:
    check_inputs(*benchmark.experiments)
    names = [experiment.name for experiment in benchmark.experiments]
    baseline = _baseline(choices.baseline or benchmark.baseline, names, names)
    runs = [_run(experiment, choices) for experiment in benchmark.experiments]
    return _compare(
        runs,
        folder=storage.inside(Path(benchmark.report.directory), choices.name or benchmark.name),
        baseline=baseline,
        primary=benchmark.primary,
        settings=dataclasses.asdict(benchmark.statistics),
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
    runs: Sequence[stored.StoredRun], *, folder: Path, baseline: str, primary: str | None, settings: Mapping[str, Any]
) -> ComparisonResult:
    tables = {run.name: run.table for run in runs}
    if len(tables) < len(runs):
        names = [run.name for run in runs]
        twice = next(name for name in names if names.count(name) > 1)
        raise HarnessError(f"two runs are called '{twice}'. Give each experiment a name of its own.")
    for other in runs[1:]:
        check_same_task(runs[0], other)
    comparison = statistics.compare(
        tables,
        baseline=baseline,
        primary=primary,
        test=settings["test"],
        correction=settings["correction"],
        margin=settings["margin"],
        confidence=settings["confidence"],
        seed=settings["seed"],
    )
    told = [
        audit["sentence"] for audit in runs[0].results.get("audits", []) if audit["name"] == stored.SAMPLED_CANDIDATES
    ]
    comparison = dataclasses.replace(comparison, notes=(*told, *comparison.notes))
    _write(folder, comparison, runs)
    return ComparisonResult(folder, comparison, runs)


def check_same_task(one: stored.StoredRun, other: stored.StoredRun) -> None:
    """Refuse two runs whose numbers do not mean the same.

    Raises
    ------
    HarnessError
        Split, part, candidates, users or metric definitions differ; the message names which.
    """
    shared = {row["label"] for row in one.results["metrics"]} & {row["label"] for row in other.results["metrics"]}
    ours, theirs = _task_facts(one.results, shared), _task_facts(other.results, shared)
    for key, value in ours.items():
        if value != theirs[key]:
            raise HarnessError(
                f"'{one.name}' and '{other.name}' cannot be compared: {key} differs ({value} and {theirs[key]}). "
                "Run both with the same protocol."
            )


def _task_facts(results: Mapping[str, Any], labels: Container[str]) -> dict[str, Any]:
    """Return what two runs must share for their numbers to mean the same."""
    return {
        "fingerprints.split": results["fingerprints"]["split"],
        "evaluation.part": results["protocol"]["part"],
        "candidates": results["protocol"]["candidates"],
        "runner.limit_users": results["experiment"]["runner"]["limit_users"],
        "metric definitions": {
            row["label"]: {name: value for name, value in row["variant"].items() if name not in _OF_THE_LISTS}
            for row in results["metrics"]
            if row["label"] in labels
        },
    }


def _write(folder: Path, comparison: Comparison, runs: Sequence[stored.StoredRun]) -> None:
    rendered = report.render_comparison(comparison, [run.results for run in runs])
    with storage.lock(folder / ".comparison"):
        stored.write_figures(folder, rendered.figures)
        storage.write_text(folder / COMPARISON_CSV, comparison.pairs.to_csv(index=False))
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
