"""Render the report of a comparison: what differs, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.artifacts import Comparison, PairedDifference, Robustness, RunRecord, to_json
from harness.report.comparison_rows import best_marks, headline_labels, value_rows
from harness.report.latex import comparison_latex
from harness.report.markdown import values_markdown
from harness.report.number_text import clean, confidence_text, count_text, facts
from harness.report.page import Figures, page
from harness.report.quotable import quotable_sentence
from harness.report.robustness_text import agreement_text, claim_text

if TYPE_CHECKING:
    from markupsafe import Markup

_CORRECTIONS = {
    "maxt": "single-step maxT",
    "holm": "Holm's method",
    "bonferroni": "Bonferroni's method",
    "bh": "Benjamini and Hochberg's method",
}


@dataclass(frozen=True)
class ComparisonReport:
    """A rendered comparison.

    Parameters
    ----------
    html
        One self-contained page.
    latex
        Two tables for a paper; they need the package booktabs.
    markdown
        A table of values, with the sentence of the comparison.
    figures
        SVG by file name.
    """

    html: str
    latex: str
    markdown: str
    figures: Mapping[str, str]


@dataclass(frozen=True)
class RunProvenance:
    """Where a run of a comparison comes from; empty text if unknown."""

    name: str
    created: str
    model: str
    evaluation: str
    commit: str


def render_comparison(
    comparison: Comparison, records: Sequence[RunRecord], robustness: Robustness | None = None
) -> ComparisonReport:
    """Return the report of a comparison.

    Parameters
    ----------
    comparison
        Differences and values.
    records
        The records of the runs.
    robustness
        The verdicts under other choices, if they were computed.
    """
    shown = [clean(record) for record in records]
    compared = clean(comparison)
    values, pairs = value_rows(comparison), compared.overall
    labels = list(values[0].values) if values else []
    leading = compared.primary
    headline = headline_labels(labels, leading)
    directions = {value.label: value.higher_is_better for record in shown for value in record.metrics}
    best = best_marks(compared)
    introduction = _introduction(compared, shown)
    sentence = quotable_sentence(compared, shown)
    figures = Figures()
    html = page(
        "comparison.html",
        title=_title(len(values), compared.baseline),
        banners=[*dict.fromkeys(record.partial.sentence for record in shown if record.partial), *compared.stamps],
        introduction=introduction,
        sentence=sentence,
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
        letters=compared.groups if compared.groups is not None and len(values) > 2 else {},
        contrasts=compared.contrasts,
        robustness=None if robustness is None else clean(robustness),
        claim_text=claim_text,
        agreement_text=agreement_text,
        in_groups=compared.in_groups,
        forests=_forests(figures, pairs, headline, compared),
        settings=facts(to_json(compared.settings)),
        runs=[_provenance(record) for record in shown],
        version=next((f" {version}" for record in shown if (version := record.environment.harness)), ""),
    )
    latex = comparison_latex(
        values=[row.of(headline) for row in values],
        pairs=[pair for pair in pairs if pair.metric == leading],
        best=best,
        caption=introduction,
    )
    markdown = values_markdown([row.of(headline) for row in values], best=best, sentence=sentence)
    return ComparisonReport(html, latex, markdown, figures.files)


def _title(runs: int, baseline: str | None) -> str:
    if baseline is None:
        return f"All pairs of {runs} runs"
    return f"{runs - 1} {'run' if runs == 2 else 'runs'} against {baseline}"


def _introduction(comparison: Comparison, records: Sequence[RunRecord]) -> str:
    settings = comparison.settings
    datasets = " and ".join(dict.fromkeys(record.dataset.name for record in records if record.dataset.name))
    part = next((record.protocol.part for record in records), None)
    users = next((users for record in records if (users := record.protocol.users) is not None), None)
    where = f" on {datasets}" if datasets else ""
    where += f", {part} part" if part else ""
    where += f", {count_text(users)} users" if users is not None else ""
    corrected = _CORRECTIONS.get(settings.correction)
    family = f", corrected by {corrected}" if corrected else ""
    with_what = "with each other" if comparison.baseline is None else f"with {comparison.baseline}"
    return (
        f"{len(comparison.values)} runs{where}, compared {with_what} user by user. "
        f"Test: {settings.test}{family}, {confidence_text(settings.confidence)} intervals."
    )


def _forests(
    figures: Figures, pairs: Sequence[PairedDifference], labels: Sequence[str], comparison: Comparison
) -> list[Markup]:
    from harness.report.forest_plot import forest_plot
    from harness.report.svg import drawing

    margin, baseline = comparison.settings.margin, comparison.baseline
    drawn = []
    with drawing():
        for label in labels:
            rows = [pair for pair in pairs if pair.metric == label]
            if rows:
                width = margin.get(label) if isinstance(margin, Mapping) else margin
                figure = forest_plot(rows, title=label, baseline=baseline, margin=width)
                title = f"Differences in {label}{f' to {baseline}' if baseline else ''}, with intervals"
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
