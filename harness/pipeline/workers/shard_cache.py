"""A model's lists for a run's users: made shard by shard, kept in the cache, and never made twice."""

from __future__ import annotations

import contextlib
import functools
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from harness import storage
from harness.artifacts import Finding, TimingRecord
from harness.errors import LockError
from harness.execution import Parallel, map_devices, map_shards, progress
from harness.memory import peak_memory
from harness.pipeline.workers.shard_jobs import Job, ModelSource, make_shard
from harness.runner import Options, PredictionTask, Shards, found_by
from harness.topk import choose_device

if TYPE_CHECKING:
    from harness.experiment import Experiment, Runner

logger = logging.getLogger("harness")

_SAMPLE = 1000  # users on whom a lower precision is compared with float32


@dataclass(frozen=True, eq=False)
class Made:
    """The shards of a run, all there.

    Parameters
    ----------
    job
        With the shards, which are in the cache.
    facts
        Throughput and memory.
    findings
        What a lower precision than float32 changed.
    """

    job: Job
    facts: TimingRecord
    findings: tuple[Finding, ...]


def options_of(experiment: Experiment, device: str) -> Options:
    """Return how an experiment's lists are made on a device."""
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
    """Return whether the model says that a user's scores do not depend on the batch, to the bit."""
    return bool(getattr(experiment.model.params, "batch_invariant", False))


@contextlib.contextmanager
def made(
    experiment: Experiment, model: ModelSource, task: PredictionTask, *, key: str, device: str, force: bool, quiet: bool
) -> Iterator[Made]:
    """Give the shards of a run; those that the cache does not hold are made.

    Until the block ends nobody else makes, replaces or removes them.

    Parameters
    ----------
    model
        What recommends.
    task
        What is asked for.
    key
        The hash of all that decides the lists.
    device
        As ``choose_device`` returns it.
    force
        Make all shards anew.
    quiet
        No progress.
    """
    task.check()
    options = options_of(experiment, device)
    folder = storage.open_entry(
        "predictions", key, {"name": experiment.name, "model": model.kind, "users": task.n_users, "k": task.k}
    )
    shards = Shards(folder, key, task)
    job = Job(shards, model, options)
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(storage.lock(folder, timeout=storage.LONG))
            shards.clear(finished=force)
        except LockError:
            if force or shards.missing:
                raise  # a cache that holds all and can only be read is read
        missing = shards.missing
        start = time.perf_counter()
        try:
            if missing:
                _make(experiment.runner, job, missing, quiet=quiet)
        except BaseException:
            storage.drop_if_empty(folder)  # a run that was refused leaves nothing
            raise
        seconds = time.perf_counter() - start
        yield _told(job, missing, seconds)


def _told(job: Job, missing: list[int], seconds: float) -> Made:
    shards, device = job.shards, job.options.device
    users = sum(stop - start for start, stop in (shards.bounds[index] for index in missing))
    facts = TimingRecord(
        users_from_cache=shards.task.n_users - users,
        peak_memory_bytes=peak_memory(),
        users_per_second=round(users / seconds, 1) if users else None,
    )
    if device.startswith("cuda"):
        import torch

        facts = replace(facts, peak_device_memory_bytes=int(torch.cuda.max_memory_allocated(device)))
    findings = () if job.options.precision == "float32" else (_disagreement(job),)
    return Made(job, facts, findings)


def _make(runner: Runner, job: Job, missing: list[int], *, quiet: bool) -> None:
    shards = job.shards
    sizes = {index: shards.bounds[index][1] - shards.bounds[index][0] for index in missing}
    names = [shards.name(index) for index in missing]
    with progress("scoring", sum(sizes.values()), quiet=quiet) as advance:

        def done(_: int, index: int) -> None:
            advance(sizes[index])

        if runner.devices is None and (runner.parallel is None or runner.parallel.backend == "threading"):
            recommender = job.recommender(job.options.device)
            for index in missing:
                shards.write(index, found_by(recommender, shards.part(index), job.options, advance))
            return
        with job.written() as folder:
            make = functools.partial(make_shard, job=folder)
            if runner.devices is not None:
                devices = [choose_device(name) for name in runner.device_names]
                map_devices(make, missing, devices=devices, names=names, on_result=done)
            elif runner.parallel is not None:
                map_shards(make, missing, parallel=runner.parallel, names=names, on_result=done)


def _threads(runner: Runner) -> int:
    """Return how many threads each process takes, so that together they take one a core."""
    if runner.devices is not None:
        return max(1, Parallel().workers // len(runner.devices))
    if runner.parallel is None:
        return -1
    return runner.parallel.n_jobs if runner.parallel.backend == "threading" else 1


def _processes(runner: Runner) -> int:
    """Return how many processes share this machine's memory. How many a cluster's machine has is not known here."""
    if runner.devices is not None:
        return len(runner.devices)
    return runner.parallel.workers if runner.parallel is not None and runner.parallel.backend == "loky" else 1


def _disagreement(job: Job) -> Finding:
    """Return how far the lists of a sample of users are from those of float32."""
    task, options = job.shards.task, job.options
    # By hash of the own id: the same users whatever their order.
    order = np.argsort(task.user_ids.keys[task.users], kind="stable")
    chosen = np.sort(order[:_SAMPLE])
    exact = found_by(
        job.model.recommender(task, options.device), task.of_users(chosen), replace(options, precision="float32")
    )
    low = np.concatenate(
        [
            found.items[chosen[(chosen >= rows.start) & (chosen < rows.stop)] - rows.start]
            for rows, found in job.all_found()
        ]
    )
    alike = (low == exact.items).all(axis=1)
    shared = [len(np.intersect1d(one[one >= 0], two[two >= 0])) for one, two in zip(low, exact.items, strict=True)]
    lengths = (exact.items >= 0).sum(axis=1)
    overlap = float(np.sum(shared) / max(1, lengths.sum()))
    differing = int((~alike).sum())
    sentence = (
        f"{differing:,} of {len(chosen):,} sampled users have another list in {options.precision} than in float32; the "
        f"lists share {overlap:.2%} of their items. Compare runs of one precision."
    )
    return Finding("precision", differing, len(chosen), sentence)
