"""Models that MLflow stores, called by their ``predict``."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.artifacts import AnyRecommender, ExternalModel, Vocabulary
from harness.errors import CheckpointError
from harness.models.external.external_errors import external_errors
from harness.models.mlflow_model.mlflow_columns import MLflowInput, MLflowOutput
from harness.models.python_object.python_options import ObjectOptions

logger = logging.getLogger("harness")


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class MLflowModel(ExternalModel):
    """Recommend with an MLflow model of the flavour ``python_function``.

    ``model.checkpoint`` is ``models:/name/1``, ``runs:/<id>/model`` or a folder with an ``MLmodel`` file; the store is
    that of MLflow, from ``MLFLOW_TRACKING_URI``. ``predict`` gets a data frame with one row per user, and returns

    - a data frame with one row per item, see ``output``;
    - a list of external item ids per user, or a pair of such lists and their scores; or
    - with ``method: score``, an array ``(users, items)`` with the items in ascending order of their external ids, or a
      data frame of that shape, whose columns may be external ids in any order.

    Parameters
    ----------
    allow_pickle
        Must be true: every MLflow model runs code that is stored with it, a pickle or a script.
    method
        ``recommend``: the model returns lists. ``score``: it scores the whole catalogue.
    input, output
        Columns of the data frames.
    missing_items
        With ``score``, treatment of items whose score is NaN: ``error``, or ``last``, after all others.
    batch_size
        Number of users per call, unless ``runner.batch_size`` is set.

    Examples
    --------
    >>> MLflowModel(allow_pickle=True, method="score").ranks_targets
    True
    """

    allow_pickle: bool = False
    method: Literal["recommend", "score"] = "recommend"
    input: MLflowInput = MLflowInput()
    output: MLflowOutput = MLflowOutput()
    missing_items: Literal["error", "last"] = "error"
    batch_size: Annotated[int, Field(ge=1)] = 512

    @property
    def ranks_targets(self) -> bool:
        """Whether the ranks of all items are known."""
        return self.method == "score"

    def files(self, checkpoint: str | None) -> list[Path]:
        """Return all files in the model's folder.

        Raises
        ------
        HarnessError
            There is no such model, or loading it is not allowed.
        """
        self.check_allowed(checkpoint)
        folder = _folder(checkpoint)
        return sorted(path for path in folder.rglob("*") if path.is_file())

    def load(self, checkpoint: str | None, *, users: Vocabulary, items: Vocabulary, device: str) -> AnyRecommender:
        """Load the model, and return its recommender.

        Raises
        ------
        HarnessError
            The model is not found, loading it is not allowed, or it cannot be loaded.
        """
        from harness.models.mlflow_model.mlflow_recommenders import FrameModel
        from harness.models.python_object.python_recommenders import recommender_of

        self.check_allowed(checkpoint)
        folder = _folder(checkpoint)
        logger.warning("%s is loaded, which runs the code that is stored with it (allow_pickle)", checkpoint)
        with external_errors(f"the model {checkpoint} of MLflow cannot be loaded:", CheckpointError):
            import mlflow.pyfunc

            loaded = mlflow.pyfunc.load_model(str(folder))
        given = FrameModel(loaded.predict, self.input, self.output)
        options = ObjectOptions(method=self.method, batch_size=self.batch_size, missing_items=self.missing_items)
        return recommender_of(
            options, given, users=users, items=items, device=device, where=f"the MLflow model {checkpoint}"
        )

    def check_allowed(self, checkpoint: str | None) -> None:
        """Check that loading the model, which runs code, is allowed.

        Raises
        ------
        CheckpointError
            Loading is not allowed; the message offers safe alternatives.
        """
        if not self.allow_pickle:
            raise CheckpointError(
                f"the model {checkpoint} of MLflow runs code that is stored with it when it is loaded, whatever its "
                "flavour: a pickle, or a script. If you trust whoever logged it, set model.params.allow_pickle: true. "
                "Safe instead: its arrays (kind vectors), its state dict (kind torch), or its predictions in a parquet "
                "file (kind predictions)."
            )


def _folder(checkpoint: str | None) -> Path:
    """Return the local folder of a model, downloaded if it is remote."""
    assert checkpoint is not None  # noqa: S101  (the kind needs one)
    folder = Path(checkpoint)
    if not re.match(r"[a-z][a-z0-9+.-]+:/", checkpoint):
        if not (folder / "MLmodel").is_file():
            raise CheckpointError(
                f"{folder} holds no model of MLflow (a file MLmodel). Name its folder, models:/name/version, or "
                "runs:/<run id>/model in model.checkpoint."
            )
        return folder
    missing = f"MLflow has no model {checkpoint} (MLFLOW_TRACKING_URI says which store):"
    with external_errors(missing, CheckpointError):
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # the harness has one
        import mlflow.artifacts

        return Path(mlflow.artifacts.download_artifacts(artifact_uri=checkpoint))
