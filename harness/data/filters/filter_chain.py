"""Apply filters to interactions, before the split."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

from harness.artifacts import Interactions
from harness.data.describe import sizes
from harness.errors import DataError


class Filter(Protocol):
    """A filter of interactions: a frozen dataclass whose fields are its options."""

    kind: ClassVar[str]

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the remaining interactions, with vocabularies of the ids that occur in them."""
        ...


@runtime_checkable
class CountingFilter(Protocol):
    """A filter that reports further counts."""

    def counted(self, interactions: Interactions) -> Mapping[str, int]:
        """Return counts of the interactions that the filter is applied to."""
        ...


@dataclasses.dataclass(frozen=True, eq=False)
class FilterResult:
    """Filtered interactions.

    Parameters
    ----------
    interactions
        The remaining interactions.
    steps
        Per filter, a map of ``kind``, ``options``, ``interactions_before`` and ``interactions_after``, the same for
        ``users`` and ``items``, and the further counts of the filter.
    """

    interactions: Interactions
    steps: tuple[Mapping[str, Any], ...]


def apply_filters(interactions: Interactions, filters: Sequence[Any]) -> FilterResult:
    """Apply filters one after another.

    Parameters
    ----------
    interactions
        The interactions, which are not modified.
    filters
        ``Filter`` components, in the order in which they are applied.

    Raises
    ------
    DataError
        A filter removes all interactions, or needs a column that they lack.
    """
    steps: list[Mapping[str, Any]] = []
    for step in filters:
        before = sizes(interactions)
        counts = step.counted(interactions) if isinstance(step, CountingFilter) else {}
        interactions = step.apply(interactions)
        options = dataclasses.asdict(step)
        if len(interactions) == 0:
            shown = ", ".join(f"{name}: {_short(value)}" for name, value in options.items() if value is not None)
            raise DataError(
                f"filter {step.kind} ({shown}) removed all {before['interactions']:,} interactions of "
                f"{before['users']:,} users and {before['items']:,} items. Loosen it, or remove it."
            )
        steps.append({"kind": step.kind, "options": options} | _change(before, sizes(interactions)) | dict(counts))
    return FilterResult(interactions, tuple(steps))


def _change(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {
        f"{name}_{when}": counts[name] for name in before for when, counts in (("before", before), ("after", after))
    }


def _short(value: Any) -> str:
    return f"{len(value):,} ids" if isinstance(value, tuple) else str(value)
