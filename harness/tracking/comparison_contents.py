"""Turn the record of a comparison into what MLflow stores: tags and a description."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness import storage
from harness.artifacts import ComparedRun, ComparisonRecord
from harness.tracking.mlflow_names import markdown_text, safe_name
from harness.tracking.run_contents import LONGEST_TAG

if TYPE_CHECKING:
    from mlflow.entities import Run

PAGE = "comparison.html"
TEXT = "comparison.md"
FILES = (PAGE, "comparison.json", "comparison.csv", TEXT, "comparison.tex", "robustness.csv")

_VIEW = "?workflowType=machine_learning"  # the menu of training runs rather than that of generative models
_COMMON = ("harness.dataset", "harness.split", "harness.part", "harness.convention", "harness.candidates")


def compared_runs(record: ComparisonRecord) -> tuple[ComparedRun, ...]:
    """Return every run of a comparison; records of earlier versions hold only the first seed of a model."""
    return record.members or record.runs


def identity(record: ComparisonRecord, name: str) -> str:
    """Return the SHA-256 of what makes two comparisons the same: name, runs, baseline, metric and settings."""
    runs = [(run.name, run.fingerprints.get("evaluation")) for run in compared_runs(record)]
    return storage.sha256_json([name, runs, record.baseline, record.primary, dict(record.settings)])


def tags(record: ComparisonRecord, name: str, runs: Mapping[str, Run]) -> dict[str, str]:
    """Return the tags of a comparison: its identity, its verdicts, and what its runs have in common.

    Parameters
    ----------
    record
        The record of the comparison.
    name
        Its name.
    runs
        The runs that are in the store, by name.
    """
    known = [run.data.tags for run in runs.values()]
    common = {
        key: known[0][key]
        for key in _COMMON
        if known and key in known[0] and all(each.get(key) == known[0][key] for each in known)
    }
    found = {
        "harness.kind": "comparison",
        **common,
        "harness.primary": record.primary,
        "harness.best": ", ".join(record.best),
        "harness.comparison": identity(record, name),
        "harness.runs": str(len(compared_runs(record))),
        "harness.stamps": " ".join(record.stamps),
        "mlflow.source.name": "harness",
    }
    if record.baseline is not None:
        found["harness.baseline"] = record.baseline
    for pair in record.verdicts:
        of = pair.candidate if record.baseline is not None else f"{pair.candidate} vs {pair.baseline}"
        found[safe_name(f"harness.verdict.{of}")] = pair.verdict
    return {key: value[:LONGEST_TAG] for key, value in found.items() if value}


def description(folder: Path, runs: Mapping[str, Run], *, page: str) -> str:
    """Return the description of a comparison in Markdown: headline, table, and links to the report and the runs.

    Parameters
    ----------
    folder
        Folder of the comparison.
    runs
        The runs that are in the store, by name.
    page
        Address of the run of the comparison in MLflow.
    """
    path = folder / TEXT
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    table, _, headline = text.partition("\n\n")
    links = [f"[{PAGE}]({page}/artifacts/{PAGE}{_VIEW})"]
    links += [f"[{markdown_text(name)}]({run_page(run)}{_VIEW})" for name, run in runs.items()]
    parts = [headline.strip(), table.strip(), f"Report: {links[0]}"]
    if len(links) > 1:
        parts.append(f"Runs: {', '.join(links[1:])}")
    shortened = "\n\n".join(part for part in parts if part)
    # Whole lines are left out, the last runs first.
    while len(shortened) > LONGEST_TAG and len(links) > 1:
        links.pop()
        shortened = "\n\n".join(part for part in [*parts[:3], f"Runs: {', '.join(links[1:])}, …"] if part)
    return shortened[:LONGEST_TAG]


def run_page(run: Run) -> str:
    """Return the address of a run, relative to MLflow's page."""
    return f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
