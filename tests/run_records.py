"""The record of a finished run, `results.json`, read and written by tests."""

from __future__ import annotations

import json
from pathlib import Path

from harness.storage import sha256_json


def results_in(folder):
    return json.loads((Path(folder) / "results.json").read_text())


def write_results(folder, results, *, sealed=True):
    """Write results, with a digest of their own that fits."""
    if sealed:
        results = results | {"digest": sha256_json({key: results[key] for key in results if key != "digest"})}
    (Path(folder) / "results.json").write_text(json.dumps(results))
