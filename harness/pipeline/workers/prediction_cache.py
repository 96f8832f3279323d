"""Keep the lists of a run in the cache, shard by shard, and make those that are missing."""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import TypeAdapter, ValidationError

from harness import storage
from harness.artifacts import Finding, RecommendationTask, TimingRecord
from harness.artifacts.finding import WrittenFinding
from harness.errors import LockError
from harness.execution import Parallel, map_devices, map_shards, progress
from harness.memory import peak_memory
from harness.pipeline.model_trial import TrialReport, audit_digest, audit_model
from harness.pipeline.workers.shard_jobs import Job, ModelSource, make_shard
from harness.runner import Options, Shards, compute_topk
from harness.topk import choose_device

if TYPE_CHECKING:
    from harness.experiment import Experiment, RunnerSettings
    from harness.pipeline.stages.prediction_options import PredictionOptions

logger = logging.getLogger("harness")

_SAMPLE = 1000  # users for whom a lower precision is compared with float32
_FINDINGS = "findings-*.json"


@dataclass(frozen=True, eq=False)
class CachedLists:
    """The lists of a run, all of them in the cache.

    Parameters
    ----------
    job
        The shards, and everything that makes them.
    facts
        Facts for the report: ``users_per_second`` of the shards that were made now, ``users_from_cache``,
        ``peak_memory_bytes``, ``peak_device_memory_bytes`` of a GPU, and ``trial_seconds`` if the model was tried now.
    model_findings
        What is odd in an external model itself.
    precision_findings
        What a lower precision than float32 changed.
    """

    job: Job
    facts: TimingRecord
    model_findings: tuple[Finding, ...]
    precision_findings: tuple[Finding, ...]


def options_of(experiment: Experiment, device: str) -> Options:
    """Return the options with which an experiment makes its lists on a device."""
    runner = experiment.runner
    return Options(
        device=device,
        batch_size=runner.batch_size,
        fixed_batches=not is_batch_invariant(experiment),
        precision=runner.precision,
        memory=runner.budget,
        n_jobs=_threads(runner),
        processes=_processes(runner),
    )


def is_batch_invariant(experiment: Experiment) -> bool:
    """Return whether the model declares that the scores of a user do not depend on the batch, to the bit."""
    return experiment.model.params.batch_invariant


@contextlib.contextmanager
def cached_lists(
    experiment: Experiment, model: ModelSource, task: RecommendationTask, options: PredictionOptions, *, device: str
) -> Iterator[CachedLists]:
    """Yield the lists of a run; those that the cache does not hold are made.

    An external model is tried first. Its findings are kept beside the shards, so that a later run with the same
    ``model.trial`` does not load the model. Until the block ends no other process makes, replaces or removes
    the shards.

    Parameters
    ----------
    experiment
        The experiment of the run.
    model
        The model.
    task
        The task of the run.
    options
        The key of the lists, whether to make all shards again, and whether to hide the progress.
    device
        As ``choose_device`` returns it.
    """
    task.check()
    key, force = options.key, options.force
    folder = storage.entry_folder("predictions", key)
    job = Job(Shards(folder, key, task), model, options_of(experiment, device))
    with contextlib.ExitStack() as held:
        is_writable = True
        try:
            held.enter_context(storage.lock(folder, timeout=storage.LONG))
        except LockError:
            if force or job.shards.missing:
                raise  # a complete cache can be read without the lock
            is_writable = False
        else:
            storage.describe_entry(
                folder, {"name": experiment.name, "model": model.kind, "users": task.n_users, "k": task.k}
            )
            job.shards.clear(finished=force)
            for path in folder.glob(_FINDINGS) if force else ():
                path.unlink()
        yield _complete(experiment, job, is_writable=is_writable, quiet=options.quiet)


def _complete(experiment: Experiment, job: Job, *, is_writable: bool, quiet: bool) -> CachedLists:
    """Try the model if its findings are missing, make the missing shards, and return all lists."""
    shards, settings = job.shards, experiment.model.trial
    trial_seconds: float | None = None

    def kept(name: str, findings: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
        path = shards.folder / _FINDINGS.replace("*", name)
        found = _read_findings(path)
        if found is None:
            found = findings()
            if is_writable:
                storage.write_text(path, json.dumps([finding.as_dict() for finding in found], ensure_ascii=False))
        return found

    def audit() -> tuple[Finding, ...]:
        nonlocal trial_seconds
        assert settings is not None  # noqa: S101  (asked below)
        audited: TrialReport = audit_model(job, settings, experiment.model.params, quiet=quiet)
        if audited.seconds is not None:
            trial_seconds = round(audited.seconds, 4)
        return audited.findings

    try:
        model_findings = () if settings is None else kept(f"trial-{audit_digest(settings)[:16]}", audit)
        missing, start = shards.missing, time.perf_counter()
        if missing:
            _make(experiment.runner, job, missing, quiet=quiet)
        seconds = time.perf_counter() - start
    except BaseException:
        if not any(shards.folder.glob("shard-*")):  # a run that was refused leaves nothing
            for path in shards.folder.glob(_FINDINGS):
                path.unlink()
        storage.drop_if_empty(shards.folder)
        raise
    lower = job.options.precision != "float32"
    precision_findings = kept("precision", lambda: (_precision_finding(job),)) if lower else ()
    users = sum(stop - start for start, stop in (shards.bounds[index] for index in missing))
    facts = TimingRecord(
        users_from_cache=shards.task.n_users - users,
        users_per_second=round(users / seconds, 1) if users else None,
        peak_memory_bytes=peak_memory(),
        trial_seconds=trial_seconds,
    )
    if job.options.device.startswith("cuda"):
        import torch

        facts = replace(facts, peak_device_memory_bytes=int(torch.cuda.max_memory_allocated(job.options.device)))
    job.unload()
    return CachedLists(job, facts, model_findings, precision_findings)


def _read_findings(path: Path) -> tuple[Finding, ...] | None:
    """Return the findings of a file; None if it is absent or damaged."""
    try:
        return TypeAdapter(tuple[WrittenFinding, ...]).validate_json(path.read_bytes(), strict=True)
    except (OSError, ValidationError):
        return None


def _make(runner: RunnerSettings, job: Job, missing: list[int], *, quiet: bool) -> None:
    shards = job.shards
    sizes = {index: shards.bounds[index][1] - shards.bounds[index][0] for index in missing}
    names = [shards.name(index) for index in missing]
    with progress("scoring", sum(sizes.values()), quiet=quiet) as advance:

        def done(_: int, index: int) -> None:
            advance(sizes[index])

        if runner.devices is None and (runner.parallel is None or runner.parallel.backend == "threading"):
            recommender = job.recommender(job.options.device)
            for index in missing:
                shards.write(index, compute_topk(recommender, shards.part(index), job.options, advance))
            return
        job.unload()  # the processes load it
        with job.written() as folder:
            make = functools.partial(make_shard, job=folder)
            if runner.devices is not None:
                devices = [choose_device(name) for name in runner.device_names]
                map_devices(make, missing, devices=devices, names=names, on_result=done)
            elif runner.parallel is not None:
                map_shards(make, missing, parallel=runner.parallel, names=names, on_result=done)


def _threads(runner: RunnerSettings) -> int:
    """Return the number of threads per process, so that all processes together take one per core."""
    if runner.devices is not None:
        return max(1, Parallel().workers // len(runner.devices))
    if runner.parallel is None:
        return -1
    return runner.parallel.n_jobs if runner.parallel.backend == "threading" else 1


def _processes(runner: RunnerSettings) -> int:
    """Return the number of processes that share the memory of this machine; 1 for a cluster, where it is not known."""
    if runner.devices is not None:
        return len(runner.devices)
    return runner.parallel.workers if runner.parallel is not None and runner.parallel.backend == "loky" else 1


def _precision_finding(job: Job) -> Finding:
    """Return how far the lists of a sample of users differ from those in float32."""
    task, options = job.shards.task, job.options
    # By a hash of the external id: the same users whatever their order.
    order = np.argsort(task.user_ids.keys[task.users], kind="stable")
    chosen = np.sort(order[:_SAMPLE])
    exact = compute_topk(job.recommender(options.device), task.of_users(chosen), replace(options, precision="float32"))
    low = np.concatenate(
        [
            found.items[chosen[(chosen >= rows.start) & (chosen < rows.stop)] - rows.start]
            for rows, found in job.all_found()
        ]
    )
    differing = int((low != exact.items).any(axis=1).sum())
    shared = [len(np.intersect1d(one[one >= 0], two[two >= 0])) for one, two in zip(low, exact.items, strict=True)]
    overlap = float(np.sum(shared) / max(1, int((exact.items >= 0).sum())))
    sentence = (
        f"{differing:,} of {len(chosen):,} sampled users have another list in {options.precision} than in float32; the "
        f"lists share {overlap:.2%} of their items. Compare runs of one precision."
    )
    return Finding("precision", differing, len(chosen), sentence)
