"""Number of workers, and their backend."""

from __future__ import annotations

import re
from typing import Literal

import joblib
from pydantic.dataclasses import dataclass

_ADDRESS = re.compile(r"(tcp|tls|ucx|wss?)://(\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]]+):(\d{1,5})")
_EXAMPLE = "tcp://10.0.0.1:8786"


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Parallel:
    """Backend and number of workers for work in shards. Results do not depend on them.

    Parameters
    ----------
    backend
        ``threading`` for kernels that release the GIL, ``loky`` (processes) for work in Python,
        ``dask`` for the workers of a Dask cluster.
    n_jobs
        Workers on this machine; -1 for one per core, -2 for one less. It has no meaning for ``dask``,
        where the cluster's own workers decide.
    address
        Address of the Dask scheduler, such as ``tcp://10.0.0.1:8786``. Only ``dask`` takes it, and needs it.

    Raises
    ------
    ValueError
        ``n_jobs`` is 0, or the address is missing, unreadable, or given for another backend.

    Examples
    --------
    >>> Parallel(n_jobs=3).workers
    3
    >>> Parallel(backend="dask", address="tcp://10.0.0.1:8786").workers
    1
    """

    backend: Literal["threading", "loky", "dask"] = "threading"
    n_jobs: int = -1
    address: str | None = None

    def __post_init__(self) -> None:
        if self.n_jobs == 0:
            raise ValueError("n_jobs is 0; use 1 or more, or -1 for one per core")
        if self.backend != "dask":
            if self.address is not None:
                raise ValueError(
                    f"address is {self.address!r}, but backend {self.backend} works on this machine alone; "
                    "leave address out, or use backend: dask"
                )
        elif self.address is None:
            raise ValueError(f"backend dask needs the address of its scheduler, such as address: {_EXAMPLE}")
        elif (address := _ADDRESS.fullmatch(self.address)) is None or not 0 < int(address[3]) < 1 << 16:
            raise ValueError(f"address is {self.address!r}; it needs a protocol, a host and a port, such as {_EXAMPLE}")

    @property
    def workers(self) -> int:
        """The number of workers on this machine; 1 for ``dask``, where it only waits."""
        return 1 if self.backend == "dask" else int(joblib.effective_n_jobs(self.n_jobs))

    @property
    def threads(self) -> Parallel:
        """The same number of workers as threads of this machine, for work that writes into shared arrays."""
        return Parallel(n_jobs=self.n_jobs)
