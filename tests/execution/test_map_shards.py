import threading
import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.execution import Parallel, map_shards

TWO = Parallel(n_jobs=2)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(-1000, 1000), max_size=20), st.integers(1, 4))
def test_results_come_in_the_order_of_the_shards(shards: list[int], n_jobs: int) -> None:
    told: dict[int, int] = {}
    expected = [shard * shard for shard in shards]
    results = map_shards(
        lambda shard: shard * shard, shards, parallel=Parallel(n_jobs=n_jobs), on_result=told.__setitem__
    )
    assert results == expected
    assert told == dict(enumerate(expected))


def test_threads_are_threads_and_one_job_is_none() -> None:
    def thread(_: int) -> str:
        return threading.current_thread().name

    here = threading.current_thread().name
    assert map_shards(thread, [1, 2], parallel=Parallel(n_jobs=1)) == [here, here]
    assert map_shards(thread, [1], parallel=Parallel(n_jobs=4)) == [here]
    assert here not in map_shards(thread, [1, 2], parallel=TWO)


def test_each_result_is_reported_immediately_and_in_the_calling_thread() -> None:
    go = threading.Event()
    told = []

    def wait(shard: int) -> int:
        if shard == 0:
            assert go.wait(10)
        return shard

    def tell(index: int, result: int) -> None:
        told.append((index, result, threading.current_thread()))
        if index == 2:
            go.set()  # shard 0 ends only now

    assert map_shards(wait, [0, 1, 2], parallel=TWO, on_result=tell) == [0, 1, 2]
    here = threading.current_thread()
    assert told == [(1, 1, here), (2, 2, here), (0, 0, here)]


@pytest.mark.parametrize("parallel", [Parallel(n_jobs=1), TWO])
def test_an_error_of_a_shard_is_its_own(parallel: Parallel) -> None:
    with pytest.raises(ZeroDivisionError):
        map_shards(lambda shard: 1 // shard, [1, 0, 2], parallel=parallel)


def test_after_an_error_nothing_is_begun_and_nothing_goes_on() -> None:
    begun, ended = [], []

    def work(shard: int) -> None:
        begun.append(shard)
        if shard == 0:
            raise KeyError(shard)
        time.sleep(0.1)
        ended.append(shard)

    with pytest.raises(KeyError):
        map_shards(work, range(100), parallel=TWO)
    assert len(begun) < 10
    assert len(ended) == len(begun) - 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("harness")]


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
def test_a_callback_may_stop_the_work(error: type[BaseException]) -> None:
    begun = []

    def tell(index: int, result: object) -> None:
        raise error

    with pytest.raises(error):
        map_shards(lambda shard: (begun.append(shard), time.sleep(0.02)), range(100), parallel=TWO, on_result=tell)
    assert len(begun) < 10


@pytest.mark.parametrize(
    ("names", "attempts", "words"),
    [(["one"], 3, "1 names for 2 shards"), (None, 0, "attempts is 0; 1 or more is needed")],
)
def test_arguments_are_checked(names: Sequence[str] | None, attempts: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        map_shards(abs, [1, 2], parallel=TWO, names=names, attempts=attempts)
