"""An MLflow model as an object with ``recommend`` and ``score``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from harness.errors import HarnessError, did_you_mean
from harness.models.external.external_ids import plain_id
from harness.models.mlflow_model.mlflow_columns import MLflowInput, MLflowOutput


class FrameModel:
    """Object that calls ``predict`` with a data frame and converts its answer; see ``MLflowModel``.

    Parameters
    ----------
    predict
        The method of the loaded model.
    inputs, outputs
        Names of the columns of the data frames.
    """

    def __init__(self, predict: Callable[[Any], Any], inputs: MLflowInput, outputs: MLflowOutput) -> None:
        self._predict, self._inputs, self._outputs = predict, inputs, outputs

    def recommend(self, users: list[Any], k: int) -> Any:
        """Return lists of items, and their scores if there are any."""
        # Each user has one list, however often the user is requested.
        distinct = list(dict.fromkeys(users))
        answer = self._predict(self._frame(distinct, k))
        if isinstance(answer, pd.DataFrame):
            lists, scores = self._from_rows(answer)
            keys = [str(user) for user in users]
            if lists and not lists.keys() & set(keys):
                raise HarnessError(
                    f"predict of the MLflow model returned rows of {len(lists):,} users, such as "
                    f"'{next(iter(lists))}', and none is one of the {len(distinct):,} asked for, such as '{keys[0]}' "
                    "(model.params.output.user). It is to give external ids, as it gets them."
                )
            found = [lists.get(key, []) for key in keys]
            return found if scores is None else (found, [scores.get(key, []) for key in keys])
        if len(distinct) == len(users):
            return answer
        places = {user: place for place, user in enumerate(distinct)}
        order = [places[user] for user in users]
        if isinstance(answer, tuple) and len(answer) == 2:
            return tuple([part[place] for place in order] for part in answer)
        return [answer[place] for place in order]

    def score(self, users: list[Any], items: list[Any]) -> Any:
        """Return scores ``(users, items)``."""
        return self._predict(self._frame(users, len(items)))

    def _frame(self, users: list[Any], k: int) -> pd.DataFrame:
        columns = self._inputs
        frame = pd.DataFrame({columns.user: users})
        if columns.k is not None:
            frame[columns.k] = np.full(len(users), k, dtype=np.int64)
        return frame

    def _from_rows(self, table: pd.DataFrame) -> tuple[dict[str, list[Any]], dict[str, list[Any]] | None]:
        """Return items and scores by external user id as text, so that 7, "7" and 7.0 are the same user."""
        columns = self._outputs
        scored = columns.score is not None and (columns.score != MLflowOutput().score or columns.score in table.columns)
        for key in ("user", "item", *(["score"] if scored else [])):
            name = getattr(columns, key)
            if name not in table.columns:
                raise HarnessError(
                    f"predict of the MLflow model returned a data frame without the column '{name}' "
                    f"(model.params.output.{key}). {did_you_mean(name, map(str, table.columns))}"
                )
        lists: dict[str, list[Any]] = {}
        scores: dict[str, list[Any]] = {}
        values = table[columns.score].tolist() if scored else [0.0] * len(table)
        for user, item, score in zip(table[columns.user].tolist(), table[columns.item].tolist(), values, strict=True):
            key = str(plain_id(user, "predict of the MLflow model"))
            lists.setdefault(key, []).append(item)
            scores.setdefault(key, []).append(score)
        return lists, scores if scored else None
