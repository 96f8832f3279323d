import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from execution import jobs
from execution.jobs import Job

from harness.errors import HarnessError
from harness.execution import Parallel, map_shards

LOKY = Parallel(backend="loky", n_jobs=2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the shards leave what they have to say."""
    path = tmp_path / "runs"
    path.mkdir()
    return path


def running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def test_results_come_in_the_order_of_the_shards(folder: Path) -> None:
    told = []
    results = map_shards(
        jobs.do,
        [Job(folder, number, seconds=0.3 * (number == 0)) for number in range(6)],
        parallel=LOKY,
        on_result=lambda index, result: told.append((index, result, threading.current_thread())),
    )
    assert results == [0, 1, 4, 9, 16, 25]
    here = threading.current_thread()
    assert sorted(told, key=lambda one: one[0]) == [(n, n * n, here) for n in range(6)]
    assert told[0][0] != 0
    assert len(jobs.pids(folder)) == 2
    assert not any(map(running, jobs.pids(folder)))


def test_no_shards_and_one_shard(folder: Path) -> None:
    assert map_shards(jobs.do, [], parallel=LOKY) == []
    assert map_shards(jobs.do, [Job(folder, 3)], parallel=Parallel(backend="loky", n_jobs=1)) == [9]
    assert os.getpid() not in jobs.pids(folder)


def test_a_killed_process_costs_its_own_shard_alone(folder: Path) -> None:
    shards = [Job(folder, number, deaths=number == 3, seconds=0.05) for number in range(12)]
    told: Counter[int] = Counter()
    results = map_shards(jobs.do, shards, parallel=LOKY, on_result=lambda index, _: told.update([index]))
    assert results == [number * number for number in range(12)]
    assert told == Counter(range(12))
    assert jobs.runs(folder) == Counter(range(12)) + Counter([3])


def test_a_shard_that_always_kills_is_named_and_the_others_are_finished(folder: Path) -> None:
    shards = [Job(folder, number, deaths=99 * (number == 4)) for number in range(15)]
    told = []
    with pytest.raises(HarnessError) as error:
        map_shards(
            jobs.do,
            shards,
            parallel=LOKY,
            names=[f"users {number}" for number in range(15)],
            on_result=lambda index, _: told.append(index),
        )
    assert str(error.value) == (
        "users 4 could not be finished: a worker process was killed in each of 3 tries, the last one alone, "
        "most likely because memory ran out. Use fewer workers (n_jobs), a machine with more memory, "
        "or backend: threading. The other 14 of 15 are finished."
    )
    assert sorted(told) == [number for number in range(15) if number != 4]
    assert jobs.runs(folder) == Counter(range(15)) + Counter([4, 4])
    assert not any(map(running, jobs.pids(folder)))


@pytest.mark.parametrize(("attempts", "words"), [(1, "killed in its only try"), (2, "killed in each of 2 tries")])
def test_attempts(folder: Path, attempts: int, words: str) -> None:
    with pytest.raises(HarnessError, match=rf"^shard 1 could not .*{words}"):
        map_shards(jobs.do, [Job(folder, 0), Job(folder, 1, deaths=99)], parallel=LOKY, attempts=attempts)
    assert jobs.runs(folder)[1] == attempts


def test_many_lost_shards_are_named_in_short(folder: Path) -> None:
    shards = [Job(folder, number, deaths=99) for number in range(7)]
    with pytest.raises(HarnessError, match=r"^shard 0, shard 1, shard 2, shard 3, shard 4 and 2 more could not"):
        map_shards(jobs.do, shards, parallel=LOKY, attempts=1)


def test_what_dies_beside_others_is_finished_alone(folder: Path) -> None:
    assert len(map_shards(jobs.die_beside_others, [folder] * 4, parallel=LOKY)) == 4
    assert list(folder.glob("died-*"))


def test_other_ends_of_a_process_are_distinguished(folder: Path) -> None:
    with pytest.raises(HarnessError, match=r"ended by SIGSEGV .*fault in compiled code\. Set PYTHONFAULTHANDLER=1"):
        map_shards(jobs.do, [Job(folder, 0, deaths=99, signal=signal.SIGSEGV)], parallel=LOKY, attempts=1)
    with pytest.raises(HarnessError, match=r"ended with exit code 3 .*Make the function return or raise"):
        map_shards(jobs.vanish, [3], parallel=LOKY, attempts=1)


def test_a_dead_process_is_noticed_though_its_child_holds_the_pipe(folder: Path) -> None:
    start = time.monotonic()
    shards = [Job(folder, number, deaths=number == 0) for number in range(3)]
    assert map_shards(jobs.fork_and_die, shards, parallel=LOKY) == [0, 1, 4]
    assert time.monotonic() - start < 7  # the child sleeps for 8


def test_an_error_is_its_own_is_not_tried_again_and_tells_its_origin(folder: Path) -> None:
    with pytest.raises(ZeroDivisionError) as error:
        map_shards(jobs.reciprocal, [1, 0, 2], parallel=LOKY)
    assert "in reciprocal" in "".join(error.value.__notes__)
    with pytest.raises(TimeoutError, match="no answer to 1"):
        map_shards(jobs.time_out, [1], parallel=LOKY)
    with pytest.raises(SystemExit) as end:
        map_shards(jobs.leave, [4], parallel=LOKY)
    assert end.value.code == 4


def test_errors_and_results_that_cannot_be_sent() -> None:
    with pytest.raises(RuntimeError, match="PickyError: fault 7 in the data"):
        map_shards(jobs.be_picky, [7], parallel=LOKY)
    with pytest.raises(TypeError, match="cannot pickle 'generator' object"):
        map_shards(jobs.return_a_lock, [1], parallel=LOKY)
    with pytest.raises(TypeError, match="cannot pickle"):
        map_shards(jobs.reciprocal, [threading.Lock()], parallel=LOKY)


def test_large_arrays_of_a_closure_are_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    large, small = np.arange(500_000, dtype=np.float64), np.arange(5)
    wide = np.asfortranarray(large.reshape(1000, 500))
    factor = 2

    def total(number: int) -> tuple[float, bool, bool]:
        value = float(large[number] + wide[number, 1]) * factor
        return value, large.flags.writeable, small.flags.writeable

    # In a thread it is the array itself.
    assert map_shards(total, [0, 1], parallel=Parallel(n_jobs=1)) == [(2.0, True, True), (1004.0, True, True)]
    assert map_shards(total, [0, 1], parallel=LOKY) == [(2.0, False, True), (1004.0, False, True)]
    assert list(tmp_path.iterdir()) == []


def test_the_cores_are_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cores = Parallel().workers
    assert map_shards(jobs.threads_of, [1, 2], parallel=LOKY) == [str(max(cores // 2, 1))] * 2
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert map_shards(jobs.threads_of, [1], parallel=LOKY) == ["7"]


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
def test_an_end_in_the_middle_leaves_no_process(folder: Path, error: type[BaseException]) -> None:
    def tell(index: int, result: object) -> None:
        raise error

    shards = [Job(folder, number, seconds=60 * (number > 0)) for number in range(4)]
    start = time.monotonic()
    with pytest.raises(error):
        map_shards(jobs.do, shards, parallel=LOKY, on_result=tell)
    assert time.monotonic() - start < 10
    assert not any(map(running, jobs.pids(folder)))


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_program_leaves_no_process(folder: Path, end: int) -> None:
    # A script without a guard for its main module, as people write them.
    code = (
        "import pathlib, signal, sys\n"
        "from execution import jobs\n"
        "from harness.execution import Parallel, map_shards\n"
        # Who runs the tests in the background of a shell ignores it, and so would the program.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "shards = [jobs.Job(pathlib.Path(sys.argv[1]), number, seconds=60) for number in range(4)]\n"
        "map_shards(jobs.do, shards, parallel=Parallel(backend='loky', n_jobs=2))\n"
    )
    script = folder.parent / "script.py"
    script.write_text(code)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "TMPDIR": str(folder.parent)}
    program = subprocess.Popen(
        [sys.executable, str(script), str(folder)], env=environment, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        wait_for(lambda: len(jobs.pids(folder)) == 2)
        assert all(map(running, jobs.pids(folder)))
        if end == signal.SIGINT:
            os.killpg(program.pid, end)  # as a terminal does: to all
        else:
            program.send_signal(end)
        _, stderr = program.communicate(timeout=20)
        wait_for(lambda: not any(map(running, jobs.pids(folder))))
    finally:
        program.kill()
    assert program.returncode == -end
    assert stderr.decode().count("Traceback") == (end == signal.SIGINT)
