"""Pool of processes in which a killed process loses only its own shard.

joblib and ``concurrent.futures`` give up the whole pool when one process dies, because its processes share a queue: the
shard of the dead process is not known, and results that were not yet returned are lost. Here each process has its own
pipe.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import tempfile
import time
from collections import Counter, deque
from collections.abc import Sequence
from multiprocessing import connection
from pathlib import Path
from typing import Any

import cloudpickle
import joblib
from joblib.externals.loky.backend import get_context

from harness.execution.process_worker import END, serve
from harness.execution.shard_work import ShardWork
from harness.execution.shared_function import write_function

_LOOK_EVERY = 1.0  # seconds between two checks whether a process is alive
_ENDS_WITHIN = 5.0  # seconds that a process has to end
_THREADS = (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def run_in_processes(work: ShardWork[Any, Any], calls: Sequence[tuple[str, ...]], *, remedy: str) -> None:
    """Process the shards.

    Parameters
    ----------
    work
        Function and shards.
    calls
        Further arguments of the function, one tuple per process.
    remedy
        Advice for the error message if processes are killed because memory runs out.

    Raises
    ------
    HarnessError
        The processes of some shards were killed in every attempt. All other shards are finished.
    """
    calls = calls[: len(work.shards)]
    if not calls:
        return
    with tempfile.TemporaryDirectory(prefix="harness-") as folder:
        write_function(work.function, Path(folder))
        # Divide the cores among the processes, as joblib does, unless the user has set the number of threads.
        threads = str(max(joblib.cpu_count() // len(calls), 1))
        environment = {name: threads for name in _THREADS if name not in os.environ}
        pool = _ProcessPool(work, [_WorkerProcess(Path(folder), more, environment) for more in calls])
        try:
            pool.run()
            pool.end()
        finally:
            pool.kill()
    if pool.lost:
        raise work.given_up(list(pool.lost), _reason(work.attempts, next(iter(pool.lost.values())), remedy))


class _WorkerProcess:
    """Process that works on one shard at a time, and is started when it gets the first one."""

    def __init__(self, folder: Path, more: tuple[str, ...], environment: dict[str, str]) -> None:
        self.more = more
        self.pipe: Any = None
        self._folder = folder
        self._environment = environment
        self._process: Any = None

    @property
    def exitcode(self) -> int | None:
        """Exit code; None while the process runs, the negative signal number if a signal killed it."""
        exitcode: int | None = None if self._process is None else self._process.exitcode
        return exitcode

    def begin(self, shard: bytes) -> None:
        """Send it a pickled shard. The process is started if it does not run."""
        if self.exitcode is not None:
            self.kill()
        if self._process is None:
            self._start()
        # If it has just died, reading its answer fails.
        with contextlib.suppress(OSError):
            self.pipe.send_bytes(shard)

    def _start(self) -> None:
        # Processes of loky, unlike those of multiprocessing, do not run the caller's script again.
        context = get_context("loky")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs, self._folder, self.more), env=self._environment, name="harness"
        )
        self._process.start()
        theirs.close()  # so that the pipe ends when the process does

    def answer(self) -> bytes:
        """Return the result of its shard, or raise EOFError if the process died."""
        # Child processes may keep the pipe of a dead process open.
        if self.exitcode is not None and not self.pipe.poll():
            raise EOFError
        try:
            outcome: bytes = self.pipe.recv_bytes()
        except OSError as error:
            raise EOFError from error
        return outcome

    def bury(self) -> int:
        """Return the exit code of a process that died."""
        self.join()
        exitcode = self.exitcode
        self.kill()
        return -signal.SIGKILL if exitcode is None else exitcode

    def end(self) -> None:
        """Ask an idle process to end."""
        if self._process is not None:
            with contextlib.suppress(OSError):
                self.pipe.send_bytes(END)

    def join(self) -> None:
        """Wait until it has ended, for a limited time."""
        # Process.join with a timeout would also wait for its child processes.
        until = time.monotonic() + _ENDS_WITHIN
        while self._process is not None and self._process.exitcode is None and time.monotonic() < until:
            time.sleep(0.005)

    def kill(self) -> None:
        """Kill the process. It is started again for the next shard."""
        if self._process is None:
            return
        if self.exitcode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            self.join()
        self._process = None
        self.pipe.close()


class _ProcessPool:
    """Processes and the shards that they work on."""

    def __init__(self, work: ShardWork[Any, Any], processes: Sequence[_WorkerProcess]) -> None:
        self.lost: dict[int, int] = {}  # exit codes by shard
        self._work = work
        self._processes = processes
        self._at: dict[_WorkerProcess, int] = {}
        self._waiting = deque(range(len(work.shards)))
        self._last_tries: deque[int] = deque()
        self._deaths: dict[int, Counter[tuple[str, ...]]] = {}

    def run(self) -> None:
        """Process all shards. Each is finished or lost afterwards."""
        self._hand_out()
        while self._at:
            ready = connection.wait([process.pipe for process in self._at], _LOOK_EVERY)
            for process in list(self._at):
                if process.pipe in ready or process.exitcode is not None:
                    self._collect(process)
            self._hand_out()

    def end(self) -> None:
        """Ask all processes to end, and wait for them."""
        for process in self._processes:
            process.end()
        for process in self._processes:
            process.join()

    def kill(self) -> None:
        """Kill all processes."""
        for process in self._processes:
            process.kill()

    def _hand_out(self) -> None:
        for process in self._processes:
            if self._waiting and process not in self._at:
                self._begin(process, self._waiting.popleft())
        if self._last_tries and not self._at:
            index = self._last_tries.popleft()
            # It runs alone, so that it has all the memory, and no other shard can be the cause.
            self.kill()
            self._begin(min(self._processes, key=lambda process: self._deaths[index][process.more]), index)

    def _begin(self, process: _WorkerProcess, index: int) -> None:
        self._at[process] = index
        process.begin(cloudpickle.dumps(self._work.shards[index]))

    def _collect(self, process: _WorkerProcess) -> None:
        index = self._at.pop(process)
        try:
            outcome = process.answer()
        except EOFError:
            self._count_death(process, index)
            return
        went_well, value = pickle.loads(outcome)  # noqa: S301 - from a process of ours
        if not went_well:
            raise value
        self._work.finish(index, value)

    def _count_death(self, process: _WorkerProcess, index: int) -> None:
        exitcode = process.bury()
        deaths = self._deaths.setdefault(index, Counter())
        deaths[process.more] += 1
        if deaths.total() == self._work.attempts:
            self.lost[index] = exitcode
        elif deaths.total() == self._work.attempts - 1:
            self._last_tries.append(index)
        else:
            self._waiting.append(index)


def _reason(attempts: int, exitcode: int, remedy: str) -> str:
    tries = f"in each of {attempts} tries, the last one alone" if attempts > 1 else "in its only try"
    if exitcode >= 0:
        return f"a worker process ended with exit code {exitcode} {tries}. Make the function return or raise instead."
    if exitcode == -signal.SIGKILL:
        return f"a worker process was killed {tries}, most likely because memory ran out. {remedy}"
    name = signal.Signals(-exitcode).name
    return (
        f"a worker process was ended by {name} {tries}, most likely by a fault in compiled code. "
        "Set PYTHONFAULTHANDLER=1 to see where."
    )
