import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from execution import jobs
from execution.jobs import Job

from harness.errors import HarnessError
from harness.execution import map_devices

CPUS = ("cpu", "cpu")


def test_each_device_has_a_process_and_results_come_in_order(tmp_path: Path) -> None:
    told = []
    results = map_devices(
        jobs.do_on,
        [Job(tmp_path, number, seconds=0.5 * (number == 0)) for number in range(5)],
        devices=CPUS,
        on_result=lambda index, result: told.append((index, result, threading.current_thread())),
    )
    assert results == [f"{number * number} on cpu" for number in range(5)]
    assert sorted(index for index, _, _ in told) == [0, 1, 2, 3, 4]
    assert {thread for _, _, thread in told} == {threading.current_thread()}
    assert len(jobs.pids(tmp_path)) == 2


def test_a_process_keeps_to_its_device() -> None:
    found = set(map_devices(jobs.process_of, range(8), devices=("cuda:0", "cuda:1")))
    assert {device for device, _ in found} == {"cuda:0", "cuda:1"}
    assert len(found) == 2


def test_a_killed_process_costs_its_own_shard_alone(tmp_path: Path) -> None:
    shards = [Job(tmp_path, number, deaths=2 * (number == 2)) for number in range(8)]
    assert map_devices(jobs.do_on, shards, devices=CPUS) == [f"{number * number} on cpu" for number in range(8)]
    assert jobs.runs(tmp_path) == Counter(range(8)) + Counter([2, 2])


def test_a_shard_that_always_kills_is_named_and_the_others_are_finished(tmp_path: Path) -> None:
    shards = [Job(tmp_path, number, deaths=99 * (number == 2)) for number in range(8)]
    with pytest.raises(HarnessError, match=r"^users 2 could not .*3 tries.* Use fewer devices .* other 7 of 8 are"):
        map_devices(jobs.do_on, shards, devices=CPUS, names=[f"users {number}" for number in range(8)])
    assert jobs.runs(tmp_path) == Counter(range(8)) + Counter([2, 2])


def test_a_broken_device_is_made_up_for_by_another() -> None:
    shards = ["cuda:0"] * 3
    assert map_devices(jobs.die_on, shards, devices=("cuda:0", "cuda:1")) == ["cuda:1"] * 3


def test_an_error_is_its_own_and_stops_the_others() -> None:
    start = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        map_devices(jobs.reciprocal_on, [1, 0], devices=CPUS)
    assert time.monotonic() - start < 10


def test_no_shards() -> None:
    assert map_devices(jobs.do_on, [], devices=CPUS) == []


def test_devices_are_checked() -> None:
    with pytest.raises(ValueError, match=r"devices is empty"):
        map_devices(jobs.do_on, [], devices=())
    with pytest.raises(ValueError, match=r"give a sequence, such as \('cpu',\)"):
        map_devices(jobs.do_on, [], devices="cpu")
    with pytest.raises(ValueError, match="2 names for 0 shards"):
        map_devices(jobs.do_on, [], devices=CPUS, names=["a", "b"])
