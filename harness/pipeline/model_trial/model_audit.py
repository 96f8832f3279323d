"""The findings on an external model itself: facts of its checkpoint, and the trial on a few users."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch

from harness.experiment import TrialSettings
from harness.pipeline.model_trial.trial import TrialReport, try_model
from harness.pipeline.stages.fingerprints import code_version
from harness.pipeline.stages.list_audit import checkpoint_findings
from harness.pipeline.workers.shard_jobs import Job
from harness.storage import sha256_json


def audit_digest(settings: TrialSettings) -> str:
    """Return the SHA-256 of everything that decides an audit, other than the model and the task."""
    code = code_version("harness.pipeline.model_trial", "harness.pipeline.stages.list_audit")
    return sha256_json([asdict(settings), code])


def audit_model(job: Job, settings: TrialSettings, params: Any, *, quiet: bool = False) -> TrialReport:
    """Load the model of a job, look at its checkpoint, and try it on a few users.

    The trial changes no number of the run. The generators of random numbers are put back afterwards. The job keeps the
    model for the run if it gave the same lists when it was called again; else the run loads it again, in the state that
    it has without a trial.

    Parameters
    ----------
    job
        The model, and what the run asks of it.
    settings
        What the trial may cost, and what a failed check does.
    params
        The configuration of the model.
    quiet
        Whether to hide the progress.

    Raises
    ------
    HarnessError
        The model cannot be loaded, or a check failed; see ``try_model``.
    """
    device = job.options.device
    restore_unloaded = _random_states(device)
    recommender = job.recommender(device)
    findings = tuple(checkpoint_findings(recommender, job.shards.task))
    if settings.on_failure == "off":
        return TrialReport(findings)
    restore_loaded, report = _random_states(device), TrialReport()
    try:
        report = try_model(recommender, job.shards.task, job.options, settings, params=params, quiet=quiet)
    finally:
        (restore_loaded if report.is_repeatable else restore_unloaded)()
        if not report.is_repeatable:
            job.unload()
    return replace(report, findings=(*findings, *report.findings))


def _random_states(device: str) -> Callable[[], None]:
    """Return what puts the global generators of Python, NumPy and torch back into their present states."""
    of_python, of_numpy, of_torch = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    of_gpu = torch.cuda.get_rng_state(device) if device.startswith("cuda") else None

    def restore() -> None:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002  (external models draw from it)
        torch.set_rng_state(of_torch)
        if of_gpu is not None:
            torch.cuda.set_rng_state(of_gpu, device)

    return restore
