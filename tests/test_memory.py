"""Tests of available memory, memory checks and forecasts."""

import logging

import pytest

from harness.errors import HarnessError
from harness.memory import available_memory, check_memory, forecast


def test_available_memory_is_the_smaller_of_kernel_and_container(tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:  9 kB\nMemAvailable:   2048 kB\n")
    assert available_memory(meminfo, tmp_path) == 2048 * 1024
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("400000\n")
    assert available_memory(meminfo, tmp_path) == 600_000
    (tmp_path / "memory.current").write_text("1400000\n")
    assert available_memory(meminfo, tmp_path) == 0
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory(meminfo, tmp_path) == 2048 * 1024


def test_available_memory_is_none_if_the_system_does_not_report_it(tmp_path):
    assert available_memory(tmp_path / "none", tmp_path / "none") is None
    (tmp_path / "meminfo").write_text("Something: else\n")
    assert available_memory(tmp_path / "meminfo", tmp_path) is None


def test_a_computation_beyond_the_available_memory_is_an_error(monkeypatch):
    monkeypatch.setattr("harness.memory.available_memory", lambda: 2_000_000)
    check_memory(2_000_000, "the work", remedy="Do less.")
    with pytest.raises(HarnessError) as refused:
        check_memory(2_000_001, "the work", remedy="Do less.")
    assert str(refused.value) == "the work needs 2.1 MB of memory, and 2 MB are available. Do less."
    monkeypatch.setattr("harness.memory.available_memory", lambda: None)
    check_memory(10**18, "the work", remedy="Do less.")


@pytest.mark.parametrize(
    ("memory", "seconds", "line"),
    [
        (10**6, 4.9, None),
        (10**6, None, None),
        (10**6, 5.0, "ease takes about 5 s and up to 1 MB of memory"),
        (10**6, 400.0, "ease takes about 7 min and up to 1 MB of memory"),
        (10**6, 9000.0, "ease takes about 2.5 h and up to 1 MB of memory"),
        (14_640_000_000, 0.1, "ease takes about 0 s and up to 14.7 GB of memory"),
        (14_640_000_000, None, "ease takes up to 14.7 GB of memory"),
    ],
)
def test_long_and_large_computations_log_a_forecast(memory, seconds, line, caplog):
    with caplog.at_level(logging.INFO, logger="harness"):
        forecast("ease", memory=memory, seconds=seconds)
    assert [record.getMessage() for record in caplog.records] == ([] if line is None else [line])
