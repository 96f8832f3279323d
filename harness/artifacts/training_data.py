"""The data that a model is trained on step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.artifacts.array_types import Float32Array
from harness.artifacts.interactions import History
from harness.artifacts.recommender import AnyRecommender
from harness.artifacts.vocabulary import Vocabulary

VALIDATION_CUTOFF = 10

ValidationMetric = Callable[[AnyRecommender, str], float]
"""Returns NDCG at ``VALIDATION_CUTOFF`` of a recommender on a device, measured on the validation part."""


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Histories to train on, and the metric that decides when training stops.

    Parameters
    ----------
    train
        Each user's interactions in the training part, one row per user of the vocabulary.
    validation_metric
        Measures a recommender on the validation part; None where the split has no validation part.
    whole
        Train and validation together, for a model that is fitted on both: it is trained on ``train`` until
        ``validation_metric`` says stop, then trained again from the start on ``whole`` for as many epochs. None: the
        model is trained on ``train`` only.
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
