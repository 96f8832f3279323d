from typing import Any

import pytest

from harness import execution
from harness.execution import Parallel


def test_workers() -> None:
    assert Parallel(n_jobs=3).workers == 3
    assert Parallel(n_jobs=-1).workers >= 1
    assert Parallel(backend="loky", n_jobs=2).workers == 2
    assert Parallel(backend="dask", n_jobs=7, address="tcp://10.0.0.1:8786").workers == 1


def test_threads_of_this_machine() -> None:
    assert Parallel(backend="dask", n_jobs=3, address="tcp://10.0.0.1:8786").threads == Parallel(n_jobs=3)
    assert Parallel(backend="loky", n_jobs=2).threads == Parallel(n_jobs=2)
    assert Parallel(n_jobs=2).threads == Parallel(n_jobs=2)


@pytest.mark.parametrize(
    "address", ["tcp://10.0.0.1:8786", "tls://scheduler.example.org:80", "tcp://[::1]:8786", "ws://localhost:8786"]
)
def test_addresses(address: str) -> None:
    assert Parallel(backend="dask", address=address).address == address


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_jobs": 0}, "n_jobs is 0; use 1 or more, or -1"),
        ({"n_jobs": True}, "n_jobs"),
        ({"n_jobs": 1.0}, "n_jobs"),
        ({"backend": "ray"}, "backend"),
        ({"x": 1}, "x"),
        ({"backend": "dask"}, "needs the address of its scheduler, such as address: tcp://"),
        ({"address": "tcp://10.0.0.1:8786"}, "backend threading works on this machine alone"),
        ({"backend": "loky", "address": "tcp://10.0.0.1:8786"}, "backend loky works on this machine alone"),
        ({"backend": "dask", "address": "10.0.0.1:8786"}, "needs a protocol, a host and a port, such as tcp://"),
        ({"backend": "dask", "address": "tcp://10.0.0.1"}, "needs a protocol, a host and a port"),
        ({"backend": "dask", "address": "tcp://10.0.0.1:8786/"}, "needs a protocol, a host and a port"),
        ({"backend": "dask", "address": ""}, "needs a protocol, a host and a port"),
        ({"backend": "dask", "address": 8786}, "address"),
    ],
)
def test_options_are_checked(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Parallel(**options)


def test_the_public_names_are_sorted_and_there() -> None:
    assert execution.__all__ == sorted(execution.__all__)
    assert all(hasattr(execution, name) for name in execution.__all__)
