"""Summarise what a reader must know before repeating the claim of a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.artifacts import Comparison, Robustness, RunRecord
from harness.report.pages.trust_strip import LEVELS, TrustMark, trust_strip

_OF_RUNS = ("Users", "Candidates", "Leakage in time", "Equal timestamps", "Equal scores", "Expected values")


def comparison_trust(
    comparison: Comparison, records: Sequence[RunRecord], robustness: Robustness | None
) -> list[TrustMark]:
    """Return the marks of a comparison, the worst first.

    Parameters
    ----------
    comparison
        Differences and values.
    records
        The records of the runs, whose warnings hold for the comparison, too.
    robustness
        The verdicts under other choices; None if they were not computed.
    """
    marks = [
        *(TrustMark("error", "Protocol", stamp, "notes") for stamp in comparison.stamps),
        *_other_items(comparison),
        _robust(robustness),
        *_of_runs(records),
    ]
    return sorted(marks, key=lambda mark: LEVELS[mark.level])


def _other_items(comparison: Comparison) -> Iterator[TrustMark]:
    """Yield whether the decided differences hold for other items, too."""
    rows = [row for row in comparison.overall if row.metric == comparison.primary]
    judged = [row for row in rows if row.verdict_users_items is not None and row.verdict != "undecided"]
    if not judged:
        return
    lost = [row.candidate for row in judged if row.verdict_users_items != row.verdict]
    if not lost:
        yield TrustMark("good", "Other items", "The verdicts hold for other items like these, too.", "differences")
        return
    text = f"{len(lost)} of {len(judged)} verdicts are not shown for other items: {_listed(lost)}."
    yield TrustMark("warning", "Other items", text, "differences")


def _robust(robustness: Robustness | None) -> TrustMark:
    if robustness is None:
        text = "Not checked: --robustness tests the verdicts under other metrics, tests and tie rules."
        return TrustMark("note", "Other choices", text, "notes")
    decided = [claim for claim in robustness.claims if claim.verdict in ("higher", "lower")]
    if not decided:
        return TrustMark("note", "Other choices", "No verdict to check.", "robustness")
    worst = min(decided, key=lambda claim: claim.n_holds / max(claim.n_variants, 1))
    if worst.n_holds == worst.n_variants:
        text = f"All verdicts hold in all {worst.n_variants} variants."
        return TrustMark("good", "Other choices", text, "robustness")
    text = f"{worst.candidate} against {worst.baseline} holds in {worst.n_holds} of {worst.n_variants} variants."
    return TrustMark("error" if worst.opposite else "warning", "Other choices", text, "robustness")


def _of_runs(records: Sequence[RunRecord]) -> Iterator[TrustMark]:
    """Yield the warnings of the runs by name, each once, with the runs that have it unless all have."""
    by_run = {record.name: {mark.name: mark for mark in trust_strip(record)} for record in records}
    for name in _OF_RUNS:
        found = {run: marks[name] for run, marks in by_run.items() if name in marks}
        bad = {run: mark for run, mark in found.items() if mark.level in ("warning", "error")}
        if not bad:
            good = next(iter(found.values()), None)
            if good is not None and good.level == "good" and len(found) == len(records) and name == "Leakage in time":
                yield TrustMark("good", name, good.text, "provenance")
            continue
        worst = min(bad.values(), key=lambda mark: LEVELS[mark.level])
        runs = next(run for run, mark in bad.items() if mark is worst)
        more = len(bad) - 1
        same = len(bad) == len(records) and len({mark.text for mark in bad.values()}) == 1
        where = "" if same else f" ({runs}{f' and {more} more' if more else ''})"
        yield TrustMark(worst.level, name, f"{worst.text}{where}", "provenance")


def _listed(names: Sequence[str], most: int = 3) -> str:
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
