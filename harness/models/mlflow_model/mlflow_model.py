"""Models that MLflow keeps, called by their ``predict``."""

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
    """Recommend by a model of MLflow in its flavour ``python_function``.

    ``model.checkpoint`` is ``models:/name/1``, ``runs:/<id>/model`` or a folder with an ``MLmodel`` file; the store is
    MLflow's own, from ``MLFLOW_TRACKING_URI``. ``predict`` gets a data frame with a row a user, and returns

    - a data frame with a row an item, see ``output``;
    - a list of own item ids for each row, or a pair of such lists and their scores; or
    - with ``method: score``, an array ``(users, items)``, items in ascending order of own ids; or a data frame of that
      shape, whose columns may be named by own ids, in any order.

    Parameters
    ----------
    allow_pickle
        Needed, always: any model of MLflow runs code that is stored with it, a pickle or a script.
    method
        ``recommend``: it makes the lists. ``score``: it scores the whole catalogue.
    input, output
        Columns.
    missing_items
        With ``score``, items of the catalogue whose score is NaN: ``error``, or ``last``: they come after all others.
    batch_size
        Users at once, unless ``runner.batch_size`` says otherwise.

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
        """Whether it tells where any item stands."""
        return self.method == "score"

    def files(self, checkpoint: str | None) -> list[Path]:
        """Return all files of the model's folder.

        Raises
        ------
        HarnessError
            There is no such model, or it may not be loaded.
        """
        self.check_allowed(checkpoint)
        folder = _folder(checkpoint)
        return sorted(path for path in folder.rglob("*") if path.is_file())

    def load(self, checkpoint: str | None, *, users: Vocabulary, items: Vocabulary, device: str) -> AnyRecommender:
        """Return the model as one of ours.

        Raises
        ------
        HarnessError
            It cannot be had, may not be loaded, or cannot be loaded.
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
        """Check that the model may be loaded, which runs code.

        Raises
        ------
        CheckpointError
            It may not; the message says what is safe.
        """
        if not self.allow_pickle:
            raise CheckpointError(
                f"the model {checkpoint} of MLflow runs code that is stored with it when it is loaded, whatever its "
                "flavour: a pickle, or a script. If you trust whoever logged it, set model.params.allow_pickle: true. "
                "Safe instead: its arrays (kind vectors), its state dict (kind torch), or its predictions in a parquet "
                "file (kind predictions)."
            )


def _folder(checkpoint: str | None) -> Path:
    """Return the local folder of a model, fetched if it is elsewhere."""
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
