"""Find finished runs by what users name: folders, and ids of runs in MLflow (``mlflow:RUN-ID``)."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.pipeline.run_folder.contribution_tables import with_contributions
from harness.pipeline.run_folder.run_files import StoredRun, read_run
from harness.pipeline.run_folder.slice_tables import with_slices

MLFLOW = "mlflow:"


def whole_run(folder: Path) -> StoredRun:
    """Read a finished run with its values per user, contributions of items, and values of groups."""
    return with_slices(with_contributions(read_run(folder)))


@contextlib.contextmanager
def local_sources(sources: Sequence[str]) -> Iterator[list[str]]:
    """Yield the sources, with runs in MLflow replaced by folders that exist until the block ends.

    Raises
    ------
    TrackingError
        The store cannot be used, or does not have a run.
    """
    with contextlib.ExitStack() as held:
        yield [_local(source, held) for source in sources]


def is_remote(source: str) -> bool:
    """Return whether a source is a run in MLflow."""
    return source.startswith(MLFLOW)


def _local(source: str, held: contextlib.ExitStack) -> str:
    if not is_remote(source):
        return source
    from harness import tracking  # deferred: importing mlflow takes seconds

    folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="harness-run-")))
    tracking.download_run(source.removeprefix(MLFLOW), folder)
    return str(folder)
