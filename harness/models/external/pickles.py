"""Read pickles, which can run any code, only if allowed and with a warning."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, NoReturn

from harness.errors import CheckpointError
from harness.models.run_messages import warn_once

PICKLES = (".pkl", ".pickle", ".joblib", ".cloudpickle")


def refuse_pickle(path: Path) -> NoReturn:
    """Raise an error that offers safe remedies."""
    raise CheckpointError(
        f"{path} is a pickle, or may be one, and reading it can run any code. Safe instead: a factory "
        "(model.params.factory) that builds the object from arrays (.npz, .safetensors); or kind vectors; or "
        "predictions in a parquet file (kind predictions). If you trust whoever made it, set "
        "model.params.allow_pickle: true."
    )


def unpickled(path: Path, *, allowed: bool) -> Any:
    """Return the object of a pickle.

    Raises
    ------
    CheckpointError
        Pickles are not allowed, the file is none, or it needs a package that is not installed.
    """
    if not allowed:
        refuse_pickle(path)
    if not path.is_file():
        raise CheckpointError(f"the checkpoint {path} does not exist. Correct model.checkpoint.")
    warn_once(f"{path} is unpickled, which can run any code that is in it (allow_pickle)")
    try:
        if path.suffix.lower() == ".joblib":
            import joblib

            return joblib.load(path)
        with path.open("rb") as file:
            return pickle.load(file)  # noqa: S301  (allowed, and warned of)
    except Exception as error:  # external code may raise anything
        raise CheckpointError(f"{path} cannot be unpickled: {type(error).__name__}: {str(error)[:200]}") from error
