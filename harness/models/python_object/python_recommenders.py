"""Recommenders that call an external object."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import scipy.sparse as sp
import torch

from harness.artifacts import (
    AnyRecommender,
    ExternalRecommender,
    ListRequest,
    RankedLists,
    ShiftTarget,
    UserBatch,
    Vocabulary,
)
from harness.artifacts.array_types import Float32Array, Int64Array
from harness.errors import HarnessError
from harness.models.external.answers import barred_of, lists_of, more_than, scores_of, unasked
from harness.models.external.external_errors import external_errors
from harness.models.external.id_map import IdMap
from harness.models.external.id_naming import IdNaming
from harness.models.python_object.python_adapters import Implicit, adapted, check_arguments, without_tensors
from harness.models.python_object.python_options import ObjectOptions
from harness.models.vectors.vectors_network import LAST, StoredVectors, VectorTable

_SHOWN = 3


def recommender_of(
    options: ObjectOptions, given: Any, *, users: Vocabulary, items: Vocabulary, device: str, where: str
) -> AnyRecommender:
    """Return the recommender of an object.

    Parameters
    ----------
    options
        Options for calling the object.
    given
        The object.
    users, items
        The vocabularies.
    device
        Device of the scores.
    where
        The object in messages.

    Raises
    ------
    HarnessError
        The object has no such method, or ids do not match.
    """
    adapter = adapted(given, options.adapter)
    user_index, item_index = options.by_index
    n_users, n_items = (adapter.n_users, adapter.n_items) if isinstance(adapter, Implicit) else (None, None)
    known = ObjectCaller(
        options,
        adapter,
        where,
        IdNaming(users, IdMap.of(options.users, users, size=n_users, what="user") if user_index else None),
        IdNaming(items, IdMap.of(options.items, items, size=n_items, what="item") if item_index else None),
    )
    if options.method == "score" and isinstance(adapter, Implicit):
        return _by_vectors(known, adapter, device)
    if not callable(getattr(adapter, options.method, None)):
        other = "score" if options.method == "recommend" else "recommend"
        hint = f" It has '{other}': set model.params.method: {other}." if callable(getattr(given, other, None)) else ""
        raise HarnessError(f"{where} ({type(given).__qualname__}) has no method '{options.method}'.{hint}")
    if options.adapter is None:
        method = getattr(adapter, options.method)
        check_arguments(method, history=options.history, exclude=options.exclude, where=f"{options.method} of {where}")
    return (ObjectLists if options.method == "recommend" else ObjectScores)(known, device)


class ObjectRecommender(ExternalRecommender):
    """Base class of the recommenders of an object. Only users and items that have indices can be shifted.

    Parameters
    ----------
    known
        The object, and how it is called.
    device
        Device of the scores.
    """

    def __init__(self, known: ObjectCaller, device: str) -> None:
        self._known, self._device = known, device

    @property
    def item_positions(self) -> Int64Array | None:
        """The object's index of each item of the catalogue, int64 ``(items,)``; None if it takes external ids."""
        index = self._known.items.index
        return None if index is None else index.model_index

    def with_shift(self, target: ShiftTarget, by: int) -> AnyRecommender | None:
        """Return the same object with users or items moved; None if they are named by external id."""
        if target not in ("users", "items"):
            return None
        naming = getattr(self._known, target).shifted(by)
        if naming is None:
            return None
        # A user or item that is moved out of the range of indices is unknown.
        lenient = replace(self._known.options, missing_users="empty", missing_items="last")
        known = replace(self._known, options=lenient, **{target: naming})
        return cast("AnyRecommender", type(self)(known, self._device))


@dataclass(frozen=True, eq=False)
class ObjectCaller:
    """An object, and how it is called.

    Parameters
    ----------
    options
        Options for calling the object.
    given
        The object.
    where
        The object in messages.
    users, items
        How the object names users and items.
    """

    options: ObjectOptions
    given: Any
    where: str
    users: IdNaming
    items: IdNaming

    def answer(self, method: str, *asked: Any, **more: Any) -> Any:
        """Call a method of the object, and return its answer with arrays instead of tensors."""
        call = getattr(self.given, method)
        with external_errors(f"{method} of {self.where} failed with"):
            return without_tensors(call(*asked, **more))

    def named_users(self, batch: UserBatch) -> tuple[list[Any], Int64Array]:
        """Return the names of users that the object knows, and their positions in the batch.

        Raises
        ------
        HarnessError
            The object has no name for a user, and ``missing_users`` is ``error``.
        """
        names = self.users.names(batch.users)
        places = np.array([place for place, name in enumerate(names) if name is not None], dtype=np.int64)
        if len(places) < len(names) and self.options.missing_users == "error":
            unknown = np.setdiff1d(np.arange(len(names)), places)
            index = self.users.index
            missing = 0 if index is None else index.missing
            shown = ", ".join(f"'{own}'" for own in self.users.vocabulary.ids[batch.users[unknown[:_SHOWN]]])
            raise HarnessError(
                f"{self.where} has no index for {missing:,} of the {len(self.users.vocabulary):,} users of the data "
                f"set, and these are requested: {shown}. Correct model.params.users, or set missing_users: empty."
            )
        return [names[place] for place in places], places

    def more(self, batch: UserBatch, places: Int64Array) -> dict[str, Any]:
        """Return the argument ``history`` of a call for some users of a batch; empty if the object does not take it."""
        form = "csr" if self.options.adapter == "implicit" else self.options.history
        if form == "none":
            return {}
        if form == "csr":
            return {"history": self._csr(batch.matrix[places])}
        indptr, items = batch.rows()
        names = self.items.names(items.astype(np.int64))
        return {"history": [[name for name in names[indptr[at] : indptr[at + 1]] if name is not None] for at in places]}

    def _csr(self, matrix: sp.csr_array) -> sp.csr_matrix:
        if self.items.index is not None:
            # (users, items) -> (users, the object's items)
            own = self.items.index.catalogue_index
            known = np.flatnonzero(own >= 0)
            into = sp.csr_array(
                (np.ones(len(known), dtype=np.float32), (own[known], known)), shape=(matrix.shape[1], len(own))
            )
            matrix = matrix @ into
        found = sp.csr_matrix(matrix)
        found.sort_indices()
        return found


def each_once(batch: UserBatch) -> tuple[UserBatch, Int64Array, Int64Array]:
    """Return the distinct users of a batch, their rows in it, and the position of each row among them.

    The runner pads the last batch by repeating a user, which external objects need not see.
    """
    places = batch.users if batch.places is None else batch.places
    _, first, of = np.unique(np.stack([batch.users, places]), axis=1, return_index=True, return_inverse=True)
    order = np.argsort(first)  # as they came
    rows = first[order]
    back = np.argsort(order)[of.reshape(-1)]
    return UserBatch(batch.users[rows], batch.history, places[rows]), rows, back


class ObjectLists(ObjectRecommender):
    """Recommender by an object that returns lists; see ``PythonModel``."""

    @property
    def users_at_once(self) -> int:
        """Number of users per call, unless ``runner.batch_size`` is set."""
        return self._known.options.batch_size

    @property
    def asks_for_more(self) -> bool:
        """Whether the object is asked for more than k items, because seen items are removed from its lists."""
        return self._known.options.exclude == "harness"

    def recommend(self, batch: UserBatch, asked: ListRequest) -> RankedLists:
        """Return the best items of each user."""
        distinct, rows, back = each_once(batch)
        return self._lists(distinct, asked.of(rows)).of(back)

    def _lists(self, batch: UserBatch, asked: ListRequest) -> RankedLists:
        known, n_items = self._known, len(self._known.items.vocabulary)
        names, places = known.named_users(batch)
        more = known.more(batch, places)
        excludes = known.options.exclude == "model"
        if excludes:
            barred = barred_of(asked, len(batch.users), n_items)
            rows = [known.items.names(barred[place]) for place in places]
            more["exclude"] = [[name for name in row if name is not None] for row in rows]
        k = asked.k if excludes else more_than(asked, batch.history)
        answer: Any = []
        if names:
            answer = known.answer("recommend", names, k, **more)
        made = lists_of(answer, names, len(batch.users), known.items, asked, places=places, where=known.where)
        return made if excludes else unasked(made)


class ObjectScores(ObjectRecommender):
    """Recommender by an object that returns scores; see ``PythonModel``."""

    def score(self, batch: UserBatch) -> torch.Tensor:
        """Return float32 ``(batch, items)``."""
        distinct, _, back = each_once(batch)
        return torch.from_numpy(self._scores(distinct)[back]).to(self._device)

    def _scores(self, batch: UserBatch) -> Float32Array:
        known = self._known
        users, places = known.named_users(batch)
        items, columns = self._items
        scores = np.full((len(batch.users), len(known.items.vocabulary)), np.nan, dtype=np.float32)
        if users:
            more = known.more(batch, places)
            answer = known.answer("score", users, items, **more)
            part = scores_of(answer, users, items, where=f"score of {known.where}")
            scores[np.ix_(places, columns)] = part
        self._fill(scores, places)
        return scores

    @functools.cached_property
    def _items(self) -> tuple[list[Any], Int64Array]:
        names = self._known.items.names(np.arange(len(self._known.items.vocabulary)))
        columns = np.array([column for column, name in enumerate(names) if name is not None], dtype=np.int64)
        return [names[column] for column in columns], columns

    def _fill(self, scores: Float32Array, places: Int64Array) -> None:
        unknown = np.setdiff1d(np.arange(len(scores)), places)
        scores[unknown] = 0.0  # users that the object does not know
        infinite = np.isinf(scores)
        if infinite.any():
            raise HarnessError(
                f"{self._known.where} gave {int(infinite.sum()):,} scores that are not finite in 32 bits, such as "
                f"{scores[infinite][0]}. Seen items are left out here (candidates.exclude); for items that it does not "
                "score let it give NaN, with missing_items: last."
            )
        missing = np.isnan(scores)
        if missing.any() and self._known.options.missing_items == "error":
            items = np.flatnonzero(missing.any(axis=0))
            shown = ", ".join(f"'{own}'" for own in self._known.items.vocabulary.ids[items[:_SHOWN]])
            raise HarnessError(
                f"{self._known.where} has no score (no index, or NaN) for {len(items):,} of the {scores.shape[1]:,} "
                f"items of the catalogue, such as {shown}. Set model.params.missing_items: last to put them after "
                "all others."
            )
        scores[missing] = LAST


def _by_vectors(known: ObjectCaller, model: Implicit, device: str) -> StoredVectors:
    users, items = model.vectors()
    assert known.users.index is not None  # noqa: S101  (implicit only takes indices)
    assert known.items.index is not None  # noqa: S101
    user_side = VectorTable(
        users,
        known.users.index.model_index,
        known.users.vocabulary,
        known.where,
        "user",
        "zero" if known.options.missing_users == "empty" else "error",
    )
    item_side = VectorTable(
        items, known.items.index.model_index, known.items.vocabulary, known.where, "item", known.options.missing_items
    )
    return StoredVectors(user_side, item_side, cosine=False, bias=None, device=device)
