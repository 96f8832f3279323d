"""Summarise what a reader must know before trusting the headline number of a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from harness.artifacts import Finding, MetricValue, RunRecord
from harness.report.texts.number_text import count_text, fact_text, metric_text, percent_text

Level = Literal["good", "note", "warning", "error"]

_SMALLEST_FACTOR = 1.005  # a smaller one would be printed as 1.00
ANCHORS = ("later_history", "score_ties", "tied_targets")  # findings with a mark of their own
LEVELS: dict[str, int] = {"error": 0, "warning": 1, "note": 2, "good": 3}


@dataclass(frozen=True)
class TrustMark:
    """One line of the trust strip.

    Parameters
    ----------
    level
        How much it matters.
    name
        What was checked.
    text
        What was found.
    target
        The id of the part of the page that explains it.
    """

    level: Level
    name: str
    text: str
    target: str


def trust_strip(record: RunRecord) -> list[TrustMark]:
    """Return the marks of a run, the worst first."""
    marks = [
        *_partial(record),
        *_sampled(record),
        _expectations(record),
        *_leakage(record),
        *_ties(record),
        _seeds(record),
        *_others(record),
    ]
    return sorted(marks, key=lambda mark: LEVELS[mark.level])


def _found(record: RunRecord, name: str) -> Finding | None:
    return next((finding for finding in record.audits if finding.name == name), None)


def _partial(record: RunRecord) -> Iterator[TrustMark]:
    if record.partial is not None:
        yield TrustMark("error", "Users", record.partial.sentence, "protocol")


def _sampled(record: RunRecord) -> Iterator[TrustMark]:
    if record.sampled_candidates:
        text = "Negatives are sampled: the numbers are not comparable with those over all items."
        yield TrustMark("warning", "Candidates", text, "audits")


def _expectations(record: RunRecord) -> TrustMark:
    rows = record.expected
    if not rows:
        return TrustMark("note", "Expected values", "The experiment states none.", "reproduce")
    missed = [row.label for row in rows if not row.met]
    if missed:
        return TrustMark("error", "Expected values", f"{', '.join(missed)} missed.", "expected")
    number = "The expected value is" if len(rows) == 1 else f"All {len(rows)} expected values are"
    return TrustMark("good", "Expected values", f"{number} met.", "expected")


def _leakage(record: RunRecord) -> Iterator[TrustMark]:
    found = _found(record, "later_history")
    if found is None:
        if "timestamps" not in record.dataset.filtered:
            yield TrustMark("note", "Leakage in time", "Not known: the data has no timestamps.", "data")
        return
    if not found.count:
        yield TrustMark("good", "Leakage in time", "No history is later than the test part.", "audits")
        return
    text = f"{percent_text(found.share)} of the history is later than the earliest {record.protocol.part} interaction."
    yield TrustMark("warning", "Leakage in time", text, "audit-later_history")


def _ties(record: RunRecord) -> Iterator[TrustMark]:
    leading = record.headline
    if leading is not None and leading.ties is not None:
        yield _score_ties(leading, _found(record, "score_ties"))
    held_out = _found(record, "tied_targets")
    if held_out is not None and held_out.count:
        text = f"The tie rule alone decides what is held out for {percent_text(held_out.share)} of the users."
        yield TrustMark("warning", "Equal timestamps", text, "audit-tied_targets")


def _score_ties(leading: MetricValue, finding: Finding | None) -> TrustMark:
    assert leading.ties is not None  # noqa: S101  (as the caller found)
    low, high = sorted((leading.ties.worst, leading.ties.best))
    if low == high:
        return TrustMark("good", "Equal scores", f"No order of equal scores changes {leading.label}.", "every-value")
    factor = high / low if low > 0 else float("inf")
    by = "" if factor < _SMALLEST_FACTOR else f", a factor of {factor:.2f}" if factor < 1e6 else " (from 0)"
    text = f"Their order can move {leading.label} from {metric_text(low)} to {metric_text(high)}{by}."
    target = "audit-score_ties" if finding is not None and finding.count != 0 else "every-value"
    level: Level = "warning" if finding is not None and finding.severity != "info" else "note"
    return TrustMark(level, "Equal scores", text, target)


def _seeds(record: RunRecord) -> TrustMark:
    seed = record.experiment.model.params.get("seed")
    if seed is None:
        text = "The model has no seed: fitting it again gives the same lists."
        if record.protocol.fit_on is None:
            text = "The seed that trained the model is not known to the harness."
        return TrustMark("note", "Seeds", text, "reproduce")
    text = f"One training seed ({fact_text(seed)}): how much other seeds differ is not known."
    return TrustMark("note", "Seeds", text, "reproduce")


def _others(record: RunRecord) -> Iterator[TrustMark]:
    found = [one for one in record.audits if one.severity != "info" and one.name not in ANCHORS and one.count != 0]
    number = len(found) + len(record.dataset.warnings)
    if number:
        level: Level = "error" if any(one.severity == "error" for one in found) else "warning"
        names = [one.name.replace("_", " ") for one in found] + [
            one.name.replace("_", " ") for one in record.dataset.warnings
        ]
        text = f"{count_text(number)} more: {', '.join(names[:4])}{f' and {number - 4} more' if number > 4 else ''}."
        yield TrustMark(level, "Other warnings", text, "audits")
