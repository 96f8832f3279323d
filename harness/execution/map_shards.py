"""Apply a function to shards: in threads, in processes, on devices, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from harness.execution.parallel import Parallel
from harness.execution.shard_work import Result, Shard, ShardWork


def map_shards(
    function: Callable[[Shard], Result],
    shards: Sequence[Shard],
    *,
    parallel: Parallel,
    names: Sequence[str] | None = None,
    attempts: int = 3,
    on_result: Callable[[int, Result], None] | None = None,
) -> list[Result]:
    """Return ``function(shard)`` for each shard, in the order of the shards.

    An exception of the function stops all work and is raised; the shard is not tried again. If a **worker** dies
    (killed, out of memory), only its own shard is lost and is tried again. A shard that fails in every attempt is
    reported once all others are finished.

    Parameters
    ----------
    function
        Threads take any. ``loky`` and ``dask`` pickle it: best a function at the top level of an
        installed module, with paths to read and write rather than arrays. Dask's workers and its
        scheduler find such a function by its name, so the package must be installed there too.
        ``loky`` also takes closures: what they hold is written once and mapped by every process.
    shards
        Small values, one per call. ``loky`` and ``dask`` pickle shards and results.
    parallel
        Backend and number of workers. With ``threading``, a single worker or shard runs in the calling thread;
        ``loky`` always starts processes, even for one worker.
    names
        Names of the shards for messages. Default: ``shard 0``, ``shard 1``, …
    attempts
        Number of attempts of ``loky`` for a shard whose process is killed, 1 or more. The last of several attempts runs
        alone. Threads cannot be killed, and Dask has its own limit
        (``distributed.scheduler.allowed-failures``, 3).
    on_result
        Called with the index of a shard and its result as each finishes, in any order, always in
        the calling thread.

    Raises
    ------
    HarnessError
        A shard failed in every attempt; or Dask, a scheduler or a worker is missing.
    ValueError
        There are not as many names as shards, or ``attempts`` is below 1.

    Examples
    --------
    >>> map_shards(abs, [-2, 3], parallel=Parallel(n_jobs=2))
    [2, 3]
    """
    work = ShardWork(function, shards, names, attempts, on_result)
    if parallel.address is not None:
        # Imported here, because only clusters need its packages.
        from harness.execution.dask_cluster import run_on_cluster

        run_on_cluster(work, parallel.address)
    elif parallel.backend == "loky":
        from harness.execution.process_pool import run_in_processes

        remedy = "Use fewer workers (n_jobs), a machine with more memory, or backend: threading."
        run_in_processes(work, [()] * parallel.workers, remedy=remedy)
    else:
        _run_in_threads(work, parallel.workers)
    return work.in_order()


def map_devices(
    function: Callable[[Shard, str], Result],
    shards: Sequence[Shard],
    *,
    devices: Sequence[str],
    names: Sequence[str] | None = None,
    attempts: int = 3,
    on_result: Callable[[int, Result], None] | None = None,
) -> list[Result]:
    """Return ``function(shard, device)`` for each shard, in the order of the shards.

    Each device has one process, which receives a shard whenever it is free. If a process is killed, only its own shard
    is lost: the process is restarted, and any free process tries the shard again. An exception of the function stops
    all work and is raised.

    Parameters
    ----------
    function
        Pickled, as are the shards and the results: best a function at the top level of a module,
        with paths to read and write. It is called many times in one process, so that it may cache
        what it loads onto the device.
    shards
        Small values, one per call.
    devices
        Such as ``("cuda:0", "cuda:1")``; a name that is listed twice has two processes.
    names
        Names of the shards for messages. Default: ``shard 0``, ``shard 1``, …
    attempts
        Number of attempts for a shard whose process is killed, 1 or more. The last of several attempts runs alone, on a
        device where the shard has not failed yet if there is one.
    on_result
        Called with the index of a shard and its result as each finishes, in any order, always in
        the calling thread.

    Raises
    ------
    HarnessError
        A shard failed in every attempt.
    ValueError
        There is no device, there are not as many names as shards, or ``attempts`` is below 1.

    Examples
    --------
    >>> import operator
    >>> map_devices(operator.add, ["on ", "by "], devices=("cpu",))
    ['on cpu', 'by cpu']
    """
    if isinstance(devices, str):
        raise ValueError(f"devices is the text {devices!r}; give a sequence, such as ({devices!r},)")
    if not devices:
        raise ValueError("devices is empty; name at least one, such as ('cpu',)")
    from harness.execution.process_pool import run_in_processes

    work: ShardWork[Shard, Result] = ShardWork(function, shards, names, attempts, on_result)
    remedy = "Use fewer devices at a time, a smaller batch, or a machine with more memory."
    run_in_processes(work, [(device,) for device in devices], remedy=remedy)
    return work.in_order()


def _run_in_threads(work: ShardWork[Any, Any], workers: int) -> None:
    if workers == 1 or len(work.shards) < 2:
        for index, shard in enumerate(work.shards):
            work.finish(index, work.function(shard))
        return
    pool = ThreadPoolExecutor(min(workers, len(work.shards)), thread_name_prefix="harness")
    try:
        indices = {pool.submit(work.function, shard): index for index, shard in enumerate(work.shards)}
        for future in as_completed(indices):
            work.finish(indices[future], future.result())
    finally:
        # After an error nothing new starts, and nothing runs on after the call returns.
        pool.shutdown(cancel_futures=True)
