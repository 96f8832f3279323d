"""The report of a comparison: what differs, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.artifacts import Comparison
from harness.report.comparison_rows import best_runs, headline_labels, pair_rows, value_rows
from harness.report.latex import comparison_latex
from harness.report.metric_matrix import banner, complete
from harness.report.number_text import clean, confidence_text, count_text, fact_text, facts
from harness.report.page import Figures, page

if TYPE_CHECKING:
    from markupsafe import Markup

_CORRECTIONS = {"holm": "Holm's method"}


@dataclass(frozen=True)
class ComparisonReport:
    """A rendered comparison.

    Parameters
    ----------
    html
        One self-contained page.
    latex
        Two tables for a paper; they need the package booktabs.
    figures
        File name to SVG.
    """

    html: str
    latex: str
    figures: Mapping[str, str]


def render_comparison(comparison: Comparison, runs: Sequence[Mapping[str, Any]]) -> ComparisonReport:
    """Return the report of a comparison.

    Parameters
    ----------
    comparison
        Differences and values.
    runs
        What each run's ``results.json`` holds; facts that are missing are left out.
    """
    shown = [complete(clean(run)) for run in runs]
    baseline = clean(comparison.baseline)
    values, pairs = value_rows(comparison), pair_rows(comparison)
    labels = [label for label in values[0] if label != "run"] if values else []
    leading = clean(comparison.primary) or (labels[0] if labels else None)
    headline = headline_labels(labels, leading)
    directions = {measure["label"]: measure["higher_is_better"] for run in shown for measure in run["metrics"]}
    best = best_runs(values, labels, directions)
    settings = clean(dict(comparison.settings))
    introduction = _introduction(comparison, shown, settings)
    figures = Figures()
    html = page(
        "comparison.html",
        title=_title(len(values) - 1, baseline),
        banners=list(dict.fromkeys(banner(run) for run in shown if run["partial"])),
        introduction=introduction,
        notes=clean(list(comparison.notes)),
        baseline=baseline,
        leading=leading,
        headline=headline,
        labels=labels,
        values=values,
        best=best,
        directions=directions,
        first=[pair for pair in pairs if pair["metric"] == leading],
        others=[pair for pair in pairs if pair["metric"] != leading],
        forests=_forests(figures, pairs, headline, baseline, settings),
        settings=facts(settings),
        runs=[_run_facts(run) for run in shown],
        version=next((f" {run['environment']['harness']}" for run in shown if "harness" in run["environment"]), ""),
    )
    latex = comparison_latex(
        values=[{"run": row["run"], **{label: row[label] for label in headline}} for row in values],
        pairs=[pair for pair in pairs if pair["metric"] == leading],
        best=best,
        caption=introduction,
    )
    return ComparisonReport(html, latex, figures.files)


def _title(candidates: int, baseline: str) -> str:
    return f"{candidates} {'run' if candidates == 1 else 'runs'} against {baseline}"


def _introduction(comparison: Comparison, runs: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> str:
    datasets = " and ".join(dict.fromkeys(run["dataset"]["name"] for run in runs if run["dataset"]["name"]))
    part = next((run["protocol"]["part"] for run in runs if "part" in run["protocol"]), None)
    users = next((run["protocol"]["users"] for run in runs if "users" in run["protocol"]), None)
    where = f" on {datasets}" if datasets else ""
    where += f", {part} part" if part else ""
    where += f", {count_text(users)} users" if users is not None else ""
    test = f" Test: {fact_text(settings['test']).replace('_', ' ')}" if settings.get("test") else " Differences"
    correction = settings.get("correction")
    corrected = (
        f", p-values corrected by {_CORRECTIONS.get(correction, correction)}"
        if correction and correction != "none"
        else ""
    )
    level = f", {confidence_text(settings['confidence'])} intervals" if settings.get("confidence") else ""
    return (
        f"{len(comparison.values)} runs{where}, compared with {clean(comparison.baseline)} "
        f"user by user.{test}{corrected}{level}."
    )


def _forests(
    figures: Figures,
    pairs: Sequence[Mapping[str, Any]],
    labels: Sequence[str],
    baseline: str,
    settings: Mapping[str, Any],
) -> list[Markup]:
    from harness.report.forest_plot import forest
    from harness.report.svg import drawing

    margin = settings.get("margin")
    drawn = []
    with drawing():
        for label in labels:
            rows = [pair for pair in pairs if pair["metric"] == label]
            if rows:
                width = margin.get(label) if isinstance(margin, Mapping) else margin
                figure = forest(rows, title=label, baseline=baseline, margin=width)
                title = f"Differences in {label} to {baseline}, with intervals"
                drawn.append(figures.add(figure, name=f"forest-{label}", title=title))
    return drawn


def _run_facts(run: Mapping[str, Any]) -> dict[str, Any]:
    git = run["environment"].get("git") or {}
    return {
        "name": run["name"],
        "created": run["created"],
        "model": run["experiment"].get("model", {}).get("kind", ""),
        "evaluation": run["fingerprints"].get("evaluation", ""),
        "commit": f"{git.get('commit', '')}{' (with changes)' if git.get('dirty') else ''}",
    }
