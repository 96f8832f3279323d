from typing import Any

import pytest

from harness.experiment import (
    load_experiment,
)


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:0", "cuda:12"])
def test_device_names(write: Any, device: str) -> None:
    assert load_experiment(write(), [f"runner.device={device}"]).runner.device == device


@pytest.mark.parametrize(
    ("more", "line", "words"),
    [
        ("runner:\n  kk: 3", 11, "unknown key 'kk' in runner. Did you mean 'k'?"),
        ("runner: {devices: [gpu]}", 10, "runner.devices holds 'gpu'; auto, cpu, cuda or cuda:0, cuda:1, … is needed"),
        ("runner: {devices: [cpu, 0]}", 10, "runner.devices mixes kinds of devices"),
        ("runner: {memory: much}", 10, "runner.memory: 'much' is not a size; write it like 4 GB"),
        ("runner: {memory: 0 GB}", 10, "runner.memory is '0 GB', that is 0 bytes. Write 1 MB or more"),
        ("runner: {memory: 4}", 10, "runner.memory is 4, that is 4 bytes. Write 1 MB or more, such as 4 GB."),
        ("runner: {device: cpu, devices: [cpu]}", 10, "runner has both 'device' (or --device) and 'devices'"),
        ("runner: {memory: 1e3}", 10, "runner.memory is 1000.0, that is 1000 bytes"),
        ("runner: {memory: true}", 10, "runner.memory is true"),
        ("runner: {devices: [-1]}", 10, "runner.devices holds -1; GPUs are numbered from 0"),
        ("runner: {device: cpu, precision: tf32}", 10, "precision tf32 is a format of GPUs, and the device is cpu"),
        ("runner: {devices: [cpu], precision: tf32}", 10, "precision tf32 is a format of GPUs"),
        ("runner: {parallel: {backend: dask, address: 'tcp://a:70000'}}", 10, "it needs a protocol, a host and a port"),
        ("runner: {precision: half}", 10, "runner.precision is 'half'"),
        ("runner: {parallel: {backend: dask}}", 10, "backend dask needs the address of its scheduler"),
        ("runner: {k: 0}", 10, "runner.k is 0; 1 or more is needed"),
        ("runner: {k: true}", 10, "runner.k is true; a whole number is needed"),
        ("runner: {k: 1.0}", 10, "runner.k is 1.0; a whole number is needed"),
        ("runner: {k: '5'}", 10, "runner.k is '5'; a whole number is needed"),
        ("runner: {k: 010}", 10, "runner.k is '010'; a whole number is needed"),
        ("runner: {k: null}", 10, "runner.k is null; a whole number is needed"),
        ("runner: [k]", 10, "runner is a list; a map is needed"),
        ("runner:", 10, "runner is null; a map is needed"),
        ("runner: {device: gpu}", 10, "runner.device is 'gpu'; auto, cpu, cuda or cuda:0"),
        ("runner: {device: 'cuda:'}", 10, "runner.device is 'cuda:'"),
        ("runner: {batch_size: 0}", 10, "runner.batch_size is 0; 1 or more or 'auto' is needed"),
        ("runner: {batch_size: all}", 10, "runner.batch_size is 'all'; a whole number or 'auto' is needed"),
        ("runner: {limit_users: 0}", 10, "runner.limit_users is 0; 1 or more is needed"),
        ("runner: {seed: -1}", 10, "runner.seed is -1; 0 or more is needed"),
        ("runner: {k: 10}", 7, ""),
    ],
)
def test_invalid_values_of_the_runner_name_their_line(
    write: Any, message: Any, more: str, line: int, words: str
) -> None:
    if not words:  # at the limit, and right
        load_experiment(write(more=f"{more}\nevaluation: {{cutoffs: [10]}}\n"))
        return
    found = message(write(more=f"{more}\n"))
    assert found.startswith(f"ease.yaml:{line}: ")
    assert words in found
