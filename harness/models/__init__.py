"""What can recommend: the reference models, their checkpoints, and how they score."""

from harness.models.checkpoint import (
    Checkpoint,
    CheckpointHeader,
    check_checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from harness.models.checkpoint_facts import CheckpointFacts
from harness.models.ease import EASE
from harness.models.foreign.mlflow_model import MLflowModel
from harness.models.foreign.python_model import PythonModel
from harness.models.foreign.torch_model import TorchModel
from harness.models.foreign.vectors_model import UserItemVectors
from harness.models.generative import Codes, Generative, GenerativeRecipe
from harness.models.inspection import inspect_checkpoint
from harness.models.item_knn import ItemKNN
from harness.models.popularity import Popularity
from harness.models.prediction_file import PredictionFile
from harness.models.pure_svd import PureSVD
from harness.models.random import Random
from harness.models.recipe import Recipe
from harness.models.sequential import Sequential, SequentialRecipe
from harness.models.two_tower import TwoTower, TwoTowerRecipe

__all__ = [
    "EASE",
    "Checkpoint",
    "CheckpointFacts",
    "CheckpointHeader",
    "Codes",
    "Generative",
    "GenerativeRecipe",
    "ItemKNN",
    "MLflowModel",
    "Popularity",
    "PredictionFile",
    "PureSVD",
    "PythonModel",
    "Random",
    "Recipe",
    "Sequential",
    "SequentialRecipe",
    "TorchModel",
    "TwoTower",
    "TwoTowerRecipe",
    "UserItemVectors",
    "check_checkpoint",
    "inspect_checkpoint",
    "load_checkpoint",
    "save_checkpoint",
]
