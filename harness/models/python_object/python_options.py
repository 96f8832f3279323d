"""Options of how an external object is called, and what becomes of its answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.models.external.id_map import IdOptions


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class ObjectOptions:
    """How an object with ``recommend`` or ``score`` is called.

    Parameters
    ----------
    adapter
        Of which library the object is, where it has another way to be called: ``implicit`` (indices), ``lenskit`` (a
        trained ``Pipeline``) or ``rectools`` (a pair of a fitted model and its ``Dataset``).
    method
        ``recommend``: the lists are the object's; ranks beyond them are not known. ``score``: it scores the whole
        catalogue, and lists are made here, as for models of this project.
    user, item
        Whether the object names users and items by own ``id`` or by an ``index`` of its own.
    users, items
        What the indices mean; see ``IdOptions``.
    history
        What is passed as ``history``: ``none``; ``ids``, a list for each user, oldest first, named as items are; or
        ``csr``, a binary ``scipy.sparse.csr_matrix`` ``(users, items)`` in the order of the object's indices, or of
        the catalogue's ascending own ids.
    exclude
        Who leaves out what may not be recommended, such as seen items. ``harness``: the object is asked for as many
        items more. ``model``: the object is told, by ``exclude``, a list of items for each user; what it gives
        nevertheless is left out, and counted.
    missing_users
        Users whom the object has no index for: ``error``, or ``empty``: they get no list, or equal scores.
    missing_items
        With ``score``, items of the catalogue that the object has no index or a score of NaN for: ``error``, or
        ``last``: they come after all others.
    batch_size
        Users at once with ``recommend``, unless ``runner.batch_size`` says otherwise.
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
                raise ValueError(f"{what}s says what indices mean, and the object takes own ids: set {what}: index")
        if self.adapter in ("lenskit", "rectools") and "index" in (self.user, self.item):
            raise ValueError(f"objects of {self.adapter} know own ids: leave out user and item")
        if self.adapter is not None and self.exclude == "model":
            raise ValueError("exclude: model is of objects without an adapter; leave it out")
        if self.method == "score" and self.exclude == "model":
            raise ValueError("exclude: model is of method recommend; with score the lists are made here")
        if self.adapter == "rectools" and self.method == "score":
            raise ValueError("models of rectools make lists: use method recommend")

    @property
    def ranks_targets(self) -> bool:
        """Whether it tells where any item stands."""
        return self.method == "score"

    @property
    def reads_history(self) -> bool:
        """Whether scores are meant to depend on the history."""
        return self.history != "none"

    @property
    def by_index(self) -> tuple[bool, bool]:
        """Whether users, and items, are named by indices."""
        return self.user == "index" or self.adapter == "implicit", self.item == "index" or self.adapter == "implicit"
