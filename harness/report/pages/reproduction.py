"""Write the commands that compute a run again."""

from __future__ import annotations

import shlex

from harness.artifacts import RunRecord


def experiment_file(record: RunRecord) -> str:
    """Return the path of the resolved experiment of a run, as a shell reads it."""
    return shlex.quote(f"{record.experiment.report.directory}/{record.name}/experiment.yaml")


def reproduction(record: RunRecord) -> str:
    """Return the commands, one per line."""
    lines = []
    git = record.environment.git
    if git is not None and git.commit:
        changed = "  # the code had changes that were not committed" if git.dirty else ""
        lines.append(f"git checkout {shlex.quote(git.commit)}{changed}")
    elif record.environment.harness:
        lines.append(f"pip install {shlex.quote(f'recsys-harness=={record.environment.harness}')}")
    lines.append(f"harness eval {experiment_file(record)} --force")
    return "\n".join(lines)
