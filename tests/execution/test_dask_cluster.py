import contextlib
import importlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from distributed import LocalCluster
from execution import jobs
from execution.jobs import Job

from harness.errors import HarnessError
from harness.execution import Parallel, map_shards


@contextlib.contextmanager
def local_cluster(workers: int, threads: int = 1) -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=workers,
        threads_per_worker=threads,
        processes=True,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster
        # A cluster cannot be closed well while it starts a killed worker again.
        wait_for(lambda: len(cluster.scheduler.workers) == workers)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with local_cluster(3) as started:
        yield started


@pytest.fixture
def parallel(cluster: LocalCluster) -> Parallel:
    wait_for(lambda: len(cluster.scheduler.workers) == 3)
    return on(cluster)


def on(cluster: LocalCluster) -> Parallel:
    return Parallel(backend="dask", address=cluster.scheduler_address)


def test_results_come_in_the_order_of_the_shards(parallel: Parallel, tmp_path: Path) -> None:
    told = []
    results = map_shards(
        jobs.do,
        [Job(tmp_path, number, seconds=0.3 * (number == 0)) for number in range(8)],
        parallel=parallel,
        on_result=lambda index, result: told.append((index, result, threading.current_thread())),
    )
    assert results == [number * number for number in range(8)]
    here = threading.current_thread()
    assert sorted(told, key=lambda one: one[0]) == [(n, n * n, here) for n in range(8)]
    assert told[0][0] != 0
    assert len(jobs.pids(tmp_path)) == 3
    assert os.getpid() not in jobs.pids(tmp_path)


def test_equal_shards_are_done_each(parallel: Parallel, tmp_path: Path) -> None:
    assert map_shards(jobs.do, [Job(tmp_path, 2)] * 3, parallel=parallel) == [4, 4, 4]
    assert jobs.runs(tmp_path) == Counter({2: 3})


def test_no_shards_need_no_cluster() -> None:
    assert map_shards(jobs.do, [], parallel=Parallel(backend="dask", address="tcp://127.0.0.1:1")) == []


def test_a_worker_that_kills_itself_costs_no_result(parallel: Parallel, tmp_path: Path) -> None:
    shards = [Job(tmp_path, number, deaths=number == 3) for number in range(9)]
    assert map_shards(jobs.do, shards, parallel=parallel) == [number * number for number in range(9)]
    assert jobs.runs(tmp_path)[3] == 2


def test_a_worker_that_is_killed_in_the_middle_costs_no_result(parallel: Parallel, tmp_path: Path) -> None:
    told: Counter[int] = Counter()

    def tell(index: int, result: object) -> None:
        told.update([index])
        if told.total() == 1:
            os.kill(min(jobs.pids(tmp_path)), signal.SIGKILL)

    shards = [Job(tmp_path, number, seconds=0.2) for number in range(9)]
    assert map_shards(jobs.do, shards, parallel=parallel, on_result=tell) == [number * number for number in range(9)]
    assert told == Counter(range(9))


def test_a_shard_that_always_kills_is_named_and_the_others_are_finished(parallel: Parallel, tmp_path: Path) -> None:
    told: set[int] = set()
    with pytest.raises(HarnessError, match=r"^users 4 could not be finished: .*--memory-limit.* other 8 of 9 are"):
        map_shards(
            jobs.do,
            [Job(tmp_path, number, deaths=99 * (number == 4), seconds=0.1) for number in range(9)],
            parallel=parallel,
            names=[f"users {number}" for number in range(9)],
            on_result=lambda index, _: told.add(index),
        )
    assert told == set(range(9)) - {4}


@pytest.mark.slow
def test_of_several_that_are_blamed_only_the_guilty_are_named(tmp_path: Path) -> None:
    # Many threads in one worker: whoever is beside the guilty one dies with it each time.
    with local_cluster(1, threads=4) as cluster:
        shards = [Job(tmp_path, number, deaths=99 * (number == 1), seconds=1) for number in range(4)]
        with pytest.raises(HarnessError, match=r"^shard 1 could not .* other 3 of 4 are"):
            map_shards(jobs.do, shards, parallel=on(cluster))


def test_an_error_is_its_own_and_is_not_tried_again(parallel: Parallel, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        map_shards(jobs.reciprocal, [1, 0, 2], parallel=parallel)
    with pytest.raises(TimeoutError, match="no answer to 1"):
        map_shards(jobs.time_out, [1], parallel=parallel)
    with pytest.raises(FileNotFoundError):
        map_shards(jobs.do, [Job(tmp_path / "missing", 0)], parallel=parallel)


def test_workers_that_lack_the_package(cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "installed_here_alone.py").write_text("def double(shard):\n    return 2 * shard\n")
    monkeypatch.syspath_prepend(tmp_path)
    import installed_here_alone

    with pytest.raises(HarnessError, match=r"workers of the cluster at tcp.* lack the module 'installed_here_alone'"):
        map_shards(installed_here_alone.double, [1, 2], parallel=on(cluster))
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        map_shards(importlib.import_module, ["nowhere"], parallel=on(cluster))
    assert map_shards(abs, [-1, 2], parallel=on(cluster)) == [1, 2]


def test_a_closure_travels_unless_it_holds_data(parallel: Parallel) -> None:
    few, many = np.arange(1000), np.zeros(3_000_000)
    assert map_shards(lambda row: int(few[row]), [3, 5], parallel=parallel) == [3, 5]
    with pytest.raises(HarnessError, match=r"each shard takes 22 MiB .* paths of files that every worker can read"):
        map_shards(lambda row: int(many[row]), [3, 5], parallel=parallel)


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
def test_a_callback_may_stop_the_work(parallel: Parallel, tmp_path: Path, error: type[BaseException]) -> None:
    def tell(index: int, result: object) -> None:
        raise error

    with pytest.raises(error):
        map_shards(
            jobs.do, [Job(tmp_path, number, seconds=0.1) for number in range(50)], parallel=parallel, on_result=tell
        )
    time.sleep(0.5)
    assert len(jobs.runs(tmp_path)) < 20  # the cluster forgets the rest
    assert map_shards(jobs.reciprocal, [1, 2], parallel=parallel) == [1, 0.5]


@pytest.mark.slow
def test_nobody_answers() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
    start = time.monotonic()
    with pytest.raises(HarnessError, match=rf"no Dask scheduler answers at {address}; .*`dask scheduler`"):
        map_shards(abs, [1, 2], parallel=Parallel(backend="dask", address=address))
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "words",
    [pytest.param(b"", marks=pytest.mark.slow, id="silence"), pytest.param(b"HTTP/1.1 400 Bad Request", id="http")],
)
def test_something_else_answers(words: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            with server.accept()[0] as connection:
                if words:
                    connection.sendall(words)
                with contextlib.suppress(OSError):
                    while connection.recv(4096):
                        pass

        threading.Thread(target=answer, daemon=True).start()
        start = time.monotonic()
        parallel = Parallel(backend="dask", address=f"tcp://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(HarnessError, match="no Dask scheduler answers"):
            map_shards(abs, [1, 2], parallel=parallel)
        assert time.monotonic() - start < 10


@pytest.mark.slow
def test_a_cluster_without_workers() -> None:
    start = time.monotonic()
    with (
        local_cluster(0) as empty,
        pytest.raises(HarnessError, match=r"has no worker\. Start some by `dask worker tcp"),
    ):
        map_shards(abs, [1, 2], parallel=on(empty))
    assert time.monotonic() - start < 10


def start_dask(*arguments: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


@pytest.fixture
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler and a worker that nobody starts again, as commands; the scheduler's address and process."""
    address = f"tcp://127.0.0.1:{free_port()}"
    folder = str(tmp_path_factory.mktemp("dask"))
    scheduler = start_dask("scheduler", "--host", address, "--no-dashboard")
    worker = start_dask("worker", address, "--no-nanny", "--no-dashboard", "--nthreads=1", "--local-directory", folder)
    try:
        yield address, scheduler
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()


@pytest.mark.slow
def test_the_scheduler_is_killed_in_the_middle(commands: tuple[str, subprocess.Popen[bytes]], tmp_path: Path) -> None:
    address, scheduler = commands
    with pytest.raises(HarnessError, match=rf"connection to the Dask scheduler at {address} was lost; 1 of 6 shards"):
        map_shards(
            jobs.do,
            [Job(tmp_path, number, seconds=0.3) for number in range(6)],
            parallel=Parallel(backend="dask", address=address),
            on_result=lambda index, result: scheduler.kill(),
        )


@pytest.mark.slow
def test_the_last_worker_is_killed_in_the_middle(commands: tuple[str, subprocess.Popen[bytes]], tmp_path: Path) -> None:
    address, _ = commands
    with pytest.raises(HarnessError, match=r"has lost all its workers, .*; [0-2] of 3 shards are finished"):
        map_shards(
            jobs.do,
            [Job(tmp_path, number, deaths=number == 2) for number in range(3)],
            parallel=Parallel(backend="dask", address=address),
        )


def test_without_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(HarnessError, match=r"pip install 'recsys-harness\[cluster\]'"):
        map_shards(abs, [1, 2], parallel=Parallel(backend="dask", address="tcp://127.0.0.1:8786"))


def test_nothing_is_printed(parallel: Parallel, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    levels = {name: logging.getLogger(name).level for name in ("distributed", "distributed.client")}
    with pytest.raises(HarnessError):
        map_shards(jobs.do, [Job(tmp_path, 0, deaths=99)], parallel=parallel)
    assert capfd.readouterr() == ("", "")
    assert {name: logging.getLogger(name).level for name in levels} == levels
