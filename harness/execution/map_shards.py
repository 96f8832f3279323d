"""One function over many shards: here, in threads, in processes, on devices or on a cluster."""

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

    An exception of the function ends all and is raised as it is; it is never tried again. A
    **worker** that dies (killed, out of memory) costs its own shard alone, which is begun again;
    one that fails for good is named once all others are finished.

    Parameters
    ----------
    function
        Threads take any. ``loky`` and ``dask`` pickle it: best a function at the top level of an
        installed module, with paths to read and write rather than arrays. Dask's workers and its
        scheduler find such a function by its name, so the package must be installed there too.
        ``loky`` also takes closures: what they hold is written once and mapped by every process.
    shards
        Small values that say what to do; pickled with ``loky`` and ``dask``, and so are the results.
    parallel
        Who does it. With ``threading``, a single worker or shard is done in the calling thread;
        ``loky`` always has processes of its own, even one.
    names
        What messages call the shards, one each; ``shard 0``, ``shard 1``, … if left out.
    attempts
        How often ``loky`` begins a shard whose process is killed, 1 or more; with 2 and more, the
        last time alone. Threads cannot be killed, and Dask counts for itself
        (``distributed.scheduler.allowed-failures``, 3).
    on_result
        Called with the index of a shard and its result as each finishes, in any order, always in
        the calling thread.

    Raises
    ------
    HarnessError
        A shard was given up; or there is no Dask, no scheduler or no worker.
    ValueError
        There are not as many names as shards, or ``attempts`` is below 1.

    Examples
    --------
    >>> map_shards(abs, [-2, 3], parallel=Parallel(n_jobs=2))
    [2, 3]
    """
    work = ShardWork(function, shards, names, attempts, on_result)
    if parallel.address is not None:
        # Deferred, as who has no cluster need not have its packages.
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

    Each device has one process, which is given a shard whenever it is free. A process that is
    killed costs its own shard alone: it is started again, and the shard is begun again, by whoever
    is free. An exception of the function stops all and is raised as it is.

    Parameters
    ----------
    function
        Pickled, as are the shards and the results: best a function at the top level of a module,
        with paths to read and write. It is called again and again in one process, so what it loads
        onto the device it may keep in a cache of its own.
    shards
        Small values that say what to do.
    devices
        Such as ``("cuda:0", "cuda:1")``; a name that stands twice has two processes.
    names
        What messages call the shards, one each; ``shard 0``, ``shard 1``, … if left out.
    attempts
        How often a shard is begun whose process is killed, 1 or more; with 2 and more, the last
        time alone, on a device where it did not fail if there is one.
    on_result
        Called with the index of a shard and its result as each finishes, in any order, always in
        the calling thread.

    Raises
    ------
    HarnessError
        A shard was given up.
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
        # After an error nothing is begun any more, and nothing goes on behind the caller's back.
        pool.shutdown(cancel_futures=True)
