"""Compare the files of an external model with those of the last run in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.artifacts import ExperimentRecord, Finding
from harness.pipeline.run_folder.record_file import earlier_record

if TYPE_CHECKING:
    from harness.experiment import Experiment

_SHOWN = 5


def changed_files(now: Mapping[str, str], experiment: Experiment, folder: Path) -> tuple[Finding, ...]:
    """Return the finding that files of a model changed since its last run in a folder; nothing if none did.

    Parameters
    ----------
    now
        SHA-256 by path of the files that the model is read from now.
    experiment
        The experiment with the model.
    folder
        Folder of the run.
    """
    earlier = earlier_record(folder)
    # Predictions are what is measured: other predictions under the same name are intended.
    if not now or earlier is None or experiment.model.kind == "predictions":
        return ()
    model, before = ExperimentRecord.of(experiment.to_dict()).model, earlier.experiment.model
    known = earlier.model_files
    if (model.kind, model.params, model.checkpoint) != (before.kind, before.params, before.checkpoint):
        return ()
    changed = [path for path, digest in now.items() if known.get(path, digest) != digest]
    if not changed:
        return ()
    sentence = (
        f"{len(changed):,} of {len(now):,} files of the model changed since the run of {earlier.created}: "
        "numbers differ from that run's. Compare their SHA-256 with those of who made them."
    )
    cases = tuple(f"{path}: {known[path][:12]}…, now {now[path][:12]}…" for path in changed[:_SHOWN])
    return (Finding("changed_files", len(changed), len(now), sentence, cases=cases),)
