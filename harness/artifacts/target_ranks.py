"""Exact ranks of the relevant items among all candidates."""

from __future__ import annotations

from dataclasses import dataclass

from harness.artifacts.array_types import BoolArray, Int32Array

NOT_A_CANDIDATE = -1  # the rank of a relevant item that may not be recommended


@dataclass(frozen=True, eq=False)
class TargetRanks:
    """The rank of each relevant item among all candidates, whatever the length of the lists.

    Entries are in the order of the ``Truth`` that they were computed for: entry j of ``above`` belongs to
    ``truth.items[j]``.

    Parameters
    ----------
    above
        int32 ``(n,)``: candidates with a higher score; -1 where the item was not a candidate.
    tied
        int32 ``(n,)``: other candidates with the same score; -1 where it was not a candidate.
    candidates
        int32 ``(users,)``: number of candidates of each user.
    """

    above: Int32Array
    tied: Int32Array
    candidates: Int32Array

    def of_items(self, kept: BoolArray) -> TargetRanks:
        """Return the ranks of only some items, bool ``(n,)``, and all users."""
        return TargetRanks(self.above[kept], self.tied[kept], self.candidates)
