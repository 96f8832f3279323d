"""Run shards on a Dask cluster.

It uses Dask's own futures, because joblib's Dask backend waits forever once a worker has been killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import pickle
import queue
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cloudpickle

from harness.errors import HarnessError
from harness.execution.shard_work import ShardWork

_ANSWERS_WITHIN = 5.0  # seconds that the scheduler has to answer, and the first worker to connect
_LOOK_EVERY = 2.0  # seconds between two checks of the cluster while nothing finishes
_PAUSE = 0.1  # seconds before a lost result is requested again
_WITHOUT_WORKERS = 20.0  # seconds to wait for replacements of workers that died
_MOST_BYTES = 8 << 20  # of one shard with its function; Dask warns from 10 MB on
_LOGGERS = ("asyncio", "distributed", "distributed.client", "distributed.gc")
_SILENT = logging.CRITICAL + 1


def run_on_cluster(work: ShardWork[Any, Any], address: str) -> None:
    """Process the shards on the workers of a cluster.

    Parameters
    ----------
    work
        Function and shards. Dask restarts the shards of a killed worker up to ``allowed-failures`` times.
    address
        Address of the scheduler.

    Raises
    ------
    HarnessError
        Dask is not installed, no scheduler answers, there is no worker, the connection is lost, or the workers that ran
        some shards were killed in every attempt; all other shards are finished then.
    """
    if not work.shards:
        return
    with _connected(address) as client:
        run = _ClusterRun(work, client, address)
        killed = run.finish(range(len(work.shards)))
        if len(killed) > 1:
            # Dask blames all shards that a dead worker held. Each runs by itself to show whether it is the cause.
            killed = [index for index in killed if run.finish([index])]
    if killed:
        raise work.given_up(
            killed,
            "each Dask worker that began it was killed, most likely because memory ran out. Give each worker "
            "more memory (dask worker --memory-limit) or fewer threads (--nthreads).",
        )


class _PickledCall:
    """Call that is executed where it is unpickled.

    A worker that cannot unpickle its task dies. A worker whose task is to unpickle bytes reports an error instead.
    """

    def __init__(self, function: Callable[..., Any], shard: Any) -> None:
        self._called = function, (shard,)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any]]:
        return self._called


class _LostResultError(Exception):
    """A result was computed, but is lost."""


class _ClusterRun:
    """Shards that are processed on a cluster."""

    def __init__(self, work: ShardWork[Any, Any], client: Any, address: str) -> None:
        self._work = work
        self._client = client
        self._address = address
        self._ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._last_seen = time.monotonic()  # when a worker was last there

    def finish(self, indices: Sequence[int]) -> list[int]:
        """Process shards, and return those whose workers were killed."""
        from distributed import KilledWorker

        killed = []
        under_way = {}
        for index in indices:
            future = self._submit(index)
            under_way[future.key] = index, future
            future.add_done_callback(self._ended.put)
        while under_way:
            try:
                future = self._ended.get(timeout=_LOOK_EVERY)
            except queue.Empty:
                self._look()
                continue
            index = under_way[future.key][0]
            try:
                result = self._result(future)
            except KilledWorker:
                killed.append(index)
            except _LostResultError:
                # Its worker died before the result was fetched. Dask computes it again.
                self._look()
                time.sleep(_PAUSE)
                future.add_done_callback(self._ended.put)
                continue
            else:
                self._work.finish(index, result)
            # Dask drops results without references, and then need not compute them again when their worker dies.
            del under_way[future.key]
        return killed

    def _result(self, future: Any) -> Any:
        status = future.status
        if status == "cancelled":
            raise self._lost_connection()
        if status not in ("finished", "error"):
            raise _LostResultError
        try:
            return future.result(timeout=_ANSWERS_WITHIN)
        except TimeoutError as error:
            if status == "error":
                raise  # raised by the function
            raise _LostResultError from error
        except ModuleNotFoundError as error:
            if self._is_needed(error.name):
                raise self._not_installed(error.name) from error
            raise

    def _submit(self, index: int) -> Any:
        call = cloudpickle.dumps(_PickledCall(self._work.function, self._work.shards[index]))
        if len(call) > _MOST_BYTES:
            raise HarnessError(
                f"each shard takes {len(call) >> 20} MiB to the cluster, and {_MOST_BYTES >> 20} MiB is the most: the "
                "function or the shard holds data. Let them hold the paths of files that every worker can read, or "
                "use backend: threading."
            )
        name = getattr(self._work.function, "__name__", "shard")
        return self._client.submit(pickle.loads, call, key=f"{name}-{uuid.uuid4().hex}", pure=False)

    def _is_needed(self, module: str | None) -> bool:
        needed = getattr(self._work.function, "__module__", None) or ""
        return module is not None and module.partition(".")[0] in ("harness", needed.partition(".")[0])

    def _not_installed(self, module: str | None) -> HarnessError:
        return HarnessError(
            f"the workers of the cluster at {self._address} lack the module '{module}'. "
            "Install on each of them what is installed here, in the same version."
        )

    def _look(self) -> None:
        """Raise an error if there are no workers to wait for."""
        try:
            workers = len(self._client.nthreads())
        except (OSError, TimeoutError) as error:
            raise self._lost_connection() from error
        now = time.monotonic()
        if workers:
            self._last_seen = now
        elif now - self._last_seen > _WITHOUT_WORKERS:
            raise HarnessError(
                f"the cluster at {self._address} has lost all its workers, most likely because memory ran out, and "
                f"none came back within {_WITHOUT_WORKERS:.0f} s; {len(self._work.results)} of "
                f"{len(self._work.shards)} shards are finished. Start workers with more memory, and run again."
            )

    def _lost_connection(self) -> HarnessError:
        return HarnessError(
            f"the connection to the Dask scheduler at {self._address} was lost; {len(self._work.results)} of "
            f"{len(self._work.shards)} shards are finished. See whether it still runs, and run again."
        )


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError as error:
        raise HarnessError(
            "backend: dask needs the package 'distributed', which is not installed. "
            "Install it by: pip install 'recsys-harness[cluster]'"
        ) from error
    with _silent():
        try:
            with ThreadPoolExecutor(1) as pool:  # in a notebook, the event loop of the calling thread is in use
                pool.submit(asyncio.run, asyncio.wait_for(_greet(address), _ANSWERS_WITHIN)).result()
            client: Any = Client(address, timeout=_ANSWERS_WITHIN, set_as_default=False)
        except Exception as error:  # another kind of server may answer anything
            raise HarnessError(
                f"no Dask scheduler answers at {address}; {_ANSWERS_WITHIN:.0f} s are the most it has. Start one by "
                "`dask scheduler`, or correct the address (parallel.address)."
            ) from error
        with client:
            try:
                client.wait_for_workers(1, timeout=_ANSWERS_WITHIN)
            except TimeoutError as error:
                raise HarnessError(
                    f"the Dask cluster at {address} has no worker. Start some by `dask worker {address}`."
                ) from error
            yield client


async def _greet(address: str) -> None:
    # The client would wait forever for a server that accepts the connection but never answers.
    from distributed.comm.core import connect
    from distributed.security import Security

    comm = await connect(address, timeout=_ANSWERS_WITHIN, **Security().get_connection_args("client"))
    await comm.close()


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Suppress Dask's log messages: what matters in them becomes an error here."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(_SILENT)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
