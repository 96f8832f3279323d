"""Render the report of one run as a page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from harness.artifacts import (
    DatasetRecord,
    ExampleUsers,
    Finding,
    ListProfile,
    MetricValue,
    RunRecord,
    SliceTable,
    TimingRecord,
    to_json,
)
from harness.report.pages.example_rows import example_rows, shows_cases
from harness.report.pages.metric_matrix import at_cutoff_of, metric_matrix, stem
from harness.report.pages.page import Figures, page
from harness.report.pages.redundant_metrics import redundant_metrics
from harness.report.pages.reproduction import experiment_file, reproduction
from harness.report.pages.slice_matrix import slice_matrices, slice_title
from harness.report.pages.trust_strip import ANCHORS, trust_strip
from harness.report.texts.number_text import clean, confidence_text, facts
from harness.report.texts.protocol_text import protocol_sentences

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

_MOST_CURVES, _MOST_DISTRIBUTIONS, _MOST_SLICE_PLOTS = 12, 8, 8  # the tables hold all
_SEVERITIES = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class RunReport:
    """A rendered run.

    Parameters
    ----------
    html
        One self-contained page.
    figures
        SVG by file name.
    """

    html: str
    figures: Mapping[str, str]


@dataclass(frozen=True)
class FilterRow:
    """What a filter left of the data; None for a count that is not known."""

    step: str
    interactions: object
    users: object
    items: object


@dataclass(frozen=True)
class PhaseRow:
    """A phase: its name, its seconds, and their share of the longest phase."""

    name: str
    seconds: float
    share: float


@dataclass(frozen=True)
class FindingList:
    """The findings to show, the worst first, and the names of the audits that found nothing."""

    found: tuple[Finding, ...]
    silent: tuple[str, ...]


def render_run(record: RunRecord, per_user: pd.DataFrame, examples: ExampleUsers | None = None) -> RunReport:
    """Return the report of a run.

    The same input gives the same bytes. Names and labels may hold any text; they are escaped.

    Parameters
    ----------
    record
        The record of the run; parts without content are left out of the page.
    per_user
        One row per user: ``user``, then one column per metric label.
    examples
        The example users to show; None for none.
    """
    shown = clean(record)
    leading = shown.headline
    redundant = redundant_metrics(shown)
    folded = {one.name for one in redundant}
    distinct = tuple(value for value in shown.metrics if stem(value) not in folded)
    figures = Figures()
    html = page(
        "run.html",
        title=shown.name,
        record=shown,
        banner="" if shown.partial is None else shown.partial.sentence,
        trust=trust_strip(shown),
        anchors=ANCHORS,
        redundant=redundant,
        leading=leading,
        confidence=confidence_text(shown.experiment.statistics.confidence),
        users=leading.n_users if shown.protocol.users is None and leading is not None else shown.protocol.users,
        matrix=metric_matrix(distinct),
        curves=_curves(figures, distinct, leading),
        distributions=_distributions(figures, distinct, leading, per_user),
        slices=slice_matrices(shown.slices, leading),
        slice_plots=_slice_plots(figures, shown.slices, leading),
        examples=example_rows(clean(examples), shown, experiment_file(shown)),
        profile=shown.profile,
        profile_plots=_profile_plots(figures, shown.profile),
        show_cases=shows_cases(shown),
        leaves_users_out=shown.experiment.report.examples == 0,
        commands=reproduction(shown),
        sentences=protocol_sentences(shown.protocol),
        protocol=facts(to_json(shown.protocol)),
        steps=_filter_rows(shown.dataset),
        described=_described(shown.dataset),
        split=facts(shown.dataset.split),
        audits=_finding_list(shown),
        environment=facts(to_json(shown.environment)),
        version=f" {shown.environment.harness}" if shown.environment.harness else "",
        phases=_phase_rows(shown.timings),
        timings=facts(to_json(shown.timings), apart=("phases",)),
        yaml=yaml.safe_dump(to_json(shown.experiment), sort_keys=False, allow_unicode=True),
    )
    return RunReport(html, figures.files)


@dataclass(frozen=True)
class DrawnFigures:
    """Figures of one kind for a page, and the number of those that were not drawn."""

    shown: tuple[Markup, ...] = ()
    more: int = 0


def _curves(figures: Figures, values: Sequence[MetricValue], leading: MetricValue | None) -> DrawnFigures:
    """Return the curves of metrics with several cutoffs, the leading metric first."""
    from harness.report.figures.curves import curve
    from harness.report.figures.svg import drawing

    by_stem: dict[str, list[MetricValue]] = {}
    for value in values:
        if value.k is not None and not math.isnan(value.value):
            by_stem.setdefault(stem(value), []).append(value)
    first = None if leading is None else stem(leading)
    several = sorted((name for name, points in by_stem.items() if len(points) > 1), key=lambda name: name != first)
    drawn = []
    with drawing():
        for name in several[:_MOST_CURVES]:
            marked = leading.k if leading is not None and name == first else None
            figure = curve(by_stem[name], title=f"{name}@k", marked=marked)
            drawn.append(figures.add(figure, name=f"curve-{name}", title=f"{name} over the cutoffs k"))
    return DrawnFigures(tuple(drawn), len(several) - len(drawn))


def _distributions(
    figures: Figures, values: Sequence[MetricValue], leading: MetricValue | None, per_user: pd.DataFrame
) -> DrawnFigures:
    import numpy as np

    from harness.report.figures.distributions import distribution
    from harness.report.figures.svg import drawing

    columns = {clean(str(column)): column for column in per_user.columns if column != "user"}
    measured = [value for value in values if value.label in columns]
    if not measured:
        return DrawnFigures()
    first = leading if leading is not None and leading.label in columns else measured[0]
    drawn = []
    with drawing():
        chosen = at_cutoff_of(first, measured)
        for value in chosen[:_MOST_DISTRIBUTIONS]:
            label = value.label
            sample = per_user[columns[label]].to_numpy(dtype=np.float64)
            sample = sample[np.isfinite(sample)]
            if len(sample):
                figure = distribution(sample, title=label)
                drawn.append(figures.add(figure, name=f"users-{label}", title=f"Distribution of {label} over users"))
    return DrawnFigures(tuple(drawn), max(len(chosen) - _MOST_DISTRIBUTIONS, 0))


def _slice_plots(figures: Figures, slices: Sequence[SliceTable], leading: MetricValue | None) -> DrawnFigures:
    """Return the plots of slices in the leading metric; a slice with a single group has none."""
    from harness.report.figures.slice_plot import slice_plot
    from harness.report.figures.svg import drawing

    if leading is None:
        return DrawnFigures()
    several = []
    for table in slices:
        groups = [(one.group, one.metrics[leading.label]) for one in table.groups if leading.label in one.metrics]
        groups = [(name, value) for name, value in groups if math.isfinite(value.value)]
        if len(groups) > 1:
            several.append((table, groups))
    drawn = []
    with drawing():
        for table, groups in several[:_MOST_SLICE_PLOTS]:
            title = slice_title(table)
            overall = leading.value if table.of == "users" and math.isfinite(leading.value) else None
            figure = slice_plot(groups, title=title, label=leading.label, overall=overall)
            drawn.append(figures.add(figure, name=f"slice-{table.name}", title=f"{leading.label} by group: {title}"))
    return DrawnFigures(tuple(drawn), len(several) - len(drawn))


def _profile_plots(figures: Figures, profile: ListProfile | None) -> list[Markup]:
    from harness.report.figures.profile_plots import category_plot, lorenz_plot, tenths_plot
    from harness.report.figures.svg import drawing

    if profile is None:
        return []
    with drawing():
        drawn = [
            figures.add(lorenz_plot(profile), name="lorenz", title="Lorenz curves of the histories and of the lists"),
            figures.add(tenths_plot(profile), name="popularity", title="Shares by popularity"),
        ]
        if profile.categories:
            drawn.append(figures.add(category_plot(profile), name="categories", title="Shares by category"))
    return drawn


def _filter_rows(dataset: DatasetRecord) -> list[FilterRow]:
    """Return what is left of the data after each filter, the raw data first."""
    raw = dataset.raw
    rows = [FilterRow("as read", raw.get("interactions"), raw.get("users"), raw.get("items"))]
    for step in dataset.filters:
        options = step.get("options")
        words = ", ".join(f"{key} {value}" for key, value in options.items()) if isinstance(options, dict) else ""
        name = f"{step.get('kind', 'filter')}{f' ({words})' if words else ''}"
        rows.append(FilterRow(name, *(step.get(f"{count}_after") for count in ("interactions", "users", "items"))))
    return rows


def _described(dataset: DatasetRecord) -> list[tuple[str, str, str]]:
    """Return each fact of the data before and after the filters."""
    raw, filtered = dict(facts(dataset.raw)), dict(facts(dataset.filtered))
    return [(name, raw.get(name, ""), filtered.get(name, "")) for name in {**raw, **filtered}]


def _finding_list(record: RunRecord) -> FindingList:
    warnings = [Finding(warning.name, None, None, warning.sentence, "warning") for warning in record.dataset.warnings]
    findings = [*warnings, *record.audits]
    return FindingList(
        tuple(sorted((one for one in findings if one.count != 0), key=lambda one: _SEVERITIES[one.severity])),
        tuple(one.name.replace("_", " ") for one in findings if one.count == 0),
    )


def _phase_rows(timings: TimingRecord) -> list[PhaseRow]:
    longest = max(timings.phases.values(), default=0.0) or 1.0
    return [PhaseRow(name, seconds, seconds / longest) for name, seconds in timings.phases.items()]
