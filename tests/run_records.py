"""Records of finished runs, ``results.json``: built, read and written by tests."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from harness.pipeline.run_folder import record_file
from harness.storage import sha256_json

# The smallest record of schema version 1, which has no digests.
SMALLEST = {
    "schema_version": 1,
    "name": "x",
    "experiment": {
        "statistics": {"confidence": 0.95, "test": "auto", "correction": "holm", "margin": None, "seed": 0},
        "evaluation": {"primary": None},
        "runner": {"limit_users": None},
        "model": {},
    },
    "fingerprints": {"split": "5911" * 16},
    "protocol": {"part": "test", "candidates": {}},
    "metrics": [],
}


def results_in(folder):
    return json.loads((Path(folder) / "results.json").read_text())


def write_results(folder, results, *, sealed=True):
    """Write results, with a digest of their own that fits."""
    if sealed:
        results = results | {"digest": sha256_json({key: results[key] for key in results if key != "digest"})}
    (Path(folder) / "results.json").write_text(json.dumps(results))


def record_of(results=None):
    """Return the record that some keys of ``results.json`` read back as; the smallest record has the other keys."""
    with tempfile.TemporaryDirectory() as folder:
        write_results(folder, _merged(SMALLEST, results or {}), sealed=False)
        return record_file.record_of(Path(folder))


def _merged(defaults, values):
    if not (isinstance(defaults, dict) and isinstance(values, dict)):
        return values
    common = {key: _merged(value, values[key]) if key in values else value for key, value in defaults.items()}
    return common | {key: value for key, value in values.items() if key not in defaults}
