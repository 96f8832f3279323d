"""The key ``evaluation.slices``: groups of users or items to report separately."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass

from harness.errors import did_you_mean
from harness.experiment.validation_errors import FaultError, shown
from harness.experiment.value_types import Text

By: TypeAlias = Literal[
    "activity", "user_warmth", "user_column", "item_popularity", "item_warmth", "repeat", "item_column"
]
_WITH_COLUMN = ("user_column", "item_column")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class SliceSettings:
    """A grouping of users or of relevant items.

    Parameters
    ----------
    by
        ``activity``: quantiles of users by the length of their history. ``user_warmth``: users with or without
        history. ``user_column``: a column of the user table. ``item_popularity``: head, mid and tail of the
        relevant items by earlier interactions. ``item_warmth``: items with or without earlier interactions.
        ``repeat``: items in the user's own history or not. ``item_column``: a column of the item table.
    quantiles
        Number of groups of ``activity``, and of numeric columns with many values.
    shares
        With ``item_popularity``: shares of all interactions in the head, and in head and mid together.
    column
        With ``user_column`` and ``item_column``: name of the column.
    """

    by: By
    quantiles: Annotated[int, Field(ge=2, le=20)] = 4
    shares: Annotated[tuple[float, float], Field(strict=False)] = (0.5, 0.8)  # YAML has no tuples
    column: Text | None = None

    def __post_init__(self) -> None:
        if self.by in _WITH_COLUMN and self.column is None:
            raise FaultError(("column",), f"a slice by {self.by} needs the key 'column', such as column: age")
        if self.by not in _WITH_COLUMN and self.column is not None:
            raise FaultError(("column",), f"column applies only to slices by {' and '.join(_WITH_COLUMN)}")
        if not 0 < self.shares[0] < self.shares[1] < 1:
            raise FaultError(("shares",), "shares are of the head, and of head and mid together, such as [0.5, 0.8]")

    @property
    def name(self) -> str:
        """The name in results, such as ``activity`` or ``user_column age``."""
        return self.by if self.column is None else f"{self.by} {self.column}"


def _slice(value: Any) -> Any:
    if isinstance(value, SliceSettings):
        return value
    plain = {"by": value} if isinstance(value, str) else value
    if not isinstance(plain, dict):
        raise FaultError((), f"a slice is {shown(value)}; a name or a map with 'by' is needed, such as activity")
    known = get_args(By)
    if plain.get("by") not in known:
        raise FaultError((), f"unknown slice {shown(plain.get('by'))}. {did_you_mean(str(plain.get('by')), known)}")
    return plain


SliceField: TypeAlias = Annotated[SliceSettings, BeforeValidator(_slice)]
