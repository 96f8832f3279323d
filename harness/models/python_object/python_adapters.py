"""Adapters for objects of implicit, LensKit and RecTools with ``recommend`` and ``score``."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import numpy as np
import torch

from harness.errors import HarnessError
from harness.models.external.external_arrays import array_of
from harness.models.vectors.vectors_network import LAST


def adapted(given: Any, adapter: str | None) -> Any:
    """Return an object as it is, or in the adapter of its library.

    Raises
    ------
    HarnessError
        The object does not belong to the library.
    """
    if adapter is None:
        return given
    return {"implicit": Implicit, "lenskit": LensKit, "rectools": RecTools}[adapter](given)


def check_arguments(method: Any, *, history: str, exclude: str, where: str) -> None:
    """Check that a method takes the arguments ``history`` and ``exclude`` exactly if the options pass them.

    Parameters
    ----------
    method
        Method of the object. A method without a readable signature passes.
    history, exclude
        Options as in ``ObjectOptions``.
    where
        The method in messages.

    Raises
    ------
    HarnessError
        The method needs an argument that it does not get, or lacks one that it gets.
    """
    try:
        parameters = inspect.signature(method).parameters
    except (TypeError, ValueError):
        return
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
    given = {"history": history != "none", "exclude": exclude == "model"}
    remedies = {
        "history": ("ids (one list per user) or csr (a sparse matrix)", "none"),
        "exclude": ("model", "harness"),
    }
    for name, is_given in given.items():
        taken, (with_it, without) = parameters.get(name), remedies[name]
        if not is_given and taken is not None and taken.default is inspect.Parameter.empty:
            raise HarnessError(
                f"{where} needs the argument {name}, which it is not given: set model.params.{name}: {with_it}."
            )
        if is_given and taken is None and not takes_any:
            raise HarnessError(
                f"{where} takes no argument {name}, which model.params.{name} says: set {name}: {without}, or let it "
                "take one."
            )


def without_tensors(answer: Any) -> Any:
    """Replace tensors by arrays in an answer, also within lists and pairs of lists.

    Gradients are dropped, and types that NumPy lacks, such as bfloat16, become float32.
    """
    if isinstance(answer, torch.Tensor):
        array = array_of(answer)
        return array if array.ndim else array.item()
    # The first of many ids shows their type.
    if isinstance(answer, (list, tuple)) and answer and isinstance(answer[0], (list, tuple, torch.Tensor)):
        parts = [without_tensors(one) for one in answer]
        return tuple(parts) if isinstance(answer, tuple) else parts
    return answer


class Implicit:
    """Adapter for models of implicit (0.5 and later), which take indices and a CSR matrix of the history.

    Parameters
    ----------
    model
        A model with ``recommend(userid, user_items, N, filter_already_liked_items)``.
    """

    def __init__(self, model: Any) -> None:
        _require(model, ("recommend", "item_factors", "similarity"), "implicit", least=2)
        self._model = model

    @property
    def n_items(self) -> int:
        """Number of items of the model."""
        found = [getattr(self._model, name, None) for name in ("item_factors", "similarity")]
        of = next((one for one in found if one is not None), None)
        if of is None:
            raise HarnessError(
                f"{type(self._model).__name__} of implicit has neither item_factors nor similarity: it is not fitted, "
                "or the file that it was loaded from holds no model."
            )
        return int(of.shape[0])

    @property
    def n_users(self) -> int | None:
        """Number of users of the model; None for item-based models, which only read histories."""
        of = getattr(self._model, "user_factors", None)
        return None if of is None else int(of.shape[0])

    def vectors(self) -> tuple[Any, Any]:
        """Return the vectors of users and of items.

        Raises
        ------
        HarnessError
            The model has none.
        """
        found: list[Any] = [getattr(self._model, name, None) for name in ("user_factors", "item_factors")]
        if any(one is None for one in found):
            raise HarnessError(
                f"{type(self._model).__name__} of implicit has no user_factors and item_factors, so that it cannot "
                "score the whole catalogue. Set model.params.method: recommend."
            )
        # Matrices on a GPU have to_numpy.
        users, items = (one.to_numpy() if hasattr(one, "to_numpy") else np.asarray(one) for one in found)
        return users, items

    def recommend(self, users: list[Any], k: int, *, history: Any) -> tuple[Any, Any]:
        """Return items and scores, -1 where a list is shorter."""
        ids, scores = self._model.recommend(
            np.asarray(users, dtype=np.int32),
            history,
            N=min(k, self.n_items),
            filter_already_liked_items=False,
        )
        # Empty positions have the lowest float as their score.
        return ids, np.maximum(scores, LAST)


class LensKit:
    """Adapter for trained pipelines of LensKit (2025), which take external ids and one query at a time.

    Parameters
    ----------
    pipeline
        A ``lenskit.Pipeline`` with the components ``recommender`` and ``scorer``.
    """

    def __init__(self, pipeline: Any) -> None:
        _require(pipeline, ("run", "node"), "lenskit", least=2)
        self._pipeline = pipeline
        self._library: Any = importlib.import_module("lenskit")  # installed, as the pipeline comes from it

    def recommend(self, users: list[Any], k: int, *, history: list[list[Any]] | None = None) -> Any:
        """Return items and scores."""
        found = [self._library.recommend(self._pipeline, query, k) for query in _queries(users, history)]
        lists = [one.ids().tolist() for one in found]
        scores = [one.scores() for one in found]
        if any(one is None for one in scores):
            return lists
        return lists, [np.asarray(one).tolist() for one in scores]

    def score(self, users: list[Any], items: list[Any], *, history: list[list[Any]] | None = None) -> Any:
        """Return scores, NaN for missing ones."""
        candidates = np.asarray(items)
        rows = []
        for query in _queries(users, history):
            found = self._library.score(self._pipeline, query, candidates)
            rows.append(np.asarray(found.scores(), dtype=np.float32))
        return np.stack(rows) if rows else np.empty((0, len(items)), dtype=np.float32)


def _queries(users: list[Any], history: list[list[Any]] | None) -> list[Any]:
    if history is None:
        return users  # the pipeline looks up its training data
    data: Any = importlib.import_module("lenskit.data")
    # Older releases only have user_items.
    names = inspect.signature(data.RecQuery).parameters
    name = "history_items" if "history_items" in names else "user_items"
    # An empty array needs the type of the others.
    kind = np.asarray([item for one in history for item in one[:1]] or [0]).dtype
    lists = [data.ItemList(item_ids=np.asarray(one, dtype=None if one else kind)) for one in history]
    return [data.RecQuery(user_id=user, **{name: items}) for user, items in zip(users, lists, strict=True)]


class RecTools:
    """Adapter for a fitted model of RecTools and its data set, which take external ids and return a table.

    Parameters
    ----------
    pair
        ``(model, dataset)``.
    """

    def __init__(self, pair: Any) -> None:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise HarnessError(
                f"the factory returned {type(pair).__name__}, and adapter rectools needs a pair of the fitted model "
                "and the Dataset that it recommends from: return model, dataset."
            )
        self._model, self._dataset = pair
        _require(self._model, ("recommend", "fit"), "rectools", least=2)

    def recommend(self, users: list[Any], k: int) -> tuple[list[Any], list[Any]]:
        """Return items and scores."""
        table = self._model.recommend(
            # Each user has one list, however often the user is requested.
            users=list(dict.fromkeys(users)),
            dataset=self._dataset,
            k=k,
            filter_viewed=False,
        )
        items: dict[Any, list[Any]] = {user: [] for user in users}
        scores: dict[Any, list[Any]] = {user: [] for user in users}
        columns = (table[name].tolist() for name in ("user_id", "item_id", "score"))
        for user, item, score in zip(*columns, strict=True):
            items[user].append(item)
            scores[user].append(score)
        return [items[user] for user in users], [scores[user] for user in users]


def _require(given: Any, names: tuple[str, ...], adapter: str, *, least: int) -> None:
    if sum(hasattr(given, name) for name in names) < least:
        raise HarnessError(
            f"the object is {type(given).__module__}.{type(given).__qualname__}, which adapter {adapter} does not know "
            f"how to call: it lacks {', '.join(name for name in names if not hasattr(given, name))}."
        )
