"""How a model comes to be: trained here step by step, or elsewhere; and what it can show of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from harness.artifacts.array_types import Float32Array, Int32Array
from harness.artifacts.interactions import History
from harness.artifacts.recommender import AnyRecommender, Tensors, UserBatch
from harness.artifacts.vocabulary import Vocabulary

ValidationMetric = Callable[[AnyRecommender, str], float]
"""NDCG at ``VALIDATION_CUTOFF`` of a recommender on a device, on the validation part."""

VALIDATION_CUTOFF = 10


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What a model is trained on, step by step, and what tells when to stop.

    Parameters
    ----------
    train
        What each user did in the training part; a row a user of the vocabulary.
    validation_metric
        Tells how good it is on the validation part, and so how long to train; None where the split has none.
    whole
        Train and validation together, where the model is to be fitted on both: it is trained on ``train`` until
        ``validation_metric`` says stop, then anew for as long on the whole. None: on ``train`` alone.
    users, items
        The vocabularies.
    item_vectors
        float32 ``(items, dimension)``, NaN where an item has none; None where the data set has no vectors.
    """

    train: History
    validation_metric: ValidationMetric | None
    whole: History | None
    users: Vocabulary
    items: Vocabulary
    item_vectors: Float32Array | None = None


@dataclass(frozen=True)
class TrainingOptions:
    """Where and how a model is trained.

    None of it is meant to change the result; but its last bits are of a kind of device and a number of threads.

    Parameters
    ----------
    device
        Of torch, such as ``cpu``.
    state
        The file that holds what was reached, so that training goes on there after an interruption; None: no file.
    identity
        What the state belongs to; one of another is not taken up.
    quiet
        No progress.
    """

    device: str = "cpu"
    state: Path | None = None
    identity: str = ""
    quiet: bool = False


@runtime_checkable
class TrainedModel(Protocol):
    """A model's configuration that is trained step by step, rather than fitted in closed form."""

    def train(self, data: TrainingData, training: TrainingOptions) -> Tensors:
        """Return the tensors of a checkpoint."""
        ...


@runtime_checkable
class ExternalModel(Protocol):
    """The configuration of a model that was trained elsewhere: it reads its own files."""

    def files(self, checkpoint: str | None) -> list[Path]:
        """Return the files whose bytes decide what it recommends, code included.

        Raises
        ------
        HarnessError
            One is missing.
        """
        ...

    def load(self, checkpoint: str | None, *, users: Vocabulary, items: Vocabulary, device: str) -> AnyRecommender:
        """Return the model on a device.

        Raises
        ------
        HarnessError
            A file cannot be used, or does not fit the catalogue.
        """
        ...


@dataclass(frozen=True, eq=False)
class Attention:
    """What a model attended to when it recommended to one user.

    Parameters
    ----------
    weights
        float32 ``(heads, outputs, inputs)``.
    inputs
        int32 ``(inputs,)``: items of the user's history, oldest first.
    outputs
        What attends, a label a row.
    outputs_are
        What these are: the ``inputs`` themselves, in their order, as in self-attention over a history; the items of the
        ``list``, best first; or something ``else``.
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
            Of one user.
        items
            int32 ``(n,)``: the list that the model made for the user, best first; empty where nothing was left.
        titles
            By item index, for each item of the catalogue, for labels.
        """
        ...
