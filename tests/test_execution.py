import logging
import math
import signal
import sys
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import HarnessError
from harness.execution import Parallel, map_shards, progress


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(-1000, 1000), max_size=20), st.integers(1, 4))
def test_results_come_in_the_order_of_the_shards(shards: list[int], n_jobs: int) -> None:
    assert map_shards(lambda shard: shard * shard, shards, parallel=Parallel(n_jobs=n_jobs)) == [
        shard * shard for shard in shards
    ]


def test_processes() -> None:
    assert map_shards(math.factorial, [3, 1, 4], parallel=Parallel(backend="loky", n_jobs=2)) == [6, 1, 24]


def test_threads_are_threads_and_one_job_is_none() -> None:
    def thread(_: int) -> str:
        return threading.current_thread().name

    here = threading.current_thread().name
    assert map_shards(thread, [1, 2], parallel=Parallel(n_jobs=1)) == [here, here]
    assert map_shards(thread, [1], parallel=Parallel(n_jobs=4)) == [here]
    assert here not in map_shards(thread, [1, 2], parallel=Parallel(n_jobs=2))


@pytest.mark.parametrize("parallel", [Parallel(n_jobs=1), Parallel(n_jobs=2)])
def test_an_error_of_a_shard_is_its_own(parallel: Parallel) -> None:
    with pytest.raises(ZeroDivisionError):
        map_shards(lambda shard: 1 // shard, [1, 0, 2], parallel=parallel)


@pytest.mark.filterwarnings("ignore:A worker stopped:UserWarning")
def test_a_killed_worker_is_explained() -> None:
    with pytest.raises(HarnessError, match=r"killed, most likely for want of memory.*n_jobs"):
        map_shards(signal.raise_signal, [signal.SIGKILL] * 2, parallel=Parallel(backend="loky", n_jobs=2))


def test_workers() -> None:
    assert Parallel(n_jobs=3).workers == 3
    assert Parallel(n_jobs=-1).workers >= 1


@pytest.mark.parametrize("options", [{"n_jobs": 0}, {"n_jobs": True}, {"n_jobs": 1.0}, {"backend": "dask"}, {"x": 1}])
def test_options_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"n_jobs|backend|x"):
        Parallel(**options)


def test_progress_off_a_terminal_is_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="harness"), progress("scoring", 10, unit="lists") as advance:
        advance(4)
        advance(6)
    assert [record.getMessage().rsplit(" in ")[0] for record in caplog.records] == ["scoring: 10 lists"]


def test_quiet_progress_says_nothing(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.INFO, logger="harness"), progress("scoring", 10, quiet=True) as advance:
        advance(10)
    assert not caplog.records
    assert capsys.readouterr() == ("", "")


def test_progress_on_a_terminal_goes_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress("scoring", 2) as advance:
        advance(2)
    assert capsys.readouterr().out == ""


def test_progress_ends_where_the_work_fails() -> None:
    with pytest.raises(KeyError), progress("scoring", 2):
        raise KeyError
