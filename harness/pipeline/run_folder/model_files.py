"""The files of models from elsewhere, which carry no digest: recorded with a run, and compared with an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.artifacts import Finding
from harness.pipeline.run_folder import results as stored

if TYPE_CHECKING:
    from harness.experiment import Experiment

_SAME = ("kind", "params", "checkpoint")  # keys of a model whose files are expected to stay
_SHOWN = 5


def changed_files(now: Mapping[str, str], experiment: Experiment, folder: Path) -> list[dict[str, Any]]:
    """Return what changed in the files of a model since its last run in a folder, as audits have it.

    Parameters
    ----------
    now
        SHA-256 by path of the files that the model is read from.
    experiment
        Whose model.
    folder
        Of the run.
    """
    earlier = stored.earlier_results(folder)
    # Predictions are what is measured: other ones under the same name are no accident.
    if not now or earlier is None or experiment.model.kind == "predictions":
        return []
    model, was = experiment.to_dict()["model"], earlier["experiment"]["model"]
    known = earlier.get("model_files") or {}
    if any(model[key] != was.get(key) for key in _SAME):
        return []
    changed = [path for path, digest in now.items() if known.get(path, digest) != digest]
    if not changed:
        return []
    sentence = (
        f"{len(changed):,} of {len(now):,} files of the model changed since the run of {earlier.get('created')}: "
        "numbers differ from that run's. Compare their SHA-256 with those of who made them."
    )
    cases = tuple(f"{path}: {known[path][:12]}…, now {now[path][:12]}…" for path in changed[:_SHOWN])
    return [Finding("changed_files", len(changed), len(now), sentence, cases=cases).as_dict()]
