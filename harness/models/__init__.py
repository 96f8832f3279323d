"""Models: the reference models, models of other programs, and checkpoints."""

from harness.artifacts import ExternalModel, FittedModel, ModelConfig, TrainedModel
from harness.artifacts.checkpoint_facts import CheckpointFacts
from harness.models.baselines.ease import EASE
from harness.models.baselines.item_knn import ItemKNN
from harness.models.baselines.popularity import Popularity
from harness.models.baselines.pure_svd import PureSVD
from harness.models.baselines.random import Random
from harness.models.checkpoints.checkpoint import (
    Checkpoint,
    CheckpointHeader,
    check_checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from harness.models.checkpoints.inspect import inspect_checkpoint
from harness.models.external.prediction_file import PredictionFile
from harness.models.generative.generative import Generative
from harness.models.generative.generative_options import CodeOptions, GenerativeRecipe
from harness.models.mlflow_model.mlflow_model import MLflowModel
from harness.models.neural.recipe import Recipe
from harness.models.neural.sequential import Sequential, SequentialRecipe
from harness.models.neural.two_tower import TwoTower, TwoTowerRecipe
from harness.models.python_object.python_model import PythonModel
from harness.models.torch_module.torch_model import TorchModel
from harness.models.vectors.vectors_model import UserItemVectors

__all__ = [
    "EASE",
    "Checkpoint",
    "CheckpointFacts",
    "CheckpointHeader",
    "CodeOptions",
    "ExternalModel",
    "FittedModel",
    "Generative",
    "GenerativeRecipe",
    "ItemKNN",
    "MLflowModel",
    "ModelConfig",
    "Popularity",
    "PredictionFile",
    "PureSVD",
    "PythonModel",
    "Random",
    "Recipe",
    "Sequential",
    "SequentialRecipe",
    "TorchModel",
    "TrainedModel",
    "TwoTower",
    "TwoTowerRecipe",
    "UserItemVectors",
    "check_checkpoint",
    "inspect_checkpoint",
    "load_checkpoint",
    "save_checkpoint",
]
