"""Write the sentence of a comparison that a paper could quote."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.artifacts import Comparison, PairedDifference, RunRecord
from harness.report.texts.comparison_rows import shown_interval, value_rows
from harness.report.texts.number_text import clean, confidence_text, count_text, metric_text, signed_percent

_MOST_NAMES = 6


def quotable_sentence(comparison: Comparison, records: Sequence[RunRecord]) -> str:
    """Return one sentence: the leading run, the runs that are not shown to be worse, and its lead over the baseline.

    Parameters
    ----------
    comparison
        The comparison.
    records
        The records of the runs.
    """
    found, shown = clean(comparison), [clean(record) for record in records]
    primary, rows = found.primary, value_rows(found)
    leader = rows[0].run
    value = rows[0].values[primary]
    if len({row.values[primary] for row in rows}) == 1:
        return f"{_where(shown)}all {len(rows)} runs have the same {primary}, {metric_text(value)}."
    words = f"{_where(shown)}{leader} has the {_superlative(found)} {primary} of {len(rows)} runs"
    words += f", {metric_text(value)}" if value is not None else ""
    words += _beside(leader, found)
    return f"{words}{_lead(leader, found)}."


def _where(records: Sequence[RunRecord]) -> str:
    first = next(iter(records), None)
    if first is None:
        return ""
    users = first.protocol.users
    facts = [f"{first.protocol.part} part"] + ([] if users is None else [f"{count_text(users)} users"])
    return f"On {first.dataset.name or 'the data'} ({', '.join(facts)}), "


def _superlative(found: Comparison) -> str:
    return "highest" if found.higher_is_better else "lowest"


def _beside(leader: str, found: Comparison) -> str:
    """Return which other runs are not shown to be worse."""
    if len(found.values) < 3 or not found.best:
        return ""
    family = f"all pairs, simultaneous {confidence_text(found.settings.confidence)}"
    others = [name for name in found.best if name != leader]
    if not others:
        return f", and is shown to beat each of them ({family})"
    names = others[:_MOST_NAMES]
    text = ", ".join(names[:-1]) + (f" and {names[-1]}" if len(names) > 1 else names[0])
    more = f" and {len(others) - len(names)} more" if len(others) > len(names) else ""
    return f", but is not shown to beat {text}{more} ({family})"


def _lead(leader: str, found: Comparison) -> str:
    """Return the difference of the leading run to the baseline."""
    row = next((one for one in found.overall if (one.metric, one.candidate) == (found.primary, leader)), None)
    if found.baseline is None or found.baseline == leader or row is None or row.test is None:
        return ""
    low, high = shown_interval(row)
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    size = sum(one.metric == found.primary and one.test is not None for one in found.overall)
    together = f", simultaneous over {size} candidates" if size > 1 else ""
    relative = "" if math.isnan(row.relative) else f", {signed_percent(row.relative)}"
    amount = f"{metric_text(row.difference)} [{metric_text(low)}, {metric_text(high)}{together}]{relative}"
    if row.verdict in ("higher", "better", "better_by_margin"):
        return f"; it is {row.verdict.split('_')[0]} than {found.baseline} by {amount}{_for_items(row)}"
    return f"; its difference to {found.baseline} is {amount}"


def _for_items(row: PairedDifference) -> str:
    if row.verdict_users_items is None:
        return ""
    if row.verdict_users_items == row.verdict:
        return ", for other items like these, too"
    return ", but this is not shown for other items"
