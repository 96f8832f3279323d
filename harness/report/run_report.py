"""The report of one run: ``results.json`` and the per-user values, as one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from harness.report import protocol_text
from harness.report.metric_matrix import Measure, at_cutoff_of, banner, complete, headline, matrix, stem
from harness.report.number_text import clean, confidence_text, facts
from harness.report.page import Figures, page
from harness.report.slice_matrix import slice_matrices

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

_MOST_DISTRIBUTIONS = 8
_SEVERITIES = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class RunReport:
    """A rendered run.

    Parameters
    ----------
    html
        One self-contained page.
    figures
        File name to SVG.
    """

    html: str
    figures: Mapping[str, str]


def render_run(results: Mapping[str, Any], per_user: pd.DataFrame) -> RunReport:
    """Return the report of a run.

    The same input gives the same bytes. Names and labels may hold anything: they are escaped.

    Parameters
    ----------
    results
        What ``results.json`` holds; parts that are missing are left out of the page.
    per_user
        A row a user: ``user``, then one column a metric label.
    """
    shown = complete(clean(results))
    measures = shown["metrics"]
    leading = headline(shown)
    figures = Figures()
    html = page(
        "run.html",
        title=shown["name"],
        results=shown,
        banner=banner(shown),
        leading=leading,
        confidence=confidence_text(shown["experiment"].get("statistics", {}).get("confidence")),
        users=shown["protocol"].get("users", leading["n_users"] if leading else None),
        matrix=matrix(measures),
        curves=_curves(figures, measures, leading),
        distributions=_distributions(figures, measures, leading, per_user),
        slices=slice_matrices(shown["slices"], leading),
        sentences=protocol_text.sentences(shown),
        protocol=facts(shown["protocol"]),
        steps=_filter_steps(shown["dataset"]),
        described=_described(shown["dataset"]),
        split=facts(shown["dataset"].get("split", {})),
        audits=_audits([*_warnings(shown["dataset"]), *shown["audits"]]),
        environment=facts(shown["environment"]),
        version=f" {shown['environment']['harness']}" if "harness" in shown["environment"] else "",
        phases=_phases(shown["timings"]),
        timings=facts(shown["timings"], apart=("phases",)),
        yaml=yaml.safe_dump(shown["experiment"], sort_keys=False, allow_unicode=True),
    )
    return RunReport(html, figures.files)


def _curves(figures: Figures, measures: Sequence[Measure], leading: Measure | None) -> list[Markup]:
    from harness.report.curves import curve
    from harness.report.svg import drawing

    drawn = []
    with drawing():
        for name in dict.fromkeys(stem(measure) for measure in measures):
            points = [
                measure
                for measure in measures
                if stem(measure) == name and measure.get("k") is not None and measure.get("value") is not None
            ]
            if len(points) > 1:
                marked = leading["k"] if leading is not None and stem(leading) == name else None
                figure = curve(points, title=f"{name}@k", marked=marked)
                drawn.append(figures.add(figure, name=f"curve-{name}", title=f"{name} over the cutoffs k"))
    return drawn


def _distributions(
    figures: Figures, measures: Sequence[Measure], leading: Measure | None, per_user: pd.DataFrame
) -> list[Markup]:
    import numpy as np

    from harness.report.distributions import distribution
    from harness.report.svg import drawing

    columns = {clean(str(column)): column for column in per_user.columns if column != "user"}
    measured = [measure for measure in measures if measure["label"] in columns]
    if not measured:
        return []
    first = leading if leading is not None and leading in measured else measured[0]
    drawn = []
    with drawing():
        for measure in at_cutoff_of(first, measured)[:_MOST_DISTRIBUTIONS]:
            label = measure["label"]
            values = per_user[columns[label]].to_numpy(dtype=np.float64)
            values = values[np.isfinite(values)]
            if len(values):
                figure = distribution(values, title=label)
                drawn.append(figures.add(figure, name=f"users-{label}", title=f"Distribution of {label} over users"))
    return drawn


def _filter_steps(dataset: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is left of the data after each filter, the raw data first."""
    counts = ("interactions", "users", "items")
    raw = dataset.get("raw", {})
    steps = [{"step": "as read", **{count: raw.get(count) for count in counts}}]
    for done in dataset.get("filters", []):
        options = ", ".join(f"{key} {value}" for key, value in (done.get("options") or {}).items())
        step = f"{done.get('kind', 'filter')}{f' ({options})' if options else ''}"
        steps.append({"step": step, **{count: done.get(f"{count}_after") for count in counts}})
    return steps


def _described(dataset: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return each fact of the data before and after the filters."""
    raw, filtered = dict(facts(dataset.get("raw", {}))), dict(facts(dataset.get("filtered", {})))
    return [(name, raw.get(name, ""), filtered.get(name, "")) for name in {**raw, **filtered}]


def _warnings(dataset: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what looked wrong in the data when it was read, as audits are shown."""
    return [{**warning, "severity": "warning"} for warning in dataset.get("warnings", [])]


def _audits(audits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what audits found, the worst first, and the names of those that found nothing."""
    found = [audit for audit in audits if audit.get("count", 1)]
    return {
        "found": sorted(found, key=lambda audit: _SEVERITIES.get(audit["severity"], 0)),
        "silent": [str(audit["name"]).replace("_", " ") for audit in audits if not audit.get("count", 1)],
    }


def _phases(timings: Mapping[str, Any]) -> list[tuple[str, float, float]]:
    """Return name, seconds and share of the longest, for each phase."""
    phases = timings.get("phases", {})
    longest = max(phases.values(), default=0.0) or 1.0
    return [(name, seconds, seconds / longest) for name, seconds in phases.items()]
