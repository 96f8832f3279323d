"""A run in a process of its own, which a test may kill; forked from one that has imported everything already."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

_SHARD = 48  # users, so that a small run has many shards


def process_of(experiment: Path, cache: Path) -> multiprocessing.Process:
    """Return the process, not yet started."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "harness.cli", "harness.pipeline", "harness.models", "harness.report"])
    return context.Process(target=_run, args=(str(experiment), str(cache)))


def _run(experiment: str, cache: str) -> None:
    from harness.cli import main
    from harness.evaluation import user_blocks
    from harness.runner import shard_files

    os.environ["HARNESS_CACHE"] = cache
    shard_files.USER_BLOCK = user_blocks.USER_BLOCK = _SHARD
    sys.argv = ["harness", "eval", experiment, "--quiet"]
    sys.stdout = sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115  (until the process ends)
    main()
