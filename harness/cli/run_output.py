"""What ``harness eval`` and ``harness score`` print about a run."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from harness.cli.printing import Output, tracked_lines

if TYPE_CHECKING:
    from harness.pipeline import RunResult, SeedResult


def run_output(result: RunResult) -> Output:
    """Return the metrics of a run, where its report is, and the expectations that it misses."""
    from harness.report import run_rows, run_table

    record, report = result.record, result.folder / "report.html"
    tracked = None if result.tracked is None else {"run_id": result.tracked.run_id, "uri": result.tracked.uri}
    notes = [f"report  {report}"]
    if result.was_finished:
        notes.insert(0, "This run was finished before and is shown again; --force computes it again.")
    notes += tracked_lines(result.tracked)
    value = {
        "name": record.name,
        "results": str(result.folder / "results.json"),
        "report": str(report),
        "was_finished": result.was_finished,
        "mlflow": tracked,
        "partial": record.partial,
        "metrics": record.metrics,
        "audits": record.audits,
        "missed": result.missed,
    }
    return Output(run_table(record), run_rows(record), value, notes)


def missed_lines(result: RunResult) -> list[str]:
    """Return a line for each expectation that a run misses."""
    return [
        f"{result.record.name}: {row.label} is {row.value:.6f}, expected {row.expected:g} within {row.tolerance:g}"
        for row in result.missed
    ]


def seed_output(result: SeedResult) -> Output:
    """Return the means over the seeds of an experiment, and where the reports of its runs are."""
    from harness.report import seed_table

    group = result.group
    title = f"{group.name}, {len(group.distinct)} of {len(group.seeds)} seeds"
    cells = [
        (mean.label, mean.mean, mean.ci_low, mean.ci_high, mean.std_seeds, mean.seed_share) for mean in result.means
    ]
    means = [{"run": group.name, **dataclasses.asdict(mean)} for mean in result.means]
    reports = [str(run.folder / "report.html") for run in group.runs]
    seeds = result.folder / "seeds.json"
    value = {"name": group.name, "results": str(seeds), "reports": reports, "means": means, "findings": group.findings}
    notes = [*(f"report  {report}" for report in reports), f"means   {seeds}"]
    return Output(seed_table(title, cells, group.findings), means, value, notes)
