"""Available memory: the lower of the system's and the container's."""

from harness.memory import available_memory


def test_the_lower_of_the_two_counts(tmp_path):
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


def test_a_system_that_does_not_say(tmp_path):
    assert available_memory(tmp_path / "none", tmp_path / "none") is None
    (tmp_path / "meminfo").write_text("Something: else\n")
    assert available_memory(tmp_path / "meminfo", tmp_path) is None
