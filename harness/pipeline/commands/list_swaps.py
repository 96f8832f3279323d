"""Test metrics over all lists, such as coverage, by swapping whole lists between two runs: ``compare --swap-lists``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from harness.artifacts import NO_ITEM, Comparison, PairedDifference, Vocabulary
from harness.artifacts.array_types import BoolArray, Int32Array
from harness.errors import HarnessError
from harness.experiment import expand_metrics
from harness.metrics import ListMetric, Lists
from harness.pipeline.run_folder.run_files import StoredRun
from harness.pipeline.run_folder.stored_lists import StoredLists, stored_lists
from harness.statistics.verdict import EXPLORATORY

TEST = "list swaps"
SWAPS = 999
_TOO_LONG = ("diversity",)  # each value takes as long as all others together


@dataclass(frozen=True, eq=False)
class _PairedLists:
    """Lists of two runs over the same users and item indices, in the order of a hash of the user ids."""

    candidate: Int32Array
    baseline: Int32Array

    def difference(self, metric: ListMetric, swapped: BoolArray | None, n_items: int) -> float:
        """Return the difference of a metric, after the lists of some users were swapped."""
        ours, theirs = self.candidate, self.baseline
        if swapped is not None:
            rows = swapped[:, None]
            ours, theirs = np.where(rows, theirs, ours), np.where(rows, ours, theirs)
        values = [metric.value(Lists.of(items, n_items=n_items)) for items in (ours, theirs)]
        if not all(isinstance(value, float) for value in values):
            raise HarnessError(f"{metric.label} is estimated from a sample of lists.")
        return float(values[0]) - float(values[1])  # type: ignore[arg-type]


def with_list_swaps(runs: Mapping[str, StoredRun], comparison: Comparison) -> Comparison:
    """Return a comparison whose metrics over all lists are tested.

    If two runs are exchangeable, each user's lists could have come from either of them. Whole lists are swapped within
    users at random, and the metric is computed again; the p-value is the share of swaps with a difference at least as
    large. There is no interval. Results are exploratory.

    Parameters
    ----------
    runs
        The runs of the comparison by name, with stored lists.
    comparison
        The comparison.

    Raises
    ------
    HarnessError
        The lists of a run cannot be read, or users have several lists each.
    """
    lists = {name: stored_lists(run) for name, run in runs.items()}
    rolling = next((name for name, each in lists.items() if each.rolling), None)
    if rolling is not None:
        raise HarnessError(f"--swap-lists needs one list per user, and users of {rolling} have one per moment.")
    n_items = next(iter(runs.values())).record.protocol.candidates.count
    paired: dict[tuple[str, str], _PairedLists] = {}
    rows, untested = [], []
    for row in comparison.differences:
        if row.test is not None or row.slice is not None:
            rows.append(row)
            continue
        metric = next(iter(expand_metrics([row.metric], [1])))
        known = isinstance(metric, ListMetric) and metric.name not in _TOO_LONG and set(metric.required) <= {"n_items"}
        if not known or n_items is None:
            rows.append(row)
            untested.append(row.metric)
            continue
        pair = (row.candidate, row.baseline)
        if pair not in paired:
            paired[pair] = _paired(lists[pair[0]], lists[pair[1]])
        assert isinstance(metric, ListMetric)  # noqa: S101  (known)
        rows.append(_tested(row, metric, paired[pair], n_items, comparison.settings.seed))
    return replace(comparison, differences=tuple(rows), notes=(*_notes(comparison, untested),))


def _tested(
    row: PairedDifference, metric: ListMetric, lists: _PairedLists, n_items: int, seed: int
) -> PairedDifference:
    observed = lists.difference(metric, None, n_items)
    if abs(observed - row.difference) > 1e-9:
        raise HarnessError(
            f"{row.metric} of the stored lists differs by {observed:g} between {row.candidate} and {row.baseline}, and "
            f"that of the runs by {row.difference:g}. Run the experiments again with --force."
        )
    rng = np.random.default_rng(seed)
    n_users = len(lists.candidate)
    swapped = (lists.difference(metric, rng.random(n_users) < 0.5, n_items) for _ in range(SWAPS))
    larger = sum(abs(value) >= abs(observed) - 1e-12 for value in swapped)
    p_value = (1 + larger) / (1 + SWAPS)
    words = f"exploratory ({observed:+.4f}; p = {p_value:.3f} by {SWAPS} swaps of whole lists; {n_users:,} users)"
    return replace(row, test=TEST, p_value=p_value, n_users=n_users, verdict=EXPLORATORY, statement=words)


def _paired(ours: StoredLists, theirs: StoredLists) -> _PairedLists:
    users = np.asarray(ours.truth.users)
    places = pd.Index(np.asarray(theirs.truth.users)).get_indexer(pd.Index(users))
    vocabulary = Vocabulary.of(users)
    order = np.argsort(vocabulary.keys[vocabulary.indices(users)], kind="stable")
    items = pd.Index(ours.item_ids).union(pd.Index(theirs.item_ids))
    both = [_renamed(each, items) for each in (ours, theirs)]
    width = max(each.shape[1] for each in both)
    wide = [np.pad(each, ((0, 0), (0, width - each.shape[1])), constant_values=NO_ITEM) for each in both]
    return _PairedLists(wide[0][order], wide[1][places][order])


def _renamed(lists: StoredLists, items: pd.Index) -> Int32Array:
    """Return lists with the indices of a common index of items."""
    places = items.get_indexer(pd.Index(lists.item_ids)).astype(np.int32)
    listed = lists.topk.items
    return np.where(listed >= 0, places[np.maximum(listed, 0)], NO_ITEM).astype(np.int32)


def _notes(comparison: Comparison, untested: list[str]) -> Iterator[str]:
    for note in comparison.notes:
        if "are shown without a test" not in note:
            yield note
    yield (
        f"Metrics over all lists are tested by {SWAPS} swaps of whole lists between two runs, within users; the "
        "results are exploratory."
    )
    if untested:
        yield f"Not tested by swaps: {', '.join(dict.fromkeys(untested))}."
