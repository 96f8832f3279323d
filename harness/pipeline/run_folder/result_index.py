"""List the runs and comparisons of a folder of reports, and write its page ``index.html``."""

from __future__ import annotations

import logging
from pathlib import Path

from harness import report, storage
from harness.artifacts import ComparisonRecord, ListedComparison, ListedRun, ResultList, RunRecord
from harness.errors import HarnessError
from harness.experiment import COMPARISONS
from harness.pipeline.run_folder.comparison_files import COMPARISON_JSON, read_comparison
from harness.pipeline.run_folder.record_file import RESULTS, record_of
from harness.pipeline.run_folder.result_folders import result_folders

logger = logging.getLogger("harness")

INDEX = "index.html"


def list_results(directory: Path) -> ResultList:
    """Return the runs and comparisons in a folder of reports and in the folders below, the newest first.

    Raises
    ------
    HarnessError
        There is no such folder.
    """
    if not directory.is_dir():
        raise HarnessError(f"there is no folder {directory}. Run an experiment first, or name the folder of reports.")
    runs, comparisons, unreadable = [], [], []
    for folder in result_folders(directory, RESULTS):
        try:
            runs.append(_run(record_of(folder), _relative(folder, directory)))
        except HarnessError:
            unreadable.append(_relative(folder, directory))
    for folder in result_folders(directory / COMPARISONS, COMPARISON_JSON):
        try:
            comparisons.append(_comparison(read_comparison(folder), folder, directory))
        except HarnessError:
            unreadable.append(_relative(folder, directory))
    runs.sort(key=lambda run: (run.created or "", run.name), reverse=True)
    comparisons.sort(key=lambda comparison: (comparison.created or "", comparison.name), reverse=True)
    return ResultList(str(directory), tuple(runs), tuple(comparisons), tuple(sorted(unreadable)))


def write_index(directory: Path) -> None:
    """Write the page of all results in a folder of reports. A page that cannot be written is only reported.

    Of several processes that finish at the same time the last one lists the results of all.
    """
    try:
        with storage.lock(directory / ".index", timeout=storage.LONG):
            storage.write_text(storage.inside(directory, INDEX), report.render_index(list_results(directory)))
    except (HarnessError, OSError) as error:
        logger.warning("%s is not up to date: %s", directory / INDEX, error)


def _relative(folder: Path, directory: Path) -> str:
    return folder.relative_to(directory).as_posix()


def _run(record: RunRecord, folder: str) -> ListedRun:
    leading, split = record.headline, record.dataset.split.get("kind")
    found = sum(1 for finding in record.audits if finding.severity != "info" and finding.count != 0)
    return ListedRun(
        name=record.name,
        folder=folder,
        created=record.created,
        dataset=record.dataset.name,
        split=split if isinstance(split, str) else "",
        part=record.protocol.part,
        model=record.experiment.model.kind or "",
        metric=None if leading is None else leading.label,
        value=None if leading is None or leading.value != leading.value else leading.value,
        ci_low=None if leading is None else leading.ci_low,
        ci_high=None if leading is None else leading.ci_high,
        users=record.protocol.users,
        warnings=found + len(record.dataset.warnings),
        is_partial=record.partial is not None,
    )


def _comparison(record: ComparisonRecord, folder: Path, directory: Path) -> ListedComparison:
    return ListedComparison(
        name=_relative(folder, directory / COMPARISONS),
        folder=_relative(folder, directory),
        created=record.created,
        dataset=record.dataset,
        metric=record.primary,
        baseline=record.baseline,
        runs=tuple(run.name for run in record.runs),
        best=record.best,
        sentence=record.sentence,
    )
