"""What the tests have done elsewhere: functions that other processes can import."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """A shard that leaves a file each time it is begun, and kills its process the first ``deaths`` times."""

    folder: Path
    number: int
    deaths: int = 0
    seconds: float = 0.0
    signal: int = signal.SIGKILL


def do(job: Job) -> int:
    begun = runs(job.folder)[job.number]
    (job.folder / f"{job.number}-{os.getpid()}-{uuid.uuid4().hex}").touch()
    if begun < job.deaths:
        os.kill(os.getpid(), job.signal)
        time.sleep(60)
    time.sleep(job.seconds)
    return job.number * job.number


def do_on(job: Job, device: str) -> str:
    return f"{do(job)} on {device}"


def runs(folder: Path) -> Counter[int]:
    """Count how often each shard was begun."""
    return Counter(int(path.name.split("-")[0]) for path in folder.iterdir())


def pids(folder: Path) -> set[int]:
    return {int(path.name.split("-")[1]) for path in folder.iterdir()}


def process_of(_: object, device: str) -> tuple[str, int]:
    time.sleep(0.1)
    return device, os.getpid()


def die_on(device_of_death: str, device: str) -> str:
    time.sleep(0.2)
    if device == device_of_death:
        os.kill(os.getpid(), signal.SIGKILL)
    return device


def die_beside_others(folder: Path) -> int:
    """Stand for work that has enough memory only if nothing else runs."""
    mark = folder / f"running-{os.getpid()}"
    mark.touch()
    start = time.monotonic()
    # The first waits for company, so that something dies at all.
    while time.monotonic() - start < (0.2 if any(folder.glob("died-*")) else 10):
        if len(list(folder.glob("running-*"))) > 1:
            (folder / f"died-{os.getpid()}").touch()
            mark.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.01)
    mark.unlink()
    return os.getpid()


def fork_and_die(job: Job) -> int:
    """Die the first time, and leave a child behind that holds all open files."""
    if job.number == 0 and not runs(job.folder)[0] and os.fork() == 0:
        time.sleep(8)
        os._exit(0)
    return do(job)


def reciprocal(number: int) -> float:
    return 1 / number


def reciprocal_on(number: int, device: str) -> float:
    if number:
        time.sleep(60)
    return 1 / number


class PickyError(Exception):
    """An exception that is pickled well and cannot be made again."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} in {where}")


def be_picky(shard: int) -> None:
    raise PickyError(f"fault {shard}", "the data")


def time_out(shard: int) -> None:
    raise TimeoutError(f"no answer to {shard}")


def leave(code: int) -> None:
    sys.exit(code)


def vanish(code: int) -> None:
    os._exit(code)


def return_a_lock(_: int) -> object:
    return contextlib.ExitStack().pop_all().close, (line for line in "generator")


def threads_of(_: object) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")
