"""Record where a run is computed: versions, machine, commit."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import harness
from harness.artifacts import EnvironmentRecord, GitState

PACKAGES = ("joblib", "mlflow", "numba", "numpy", "pandas", "pyarrow", "scipy", "statsmodels", "torch")


def environment(device: str) -> EnvironmentRecord:
    """Return the environment of this process, which scores on a device."""
    return EnvironmentRecord(
        harness=harness.__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        cores=os.cpu_count(),
        device=device,
        packages={name: _version(name) for name in PACKAGES},
        # The checkout of this code, whatever the working directory is.
        git=git_state(Path(harness.__file__).parent),
    )


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None  # scoring a file of predictions works without torch


def git_state(folder: Path) -> GitState | None:
    """Return the commit of a folder's checkout, and whether files differ from it; None outside a checkout."""
    commit = _git(folder, "rev-parse", "HEAD")
    status = _git(folder, "status", "--porcelain")
    return None if commit is None or status is None else GitState(commit, dirty=bool(status))


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        finished = subprocess.run(  # noqa: S603  (a fixed command)
            ["git", *arguments],  # noqa: S607  (the user's own git)
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return finished.stdout.strip()
