"""Lock the folder of a run, so that no other process writes into it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness import storage
from harness.errors import LockError
from harness.pipeline.run_folder.record_file import RESULTS
from harness.pipeline.run_folder.run_files import refuse_links

if TYPE_CHECKING:
    from harness.experiment import Experiment


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run.

    Parameters
    ----------
    path
        ``reports/<name>``.
    refusal
        The reason why it cannot be written; None where it can.
    """

    path: Path
    refusal: LockError | None

    def require_writable(self) -> None:
        """Raise an error where the folder can only be read.

        Raises
        ------
        LockError
            The folder cannot be written.
        """
        if self.refusal is not None:
            raise self.refusal


@contextlib.contextmanager
def run_folder_of(experiment: Experiment) -> Iterator[RunFolder]:
    """Lock the folder of an experiment's run and return it.

    A read-only folder cannot be locked. It is returned without a lock if it holds results.

    Raises
    ------
    HarnessError
        A file of the run would be written through a link, or the folder cannot be written and holds no results.
    """
    folder = storage.inside(Path(experiment.report.directory), experiment.name)
    refuse_links(folder)
    with contextlib.ExitStack() as held:
        refusal = None
        try:
            held.enter_context(storage.lock(folder / ".run", timeout=storage.LONG))
        except LockError as error:
            if not (folder / RESULTS).exists():
                raise
            refusal = error
        yield RunFolder(folder, refusal)
