"""Where a model is trained, and how an interrupted training resumes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TrainingOptions:
    """Device, saved state and progress display of a training.

    These options are not meant to change the result. Its last bits may differ between kinds of device and numbers of
    threads.

    Parameters
    ----------
    device
        A device of torch, such as ``cpu``.
    state
        File that holds the state after the last epoch, from which an interrupted training resumes; None: no file.
    identity
        Digest of everything that decides the result; a state with another identity is ignored.
    quiet
        Show no progress.
    """

    device: str = "cpu"
    state: Path | None = None
    identity: str = ""
    quiet: bool = False
