"""Lists that a model made itself."""

from __future__ import annotations

from dataclasses import dataclass

from harness.artifacts.array_types import Float32Array, Int32Array, Int64Array


@dataclass(frozen=True, eq=False)
class RankedLists:
    """Cleaned lists of a model that makes lists itself, with counts of what was removed from them.

    Parameters
    ----------
    items
        int32 ``(batch, k)``: best first, no item twice, only items that may be recommended; -1 where a list is
        shorter.
    scores
        float32 ``(batch, k)``, falling; -inf where a list is shorter.
    given
        int32 ``(batch,)``: how many items, or beams, the model returned for the list.
    invalid
        int32 ``(batch,)``: how many of those were not in the catalogue.
    repeated
        int32 ``(batch,)``: how many were already in the list.
    barred
        int32 ``(batch,)``: how many may not be recommended to the user, such as seen items.
    """

    items: Int32Array
    scores: Float32Array
    given: Int32Array
    invalid: Int32Array
    repeated: Int32Array
    barred: Int32Array

    def of(self, rows: Int64Array) -> RankedLists:
        """Return the lists of some rows of the batch, int64 ``(n,)``, in the order given."""
        return RankedLists(**{name: array[rows] for name, array in vars(self).items()})
