"""Render the report of a comparison: what differs, by how much, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.artifacts import Comparison, PairedDifference, Robustness, RunRecord, SharedUsers, to_json
from harness.report.pages.comparison_figures import MOST_ROWS, curves, forests, trade_offs
from harness.report.pages.comparison_trust import comparison_trust
from harness.report.pages.leaderboard import leaderboard
from harness.report.pages.page import Figures, page
from harness.report.pages.redundant_metrics import redundant_metrics
from harness.report.pages.shared_rows import shared_rows
from harness.report.pages.short_names import (
    common_beginning,
    short_comparison,
    short_keys,
    short_records,
    short_robustness,
    short_users,
)
from harness.report.pages.slices_by_run import slices_by_run
from harness.report.pages.user_gains import user_gains
from harness.report.pages.verdict_matrix import verdict_matrix
from harness.report.texts.comparison_rows import best_marks, headline_labels, value_rows
from harness.report.texts.latex import comparison_latex
from harness.report.texts.markdown import values_markdown
from harness.report.texts.number_text import clean, confidence_text, count_text, facts
from harness.report.texts.quotable import quotable_sentence
from harness.report.texts.robustness_text import agreement_text, claim_text

_MOST_FORESTS = 4  # metrics with a plot; the tables hold all
_MOST_PAIRS = 1_000  # rows of a table of differences; comparison.csv holds all
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
    sentence
        What the comparison found, in one sentence.
    """

    html: str
    latex: str
    markdown: str
    figures: Mapping[str, str]
    sentence: str


@dataclass(frozen=True)
class RunProvenance:
    """Where a run of a comparison comes from; empty text if unknown, and None without a report to link to."""

    name: str
    link: str | None
    created: str
    model: str
    evaluation: str
    commit: str


@dataclass(frozen=True)
class ComparisonContext:
    """What the page of a comparison shows beside its numbers.

    Parameters
    ----------
    robustness
        The verdicts under other choices; None if they were not computed.
    users
        Users with the lists of all runs; None for none.
    links
        The address of the report of each run, by name.
    hides_ids
        Whether the page numbers its users instead of showing their ids.
    """

    robustness: Robustness | None = None
    users: SharedUsers | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    hides_ids: bool = False


def render_comparison(
    comparison: Comparison, records: Sequence[RunRecord], context: ComparisonContext | None = None
) -> ComparisonReport:
    """Return the report of a comparison.

    Parameters
    ----------
    comparison
        Differences and values.
    records
        The records of the runs.
    context
        What else the page shows; None for nothing.
    """
    beside = ComparisonContext() if context is None else clean(context)
    named = clean(comparison)
    beginning = common_beginning([str(name) for name in named.values["run"]])
    compared = short_comparison(named, beginning)
    shown = short_records([clean(record) for record in records], beginning)
    links = short_keys(beside.links, beginning)
    values, pairs = value_rows(compared), _by_difference(compared)
    labels = list(values[0].values) if values else []
    leading = compared.primary
    folded = _redundant(shown)
    headline = headline_labels([label for label in labels if label.partition("@")[0] not in folded], leading)
    robustness = short_robustness(beside.robustness, beginning)
    ordered = _in_order(shown, [row.run for row in values])
    introduction = _introduction(compared, shown)
    sentence = quotable_sentence(compared, shown)
    first = [pair for pair in pairs if pair.metric == leading]
    others = [pair for pair in pairs if pair.metric != leading]
    figures = Figures()
    html = page(
        "comparison.html",
        title=_title(len(values), compared.baseline),
        banners=[*dict.fromkeys(record.partial.sentence for record in shown if record.partial), *compared.stamps],
        introduction=introduction,
        beginning=beginning,
        sentence=sentence,
        trust=comparison_trust(compared, shown, robustness),
        notes=compared.notes,
        baseline=compared.baseline,
        leading=leading,
        confidence=confidence_text(compared.settings.confidence),
        lower_is_better=not compared.higher_is_better,
        board=leaderboard(compared, values, shown, links),
        headline=headline,
        labels=labels,
        values=values,
        best=best_marks(compared),
        directions={value.label: value.higher_is_better for record in shown for value in record.metrics},
        matrix=verdict_matrix(compared, values),
        first=first[:_MOST_PAIRS],
        others=others[:_MOST_PAIRS],
        left_out=max(len(first) - _MOST_PAIRS, 0) + max(len(others) - _MOST_PAIRS, 0),
        forests=forests(figures, pairs, compared, headline[:_MOST_FORESTS]),
        forest_rows=MOST_ROWS,
        curves=curves(figures, compared, ordered, without=folded),
        trade_offs=trade_offs(figures, compared, values, ordered),
        slices=slices_by_run(ordered, leading, higher_is_better=compared.higher_is_better),
        gains=user_gains(first),
        contrasts=compared.contrasts,
        in_groups=compared.in_groups[:_MOST_PAIRS],
        more_in_groups=max(len(compared.in_groups) - _MOST_PAIRS, 0),
        users=shared_rows(short_users(beside.users, beginning), [row.run for row in values], hidden=beside.hides_ids),
        robustness=robustness,
        claim_text=claim_text,
        agreement_text=agreement_text,
        settings=facts(to_json(compared.settings)),
        runs=[_provenance(record, links) for record in shown],
        version=next((f" {version}" for record in shown if (version := record.environment.harness)), ""),
    )
    latex = comparison_latex(
        values=[row.of(headline) for row in values],
        pairs=first,
        best=best_marks(compared),
        caption=introduction,
    )
    markdown = values_markdown([row.of(headline) for row in values], best=best_marks(compared), sentence=sentence)
    return ComparisonReport(html, latex, markdown, figures.files, sentence)


def _by_difference(comparison: Comparison) -> list[PairedDifference]:
    """Return the differences over all users, the largest gain first within each metric."""
    order = {label: place for place, label in enumerate(dict.fromkeys(row.metric for row in comparison.overall))}
    sign = 1.0 if comparison.higher_is_better else -1.0

    def key(row: PairedDifference) -> tuple[int, float]:
        gain = sign * row.difference if row.metric == comparison.primary else row.difference
        return order[row.metric], math.inf if math.isnan(gain) else -gain

    return sorted(comparison.overall, key=key)


def _redundant(records: Sequence[RunRecord]) -> set[str]:
    """Return the names of the metrics that repeat others in all runs."""
    found = [{one.name for one in redundant_metrics(record)} for record in records]
    return set.intersection(*found) if found else set()


def _in_order(records: Sequence[RunRecord], names: Sequence[str]) -> list[RunRecord]:
    """Return the records of the runs by name, in the order of the names."""
    by_name = {record.name: record for record in records}
    return [by_name[name] for name in names if name in by_name]


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


def _provenance(record: RunRecord, links: Mapping[str, str]) -> RunProvenance:
    git = record.environment.git
    commit = "" if git is None else f"{git.commit or ''}{' (with changes)' if git.dirty else ''}"
    return RunProvenance(
        name=record.name,
        link=links.get(record.name),
        created=record.created or "",
        model=record.experiment.model.kind or "",
        evaluation=record.fingerprints.get("evaluation", ""),
        commit=commit,
    )
