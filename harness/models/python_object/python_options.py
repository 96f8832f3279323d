"""Options for calling an external object and using its answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.models.external.id_map import IdOptions


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ObjectOptions:
    """Options for calling an object with ``recommend`` or ``score``.

    Parameters
    ----------
    adapter
        Library of an object with other methods: ``implicit`` (takes indices), ``lenskit`` (a trained ``Pipeline``) or
        ``rectools`` (a pair of a fitted model and its ``Dataset``).
    method
        ``recommend``: the object returns lists, and ranks beyond them are unknown. ``score``: it scores the whole
        catalogue, and the harness makes the lists.
    user, item
        Whether the object names users and items by their external ``id`` or by an ``index`` of its own.
    users, items
        Ids of the indices; see ``IdOptions``.
    history
        The argument ``history``: ``none``; ``ids``, a list of item names per user, oldest first; or ``csr``, a binary
        ``scipy.sparse.csr_matrix`` ``(users, items)`` in the order of the object's indices, or of the catalogue's
        ascending external ids.
    exclude
        Who removes items that must not be recommended, such as seen ones. ``harness``: the object returns as many
        items more. ``model``: the object gets the argument ``exclude``, a list of items per user; excluded items that
        it returns nevertheless are removed and counted.
    missing_users
        Treatment of users without an index: ``error``, or ``empty``, with empty lists or equal scores.
    missing_items
        With ``score``, treatment of items without an index or with a score of NaN: ``error``, or ``last``, behind all
        others.
    batch_size
        Number of users per call of ``recommend``, unless ``runner.batch_size`` is set.
    """

    adapter: Literal["implicit", "lenskit", "rectools"] | None = None
    method: Literal["recommend", "score"] = "recommend"
    user: Literal["id", "index"] = "id"
    item: Literal["id", "index"] = "id"
    users: IdOptions = IdOptions()
    items: IdOptions = IdOptions()
    history: Literal["none", "ids", "csr"] = "none"
    exclude: Literal["harness", "model"] = "harness"
    missing_users: Literal["error", "empty"] = "error"
    missing_items: Literal["error", "last"] = "error"
    batch_size: Annotated[int, Field(ge=1)] = 512

    def __post_init__(self) -> None:
        for what, by, ids in (("user", self.user, self.users), ("item", self.item, self.items)):
            if by == "id" and self.adapter != "implicit" and ids != IdOptions():
                raise ValueError(f"{what}s is for indices, and the object takes external ids: set {what}: index")
        if self.adapter in ("lenskit", "rectools") and "index" in (self.user, self.item):
            raise ValueError(f"objects of {self.adapter} take external ids: leave out user and item")
        if self.adapter is not None and self.exclude == "model":
            raise ValueError("exclude: model is for objects without an adapter; leave it out")
        if self.method == "score" and self.exclude == "model":
            raise ValueError("exclude: model is for method recommend; with score the harness makes the lists")
        if self.adapter == "rectools" and self.method == "score":
            raise ValueError("models of rectools return lists: use method recommend")

    @property
    def ranks_targets(self) -> bool:
        """Whether the ranks of all items are known."""
        return self.method == "score"

    @property
    def reads_history(self) -> bool:
        """Whether the object gets the history."""
        return self.history != "none"

    @property
    def by_index(self) -> tuple[bool, bool]:
        """Whether users are named by indices, and whether items are."""
        return self.user == "index" or self.adapter == "implicit", self.item == "index" or self.adapter == "implicit"
