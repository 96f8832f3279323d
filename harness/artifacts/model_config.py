"""What every model configuration states about itself, and the three ways to obtain a recommender from one.

A model configuration is a frozen pydantic dataclass whose fields are the options of ``model.params``. It derives from
``FittedModel``, ``TrainedModel`` or ``ExternalModel``, and sets the attributes of ``ModelConfig`` that differ from
their defaults.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

from numpy.typing import NDArray

from harness.artifacts.finding import Finding
from harness.artifacts.interactions import History
from harness.artifacts.recommender import AnyRecommender
from harness.artifacts.training_data import TrainingData
from harness.artifacts.training_options import TrainingOptions
from harness.artifacts.vocabulary import Vocabulary

Tensors = Mapping[str, NDArray[Any]]
"""The arrays of a checkpoint by name."""


class TrainingRecipe(Protocol):
    """The part of a training recipe that other stages read."""

    @property
    def patience(self) -> int | None:
        """Epochs without a better validation metric after which training stops; None: it never stops early."""
        ...


class ModelConfig(abc.ABC):  # noqa: B024  (its subclasses have the abstract methods)
    """Base class of model configurations: facts about the model, with their defaults.

    A class attribute may be overridden by a class variable, a field or a property. Options of a model, and so the keys
    of ``model.params``, are the fields of the subclass only.

    Attributes
    ----------
    fitted
        Whether the harness fits the model and keeps its checkpoint. False for external models.
    needs_checkpoint
        Whether ``model.checkpoint`` must be named for a model that is not fitted.
    batch_invariant
        Whether a user's scores do not depend on the other users of the batch, to the bit. Then the batch size is free,
        and cached predictions stay valid when it changes.
    deterministic
        Whether fitting depends on nothing but data and options, so that one fit stands for all training seeds.
    explains_history
        Whether its recommender is a ``ContributionExplainer``.
    allow_pickle
        Whether reading the checkpoint may run code.
    dtype
        Type of the floating-point weights, on which the tolerance of repeated calls depends.
    recipe
        How the model is trained step by step; None for a model that is fitted in closed form or not at all.

    Examples
    --------
    >>> ModelConfig.fitted, ModelConfig.batch_invariant
    (True, False)
    """

    fitted: ClassVar[bool] = True
    needs_checkpoint: ClassVar[bool] = True
    batch_invariant: ClassVar[bool] = False
    deterministic: ClassVar[bool] = False
    explains_history: ClassVar[bool] = False
    allow_pickle: bool = False
    dtype: str = "float32"
    recipe: TrainingRecipe | None = None

    @property
    def ranks_targets(self) -> bool:
        """Whether the model scores all candidates, so that the exact ranks of relevant items are known."""
        return True

    @property
    def reads_history(self) -> bool:
        """Whether recommendations of an external model are meant to depend on the user's history."""
        return False

    @property
    def reads_item_vectors(self) -> bool:
        """Whether training reads the item vectors of the data set."""
        return False

    def audit(self, tensors: Tensors) -> tuple[Finding, ...]:
        """Return findings about a fitted checkpoint; none by default."""
        return ()

    def sources(self) -> list[Path]:
        """Return the files of the model's own code outside the harness; none by default.

        Raises
        ------
        HarnessError
            The code is missing.
        """
        return []

    @classmethod
    def __subclasshook__(cls, other: type) -> Any:
        # As in collections.abc: a class of another package that has the methods need not derive.
        methods: frozenset[str] = cls.__abstractmethods__
        if methods and all(any(name in vars(base) for base in other.__mro__) for name in methods):
            return True
        return NotImplemented


class FittedModel(ModelConfig):
    """A model that is fitted in one step, in closed form or by counting."""

    @abc.abstractmethod
    def fit(self, history: History) -> Tensors:
        """Return the tensors of a checkpoint, fitted to the users' histories."""

    @abc.abstractmethod
    def recommender(self, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str) -> AnyRecommender:
        """Return the recommender that a checkpoint's tensors describe.

        Raises
        ------
        CheckpointError
            A tensor is missing, or its shape does not fit the catalogue.
        """


class TrainedModel(ModelConfig):
    """A model that is trained step by step."""

    @abc.abstractmethod
    def train(self, data: TrainingData, options: TrainingOptions) -> Tensors:
        """Return the tensors of a checkpoint, trained on the data."""

    @abc.abstractmethod
    def recommender(self, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str) -> AnyRecommender:
        """Return the recommender that a checkpoint's tensors describe.

        Raises
        ------
        CheckpointError
            A tensor is missing, or its shape does not fit the catalogue.
        """


class ExternalModel(ModelConfig):
    """A model that was trained elsewhere and reads its own files."""

    fitted: ClassVar[bool] = False

    @abc.abstractmethod
    def files(self, checkpoint: str | None) -> list[Path]:
        """Return the files whose bytes decide what the model recommends, code included.

        Raises
        ------
        HarnessError
            A file is missing.
        """

    @abc.abstractmethod
    def load(self, checkpoint: str | None, *, users: Vocabulary, items: Vocabulary, device: str) -> AnyRecommender:
        """Return the model on a device.

        Raises
        ------
        HarnessError
            A file cannot be used, or does not fit the catalogue.
        """
