"""Render the report of a comparison: what differs, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.artifacts import Comparison, RunRecord
from harness.report.comparison_rows import PairRow, best_runs, headline_labels, pair_rows, value_rows
from harness.report.latex import comparison_latex
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
        SVG by file name.
    """

    html: str
    latex: str
    figures: Mapping[str, str]


@dataclass(frozen=True)
class RunProvenance:
    """Where a run of a comparison comes from; empty text if unknown."""

    name: str
    created: str
    model: str
    evaluation: str
    commit: str


def render_comparison(comparison: Comparison, records: Sequence[RunRecord]) -> ComparisonReport:
    """Return the report of a comparison.

    Parameters
    ----------
    comparison
        Differences and values.
    records
        The records of the runs.
    """
    shown = [clean(record) for record in records]
    compared = clean(comparison)
    values, pairs = value_rows(comparison), pair_rows(comparison)
    labels = list(values[0].values) if values else []
    leading = compared.primary or (labels[0] if labels else None)
    headline = headline_labels(labels, leading)
    directions = {value.label: value.higher_is_better for record in shown for value in record.metrics}
    best = best_runs(values, labels, directions)
    introduction = _introduction(compared, shown)
    figures = Figures()
    html = page(
        "comparison.html",
        title=_title(len(values) - 1, compared.baseline),
        banners=list(dict.fromkeys(record.partial.sentence for record in shown if record.partial is not None)),
        introduction=introduction,
        notes=compared.notes,
        baseline=compared.baseline,
        leading=leading,
        headline=headline,
        labels=labels,
        values=values,
        best=best,
        directions=directions,
        first=[pair for pair in pairs if pair.metric == leading],
        others=[pair for pair in pairs if pair.metric != leading],
        forests=_forests(figures, pairs, headline, compared),
        settings=facts(compared.settings),
        runs=[_provenance(record) for record in shown],
        version=next((f" {version}" for record in shown if (version := record.environment.harness)), ""),
    )
    latex = comparison_latex(
        values=[row.of(headline) for row in values],
        pairs=[pair for pair in pairs if pair.metric == leading],
        best=best,
        caption=introduction,
    )
    return ComparisonReport(html, latex, figures.files)


def _title(candidates: int, baseline: str) -> str:
    return f"{candidates} {'run' if candidates == 1 else 'runs'} against {baseline}"


def _introduction(comparison: Comparison, records: Sequence[RunRecord]) -> str:
    settings = comparison.settings
    datasets = " and ".join(dict.fromkeys(record.dataset.name for record in records if record.dataset.name))
    part = next((record.protocol.part for record in records), None)
    users = next((users for record in records if (users := record.protocol.users) is not None), None)
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
        f"{len(comparison.values)} runs{where}, compared with {comparison.baseline} "
        f"user by user.{test}{corrected}{level}."
    )


def _forests(figures: Figures, pairs: Sequence[PairRow], labels: Sequence[str], comparison: Comparison) -> list[Markup]:
    from harness.report.forest_plot import forest_plot
    from harness.report.svg import drawing

    margin, baseline = comparison.settings.get("margin"), comparison.baseline
    drawn = []
    with drawing():
        for label in labels:
            rows = [pair for pair in pairs if pair.metric == label]
            if rows:
                width = margin.get(label) if isinstance(margin, Mapping) else margin
                figure = forest_plot(rows, title=label, baseline=baseline, margin=width)
                title = f"Differences in {label} to {baseline}, with intervals"
                drawn.append(figures.add(figure, name=f"forest-{label}", title=title))
    return drawn


def _provenance(record: RunRecord) -> RunProvenance:
    git = record.environment.git
    commit = "" if git is None else f"{git.commit or ''}{' (with changes)' if git.dirty else ''}"
    return RunProvenance(
        name=record.name,
        created=record.created or "",
        model=record.experiment.model.kind or "",
        evaluation=record.fingerprints.get("evaluation", ""),
        commit=commit,
    )
