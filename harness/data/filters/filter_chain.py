"""Filters of interactions, applied before the split."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

from harness.artifacts import Interactions
from harness.data.describe import sizes
from harness.errors import DataError


class Filter(Protocol):
    """What can be applied to interactions; a frozen dataclass whose fields are its options."""

    kind: ClassVar[str]

    def apply(self, interactions: Interactions) -> Interactions:
        """Return the interactions that stay, with vocabularies of what occurs in them."""
        ...


@runtime_checkable
class CountingFilter(Protocol):
    """A filter that has more to report than what it removed."""

    def counted(self, interactions: Interactions) -> Mapping[str, int]:
        """Return what it counts in the interactions before it."""
        ...


@dataclasses.dataclass(frozen=True, eq=False)
class FilterResult:
    """What filters left.

    Parameters
    ----------
    interactions
        The interactions that stay.
    steps
        For each filter a map of ``kind``, ``options``, ``interactions_before``,
        ``interactions_after``, and so for ``users`` and ``items``, and what else the filter counts.
    """

    interactions: Interactions
    steps: tuple[Mapping[str, Any], ...]


def apply_filters(interactions: Interactions, filters: Sequence[Any]) -> FilterResult:
    """Apply filters in their order.

    Parameters
    ----------
    interactions
        Not changed.
    filters
        ``Filter`` components.

    Raises
    ------
    DataError
        A filter leaves nothing, or needs what the interactions lack.
    """
    steps: list[Mapping[str, Any]] = []
    for chosen in filters:
        before = sizes(interactions)
        more = chosen.counted(interactions) if isinstance(chosen, CountingFilter) else {}
        interactions = chosen.apply(interactions)
        options = dataclasses.asdict(chosen)
        if len(interactions) == 0:
            told = ", ".join(f"{name}: {_short(value)}" for name, value in options.items() if value is not None)
            raise DataError(
                f"filter {chosen.kind} ({told}) left nothing of {before['interactions']:,} interactions of "
                f"{before['users']:,} users and {before['items']:,} items. Loosen it, or remove it."
            )
        steps.append({"kind": chosen.kind, "options": options} | _change(before, sizes(interactions)) | dict(more))
    return FilterResult(interactions, tuple(steps))


def _change(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {
        f"{name}_{when}": counts[name] for name in before for when, counts in (("before", before), ("after", after))
    }


def _short(value: Any) -> str:
    return f"{len(value):,} ids" if isinstance(value, tuple) else str(value)
