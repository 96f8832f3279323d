"""Gate a candidate: is it not worse than a baseline? ``harness gate``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

from harness import __version__, storage
from harness.artifacts import to_json
from harness.errors import HarnessError
from harness.experiment import Experiment, check_comparable, check_overrides, load_experiment
from harness.pipeline.commands.compare import refuse_force
from harness.pipeline.commands.gate_preflight import check_values
from harness.pipeline.commands.paired_runs import check_same_task
from harness.pipeline.commands.seeds import group_runs
from harness.pipeline.commands.validate import check_inputs
from harness.pipeline.run_folder.comparison_folder import reports_directory
from harness.pipeline.run_folder.earlier_uses import EarlierUses, earlier_uses
from harness.pipeline.run_folder.run_files import StoredRun, read_run
from harness.pipeline.run_folder.run_sources import is_remote, local_sources
from harness.pipeline.run_folder.seed_files import is_finished_run
from harness.statistics.non_inferiority import (
    LEVEL,
    MOST_GAIN,
    POWER,
    GatedMetric,
    GateStatus,
    gate_metrics,
    gate_status,
)

Requirement: TypeAlias = Literal["non-inferior", "not-worse-shown"]
AUDIT_FILE = "gates.jsonl"


@dataclass(frozen=True)
class GateOptions:
    """Options of a gate.

    Parameters
    ----------
    require
        ``non-inferior``: the candidate passes if a loss of the margin is excluded. ``not-worse-shown``: it also passes
        if nothing can be told.
    most_gain
        Relative gain above which a result is suspicious.
    level
        Level of the one-sided tests.
    seed
        Seed of sign flips.
    audit
        File to which a line is appended; None for ``gates.jsonl`` in the folder of the candidate's reports.
    force, quiet, track
        As in ``compare_runs``, for experiments without a finished run.
    """

    require: Requirement = "non-inferior"
    most_gain: float = MOST_GAIN
    level: float = LEVEL
    seed: int = 0
    audit: Path | None = None
    force: bool = False
    quiet: bool = False
    track: bool = True


@dataclass(frozen=True, eq=False)
class GateResult:
    """The decision of a gate.

    Parameters
    ----------
    status
        ``pass``, ``regression``, ``suspicious`` or ``cannot_tell``.
    passed
        Whether the release may go on: ``pass``, or ``cannot_tell`` where that is enough.
    candidate, baseline
        Names of the runs.
    require
        What was required.
    metrics
        The decision on each metric.
    warnings
        Sentences that go with the decision.
    audit
        The file to which the decision was appended.
    earlier
        Other uses of the test part that are on record; None for runs of another part.
    """

    status: GateStatus
    passed: bool
    candidate: str
    baseline: str
    require: Requirement
    metrics: Sequence[GatedMetric]
    warnings: tuple[str, ...]
    audit: Path
    earlier: EarlierUses | None = None


def gate(
    candidate: str,
    baseline: str,
    margins: Mapping[str, float],
    *,
    overrides: Sequence[str] = (),
    options: GateOptions | None = None,
) -> GateResult:
    """Decide whether a candidate is not worse than a baseline by more than a margin in each metric.

    Parameters
    ----------
    candidate, baseline
        Experiment files, folders of finished runs, or ids of runs in MLflow (``mlflow:RUN-ID``).
    margins
        Label of a metric to the largest loss that is accepted, in its unit.
    overrides
        ``a.b=value``, for experiments only.
    options
        None for the defaults.

    Raises
    ------
    HarnessError
        The runs were not measured in the same way, a metric is missing, or a margin is not positive.
    """
    options = options or GateOptions()
    if not 0 < options.level < 0.5:
        raise HarnessError(f"the level is {options.level}; use a share between 0 and 0.5, such as 0.05.")
    if not options.most_gain > 0:
        raise HarnessError(f"the largest plausible gain is {options.most_gain}; use a positive share, such as 0.5.")
    with local_sources([candidate, baseline]) as local:
        ours, theirs = _measured(local, overrides, options)
        check_same_task(ours, theirs)
        unchecked = [check_values(found, list(margins)) for found in (ours, theirs)]
    metrics = gate_metrics(
        ours.table,
        theirs.table,
        dict(margins),
        most_gain=options.most_gain,
        level=options.level,
        seed=options.seed,
    )
    _preflight(theirs, margins, options)
    status = gate_status(metrics)
    result = GateResult(
        status=status,
        passed=status == "pass" or (status == "cannot_tell" and options.require == "not-worse-shown"),
        candidate=ours.name,
        baseline=theirs.name,
        require=options.require,
        metrics=metrics,
        warnings=(*(text for text in unchecked if text is not None), *_warnings(metrics, ours, theirs)),
        audit=_audit_file(candidate, ours) if options.audit is None else options.audit,
        earlier=earlier_uses([ours, theirs], _reports(candidate, ours), ask_store=options.track),
    )
    _append(result, ours, theirs)
    return result


def gate_json(result: GateResult) -> dict[str, object]:
    """Return a decision as values of JSON."""
    return {
        "status": result.status,
        "passed": result.passed,
        "require": result.require,
        "candidate": result.candidate,
        "baseline": result.baseline,
        "metrics": [to_json(metric) for metric in result.metrics],
        "warnings": list(result.warnings),
        "earlier_uses": None if result.earlier is None else to_json(result.earlier),
    }


def _measured(sources: Sequence[str], overrides: Sequence[str], options: GateOptions) -> list[StoredRun]:
    folders = [source for source in sources if is_finished_run(source)]
    if folders:
        check_overrides(overrides, finished=folders[0], alone=len(folders) == len(sources))
    loaded: list[Experiment | Path] = [
        Path(source) if source in folders else load_experiment(source, overrides) for source in sources
    ]
    experiments = [source for source in loaded if isinstance(source, Experiment)]
    refuse_force(experiments, force=options.force)
    check_comparable(experiments)
    check_inputs(*experiments)
    return [
        read_run(source)
        if isinstance(source, Path)
        else group_runs(source, force=options.force, quiet=options.quiet, track=options.track).first
        for source in loaded
    ]


def _preflight(baseline: StoredRun, margins: Mapping[str, float], options: GateOptions) -> None:
    """Check the gate itself: a run passes against itself, with no difference of any user."""
    for metric in gate_metrics(baseline.table, baseline.table, dict(margins), level=options.level, seed=options.seed):
        if (metric.status, metric.n_nonzero) != ("pass", 0):
            raise HarnessError(
                f"the gate fails its own check: {baseline.name} against itself is {metric.status} in {metric.metric}. "
                "Report this."
            )


def _warnings(metrics: Sequence[GatedMetric], ours: StoredRun, theirs: StoredRun) -> list[str]:
    if all(metric.n_nonzero == 0 for metric in metrics):
        same = ours.record.fingerprints == theirs.record.fingerprints
        reason = "both are the same run." if same else "check that the candidate's lists are its own."
        return [f"no value of any user differs: {reason}"]
    return [
        f"an equally good candidate passes {metric.metric} with a chance of {metric.chance_if_equal:.0%}; "
        f"about {metric.users_needed:,} users give it {POWER:.0%} ({metric.n_users:,} were measured)."
        for metric in metrics
        if metric.chance_if_equal < POWER
    ]


def _reports(candidate: str, run: StoredRun) -> Path:
    """Return the folder of reports of the candidate, and ``reports`` for a run in MLflow."""
    return Path("reports") if is_remote(candidate) else reports_directory(run.folder, run.name)


def _audit_file(candidate: str, run: StoredRun) -> Path:
    """Return the default audit file: beside the candidate's folder, and in ``reports`` for a run in MLflow."""
    return (Path("reports") if is_remote(candidate) else run.folder.parent) / AUDIT_FILE


def _append(result: GateResult, ours: StoredRun, theirs: StoredRun) -> None:
    """Append the decision to the audit file, one line of JSON, under a lock."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "harness": __version__,
        **gate_json(result),
        "fingerprints": {
            "candidate": dict(ours.record.fingerprints),
            "baseline": dict(theirs.record.fingerprints),
        },
    }
    result.audit.parent.mkdir(parents=True, exist_ok=True)
    with storage.lock(result.audit), result.audit.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
