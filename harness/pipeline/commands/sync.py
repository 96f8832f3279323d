"""Send the runs and comparisons that the tracking store does not have: ``harness sync``."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from harness import storage
from harness.errors import HarnessError, LockError, TrackingError
from harness.experiment import COMPARISONS
from harness.pipeline.run_folder.comparison_files import COMPARISON_JSON, read_comparison
from harness.pipeline.run_folder.record_file import RESULTS, read_record
from harness.pipeline.run_folder.result_folders import result_folders

logger = logging.getLogger("harness")

_State: TypeAlias = Literal["sent", "there", "deleted", "disabled", "without_runs"]

_PATIENCE = 60.0  # seconds to wait for a process that works on a run; it sends the run itself


@dataclass(frozen=True)
class SyncResult:
    """What was sent to the tracking store.

    Parameters
    ----------
    store
        The store, without a password.
    sent
        Each run and comparison that was sent: ``run FOLDER`` or ``comparison FOLDER``.
    there
        Number of runs and comparisons that the store had.
    deleted
        Number of those that were deleted in the store, and are not sent again.
    disabled
        Number of runs whose experiment switches tracking off.
    without_runs
        Number of comparisons none of whose runs is in the store.
    failed
        Number of runs and comparisons that could not be sent; a warning says why.
    """

    store: str
    sent: tuple[str, ...]
    there: int
    deleted: int
    disabled: int
    without_runs: int
    failed: int


def sync(directory: Path, *, everything: bool = False) -> SyncResult:
    """Send the runs and comparisons in a folder to MLflow, unless they are there already.

    Parameters
    ----------
    directory
        Folder of reports, with the folders of runs and of comparisons anywhere below.
    everything
        Whether to send runs with ``tracking.enabled: false``, and what was deleted in the store, too.

    Raises
    ------
    HarnessError
        There is no such folder, or the store does not answer.
    """
    from harness import tracking  # deferred: importing mlflow takes seconds

    if not directory.is_dir():
        raise HarnessError(f"there is no folder {directory}. Give the folder of the reports, such as reports.")
    store = tracking.check_store()
    found: list[tuple[str, _State]] = []
    failed = 0
    for item in _items(directory):
        try:
            found.append((item.title, item.send(everything=everything)))
        except HarnessError as error:
            if isinstance(error, TrackingError):
                tracking.check_store()  # without a store, all others would fail, too
            logger.warning("%s", error)
            failed += 1
    states = [state for _, state in found]
    return SyncResult(
        store=store,
        sent=tuple(title for title, state in found if state == "sent"),
        there=states.count("there"),
        deleted=states.count("deleted"),
        disabled=states.count("disabled"),
        without_runs=states.count("without_runs"),
        failed=failed,
    )


@dataclass(frozen=True)
class _RunItem:
    """A folder with a finished run."""

    folder: Path

    @property
    def title(self) -> str:
        return f"run {self.folder}"

    def send(self, *, everything: bool) -> _State:
        from harness import tracking

        with _locked(self.folder / ".run"):
            record = read_record(self.folder)
            settings = record.experiment.tracking
            if not (settings.enabled or everything):
                return "disabled"
            return tracking.track_run(
                record,
                self.folder,
                experiment_name=settings.experiment,
                per_user=settings.per_user,
                resend_deleted=everything,
            ).state


@dataclass(frozen=True)
class _ComparisonItem:
    """A folder with a comparison."""

    folder: Path

    @property
    def title(self) -> str:
        return f"comparison {self.folder}"

    def send(self, *, everything: bool) -> _State:
        from harness import tracking

        parts = self.folder.absolute().parts
        places = [place for place, part in enumerate(parts[:-1]) if part == COMPARISONS]
        name = "/".join(parts[places[-1] + 1 :]) if places else self.folder.name
        with _locked(self.folder / ".comparison"):
            record = read_comparison(self.folder)
            tracked = tracking.track_comparison(record, self.folder, name=name, resend_deleted=everything)
        return "without_runs" if tracked is None else tracked.state


def _items(directory: Path) -> Iterator[_RunItem | _ComparisonItem]:
    """Yield the runs of a folder, then the comparisons, since a comparison is sent with its runs."""
    yield from map(_RunItem, result_folders(directory, RESULTS))
    yield from map(_ComparisonItem, result_folders(directory, COMPARISON_JSON))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Lock a run or a comparison against other processes; one that can only be read is not locked."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(LockError):
            held.enter_context(storage.lock(path, timeout=_PATIENCE))
        yield
