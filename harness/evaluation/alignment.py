"""Which list belongs to which user's truth: settled once, before any metric runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from harness.artifacts import NO_ITEM, TargetRanks, TopK, Truth, as_ids
from harness.artifacts.array_types import Float32Array, IdArray, Int32Array, Int64Array
from harness.errors import DataError, HarnessError
from harness.evaluation.judgements import JudgedTruth, relevant_once
from harness.metrics import NO_LIST
from harness.metrics.metric_inputs import RelevantItems


@dataclass(frozen=True, eq=False)
class Alignment:
    """The users that count, each with the row of a list and the row of a truth.

    Parameters
    ----------
    items
        int32 ``(rows, k)``: the lists.
    list_rows
        int64 ``(users,)``: the row of each user's list, -1 for a user without one.
    relevant
        The relevant items, one or more per user.
    users
        External ids ``(users,)``, or None where neither side has any.
    left_out
        Users that had a list or a row of the truth, and no relevant item.
    dropped
        Users who were recommended nothing, and therefore do not count.
    scores
        float32 ``(rows, k)`` of the lists, or None where they are not known.
    counts
        What was counted while lists and truth were brought into this form, as in ``MetricTable``.
    item_ids
        External ids of the items by index, or None where they are not known.
    """

    items: Int32Array
    list_rows: Int64Array
    relevant: RelevantItems
    users: IdArray | None
    left_out: int
    dropped: int = 0
    scores: Float32Array | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    item_ids: IdArray | None = None

    @property
    def n_rows(self) -> int:
        """Rows of the truth, those without a relevant item included."""
        return len(self.relevant.indptr) - 1


def align_arrays(
    topk: TopK, truth: Truth, *, n_items: int | None = None, ranks: TargetRanks | None = None
) -> Alignment:
    """Align lists with the truth: by external ids where both have them, else row by row.

    Raises
    ------
    HarnessError
        The numbers of rows differ, the ids are of different types or repeat, they have no user in
        common, an item is outside the catalogue, no user has a relevant item, or the ranks are
        of another truth.
    """
    judged = relevant_once(truth, ranks)
    _check_catalogue(topk, judged.truth, n_items)
    if len(judged.truth.items) == 0:
        raise nobody_counts()
    if topk.users is None or truth.users is None:
        return _row_by_row(topk, judged)
    users = _distinct(truth.users, "Truth.users")
    list_rows, strangers = _rows_by_id(_distinct(topk.users, "TopK.users"), users)
    return _alignment(topk, judged, list_rows, users, strangers)


def align_shard(topk: TopK, truth: Truth, *, n_items: int | None = None, ranks: TargetRanks | None = None) -> Alignment:
    """Align lists with the truth row by row, for some of a run's users: maybe none of them counts.

    Raises
    ------
    HarnessError
        The numbers of rows differ, a row has different ids on both sides, an item is outside the
        catalogue, or the ranks are of another truth.
    """
    judged = relevant_once(truth, ranks)
    _check_catalogue(topk, judged.truth, n_items)
    aligned = _row_by_row(topk, judged)
    if topk.users is not None and truth.users is not None:
        listed, users = (as_ids(ids, what="user id") for ids in (topk.users, truth.users))
        check_alike(listed, users, "user id", places=("TopK.users", "Truth.users"))
        differ = np.flatnonzero(listed != users)
        if len(differ):
            row = int(differ[0])
            raise HarnessError(
                f"row {row} of the shard is user {listed.tolist()[row]!r} in TopK.users and user "
                f"{users.tolist()[row]!r} in Truth.users. A shard has the same users in the same order on both sides."
            )
    return aligned


def without_empty_lists(aligned: Alignment) -> Alignment:
    """Return the alignment without the users who were recommended nothing, which may be all of them."""
    listed = aligned.list_rows != NO_LIST
    listed[listed] = (aligned.items[aligned.list_rows[listed]] != NO_ITEM).any(axis=1)
    if listed.all():
        return aligned
    # Rows between those that count have no items: nobody else's may stand among them.
    counting = np.zeros(aligned.n_rows, dtype=np.bool_)
    counting[aligned.relevant.rows[listed]] = True
    relevant = aligned.relevant.of_items(np.repeat(counting, np.diff(aligned.relevant.indptr)))
    return replace(
        aligned,
        list_rows=aligned.list_rows[listed],
        relevant=replace(relevant, rows=relevant.rows[listed]),
        users=None if aligned.users is None else aligned.users[listed],
        dropped=int((~listed).sum()),
    )


def without_repeats(aligned: Alignment) -> Alignment:
    """Return the alignment with each relevant item of a user once: where it stands first."""
    relevant = aligned.relevant
    rows = np.repeat(np.arange(aligned.n_rows), np.diff(relevant.indptr))
    once = ~pd.DataFrame({"row": rows, "item": relevant.items}).duplicated().to_numpy()
    return replace(aligned, relevant=relevant.of_items(once))


def nobody_counts() -> HarnessError:
    """Return the error for a truth without a relevant item."""
    return HarnessError("no user has a relevant item: the truth is empty, so there is nothing to measure.")


def check_alike(ids: IdArray, others: IdArray, what: str, *, places: tuple[str, str]) -> None:
    """Refuse to match integers with text.

    Raises
    ------
    DataError
        One side has integers and the other has text.
    """
    if len(ids) == 0 or len(others) == 0 or (ids.dtype == object) == (others.dtype == object):
        return
    kinds = ["text" if side.dtype == object else "integers" for side in (ids, others)]
    raise DataError(
        f"{what}s are {kinds[0]} in {places[0]} and {kinds[1]} in {places[1]}, so none would match. "
        "Bring both to one type, such as with .astype(str)."
    )


def counts_of(judged: JudgedTruth, *, masked: int, rounding_ties: int = 0) -> dict[str, int]:
    """Return what is counted before anything is measured, as in ``MetricTable``."""
    return {
        "masked_scores": masked,
        "rounding_ties": rounding_ties,
        "repeated_relevant": judged.repeated,
        "contradicting_gains": judged.contradictions,
    }


def _check_catalogue(topk: TopK, truth: Truth, n_items: int | None) -> None:
    if n_items is not None and topk.highest >= n_items:
        row = int(np.flatnonzero((topk.items >= n_items).any(axis=1))[0])
        raise DataError(
            f"{topk.row_name(row)} holds the item index {topk.items[row].max()}, outside a catalogue of {n_items} "
            f"items. Pass n_items={topk.highest + 1} or more, or check the indices."
        )
    if len(truth.items) == 0:
        return
    lowest, highest = int(truth.items.min()), int(truth.items.max())
    if lowest < 0:
        raise DataError(f"the truth holds the item index {lowest}; indices are 0 or more.")
    if n_items is not None and highest >= n_items:
        raise DataError(
            f"the truth holds the item index {highest}, outside a catalogue of {n_items} items. "
            f"Pass n_items={highest + 1} or more, or check the indices."
        )


def _distinct(values: IdArray, what: str) -> IdArray:
    ids = as_ids(values, what="user id")
    repeated = pd.Index(ids).duplicated()
    if repeated.any():
        raise DataError(f"{what} holds the user {ids[repeated].tolist()[0]!r} twice. A user has one row.")
    return ids


def _rows_by_id(listed: IdArray, users: IdArray) -> tuple[Int64Array, int]:
    """Return each user's row among the lists, and how many lists belong to nobody."""
    check_alike(listed, users, "user id", places=("TopK.users", "Truth.users"))
    if len(listed) == len(users) and bool((listed == users).all()):
        return np.arange(len(users)), 0
    rows = pd.Index(listed).get_indexer(pd.Index(users)).astype(np.int64)
    found = int((rows != NO_LIST).sum())
    if found == 0 and len(listed) > 0:
        raise strangers_alone(listed, users)
    return rows, len(listed) - found


def strangers_alone(listed: IdArray, users: IdArray) -> HarnessError:
    """Return the error for predictions and a truth that have no user in common."""
    return HarnessError(
        f"the predictions and the truth have no user in common: {listed[:1].tolist()[0]!r} is a user of the first, "
        f"{users[:1].tolist()[0]!r} of the second. Use the same ids in both."
    )


def _row_by_row(topk: TopK, judged: JudgedTruth) -> Alignment:
    truth = judged.truth
    if topk.n_users != truth.n_users:
        raise HarnessError(
            f"there are {topk.n_users} lists for {truth.n_users} users of the truth. "
            "Give one row per user in the same order, or external ids in both TopK.users and Truth.users."
        )
    chosen = topk.users if truth.users is None else truth.users
    users = None if chosen is None else as_ids(chosen, what="user id")
    return _alignment(topk, judged, np.arange(truth.n_users), users)


def _alignment(
    topk: TopK, judged: JudgedTruth, list_rows: Int64Array, users: IdArray | None, strangers: int = 0
) -> Alignment:
    """Return the alignment of the rows with relevant items; ``list_rows`` and ``users`` are of all rows."""
    truth = judged.truth
    rows = np.flatnonzero(np.diff(truth.indptr))
    return Alignment(
        topk.items,
        list_rows[rows],
        RelevantItems(truth.indptr, truth.items, rows, judged.ranks, truth.gains),
        None if users is None else users[rows],
        truth.n_users - len(rows) + strangers,
        scores=topk.scores,
        counts=counts_of(judged, masked=topk.masked),
    )
