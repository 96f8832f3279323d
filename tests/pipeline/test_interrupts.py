"""An interrupt ends a fit that would take minutes within seconds, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

N_ITEMS = 14_000  # 1.6 GB of a matrix that one thread inverts in a minute or more
EXPERIMENT = """
name: large
dataset: {{path: data.csv, split: {{kind: leave_last_out, validation: false}}}}
model: {{kind: {kind}, checkpoint: large.safetensors, params: {params}, fit: {{on: train}}}}
runner: {{k: 10}}
evaluation: {{cutoffs: [10]}}
tracking: {{enabled: false}}
"""


def heed_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "params", "per_user", "at_work", "number"),
    [
        ("ease", "{l2: 50.0}", 40, "counting pairs of items: 14000 items in", signal.SIGTERM),
        ("ease", "{l2: 50.0}", 40, "counting pairs of items: 14000 items in", signal.SIGINT),
        ("item_knn", "{neighbours: 5000}", 400, "item_knn on 14,000 items takes about", signal.SIGTERM),
        ("pure_svd", "{factors: 900}", 40, "fitting pure_svd on", signal.SIGTERM),
    ],
)
def test_a_long_fit_ends(kind, params, per_user, at_work, number, tmp_path):
    rng = np.random.default_rng(0)
    items = np.concatenate([rng.permutation(N_ITEMS) for _ in range(per_user // 10)])
    users = np.arange(len(items)) // per_user
    pd.DataFrame({"user": users, "item": items, "timestamp": np.arange(len(users))}).to_csv(
        tmp_path / "data.csv", index=False
    )
    (tmp_path / "large.yaml").write_text(EXPERIMENT.format(kind=kind, params=params))
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "harness", "fit", "large.yaml"],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    ) as process:
        try:
            while not (line := process.stderr.readline()).startswith(at_work):
                assert line, "the command ended before it was at work"
            time.sleep(2)
            assert process.poll() is None
            process.send_signal(number)
            _, err = process.communicate(timeout=10)  # 5 seconds are promised; a busy machine may take longer
        finally:
            process.kill()  # where the interrupt was not heeded
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not (tmp_path / "large.safetensors").exists()
