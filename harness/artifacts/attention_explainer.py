"""Attention weights of a recommendation, and recommenders that can show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from harness.artifacts.array_types import Float32Array, Int32Array
from harness.artifacts.user_batch import UserBatch


@dataclass(frozen=True, eq=False)
class Attention:
    """Attention weights of a recommendation to one user.

    Parameters
    ----------
    weights
        float32 ``(heads, outputs, inputs)``.
    inputs
        int32 ``(inputs,)``: items of the user's history, oldest first.
    outputs
        One label per row of ``weights``: what attends to the inputs.
    outputs_are
        What the outputs are: the ``inputs`` themselves, in their order, as in self-attention over a history; the items
        of the ``list``, best first; or something ``else``.
    """

    weights: Float32Array
    inputs: Int32Array
    outputs: tuple[str, ...]
    outputs_are: Literal["inputs", "list", "else"] = "else"


@runtime_checkable
class AttentionExplainer(Protocol):
    """A recommender that can show its attention."""

    def attention(self, batch: UserBatch, items: Int32Array, titles: Mapping[int, str]) -> Attention:
        """Return the attention of the one user of a batch.

        Parameters
        ----------
        batch
            A batch of one user.
        items
            int32 ``(n,)``: the list that the model made for the user, best first; empty where no item was left.
        titles
            Title of each item of the catalogue by item index, for labels.
        """
        ...
