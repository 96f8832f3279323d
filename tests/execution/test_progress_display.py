import io
import logging
import re
import sys
import time

import pytest

from harness.execution import hidden_progress, progress


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_off_a_terminal_the_end_is_a_log_line_with_the_rate(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="harness"), progress("scoring", 10, unit="lists") as advance:
        advance(4)
        time.sleep(0.05)
        advance(6)
    (line,) = messages(caplog)
    found = re.fullmatch(r"scoring: 10 lists in 0\.[01] s, (\d+) lists/s", line)
    assert found is not None
    assert 20 < int(found[1]) <= 200


def test_lines_come_every_few_seconds_with_rate_and_time_left(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([0.0, 1.0, 6.0, 7.0, 12.5, 20.0, 20.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    with caplog.at_level(logging.INFO, logger="harness"), progress("scoring", 20_000) as advance:
        advance(2_000)  # 1 s
        advance(4_000)  # 6 s
        advance(1_000)  # 7 s
        advance(5_500)  # 12.5 s
        advance(7_500)  # 20 s
    assert messages(caplog) == [
        "scoring: 6000 of 20000 users, 1000 users/s, 14 s left",
        "scoring: 12500 of 20000 users, 1000 users/s, 8 s left",
        "scoring: 20000 users in 20.0 s, 1000 users/s",
    ]


def test_a_slow_rate_keeps_its_digits(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 30.0, 60.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    with caplog.at_level(logging.INFO, logger="harness"), progress("fitting", 21, unit="epochs") as advance:
        advance(21)
    assert messages(caplog) == ["fitting: 21 epochs in 60.0 s, 0.35 epochs/s"]


def test_nothing_to_do_is_done_in_no_time(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 1.0)
    with caplog.at_level(logging.INFO, logger="harness"), progress("scoring", 0):
        pass
    assert messages(caplog) == ["scoring: 0 users in 0.0 s, 0 users/s"]


def test_quiet_says_nothing(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.INFO, logger="harness"), progress("scoring", 10, quiet=True) as advance:
        advance(10)
    assert not caplog.records
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_a_bar_with_the_rate_goes_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with progress("scoring", 20) as advance:
        for _ in range(4):
            advance(5)
            time.sleep(0.15)
    assert capsys.readouterr().out == ""
    assert re.search(r"\d users/s", terminal.getvalue())
    assert "20/20" in terminal.getvalue()


def test_on_a_terminal_work_without_a_total_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with progress("fitting", None, unit="products") as advance:
        for _ in range(3):
            advance(4)
            time.sleep(0.15)
    assert "12/?" in terminal.getvalue()


def test_it_ends_where_the_work_fails() -> None:
    with pytest.raises(KeyError), progress("scoring", 2):
        raise KeyError


def test_what_was_done_before_counts_in_no_rate(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([0.0, 6.0, 10.0, 10.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    with (
        caplog.at_level(logging.INFO, logger="harness"),
        progress("training", 1_000, unit="steps", done=900) as advance,
    ):
        advance(60)  # 6 s
        advance(40)  # 10 s
    assert messages(caplog) == [
        "training: 960 of 1000 steps, 10 steps/s, 4 s left",
        "training: 100 steps in 10.0 s, 10 steps/s",
    ]


def test_without_a_total_the_count_and_the_rate_are_shown(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter([0.0, 1.0, 6.0, 8.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    with caplog.at_level(logging.INFO, logger="harness"), progress("fitting", None, unit="products") as advance:
        advance(20)  # 1 s
        advance(100)  # 6 s
    assert messages(caplog) == ["fitting: 120 products, 20 products/s", "fitting: 120 products in 8.0 s, 15 products/s"]


def test_hidden_progress_says_nothing_until_its_block_ends(caplog: pytest.LogCaptureFixture) -> None:
    def work(what: str) -> None:
        with progress(what, 1) as advance:
            advance(1)

    with caplog.at_level(logging.INFO, logger="harness"):
        with hidden_progress():
            work("hidden")
            with hidden_progress(hide=False):  # what is hidden outside stays so
                work("inside")
        with hidden_progress(hide=False):
            work("shown")
        work("after")
    assert [line.split(":")[0] for line in messages(caplog)] == ["shown", "after"]


class Terminal(io.StringIO):
    """A stderr that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_that_cannot_redraw_gets_lines(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "dumb")
    with caplog.at_level(logging.INFO, logger="harness"), progress("scoring", 2) as advance:
        advance(2)
    assert terminal.getvalue() == ""
    assert [line.split(":")[0] for line in messages(caplog)] == ["scoring"]


@pytest.mark.parametrize("variable", ["NO_COLOR", "NOTHING"])
def test_no_color_leaves_colours_out_of_a_bar(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "120"), (variable, "1")):
        monkeypatch.setenv(name, value)
    with progress("scoring", 4) as advance:
        for _ in range(4):
            advance(1)
            time.sleep(0.1)
    coloured = re.search(r"\x1b\[[0-9;]*3[0-9]", terminal.getvalue()) is not None
    assert coloured == (variable == "NOTHING")


def test_a_logger_that_hides_messages_hides_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    logger = logging.getLogger("harness")
    monkeypatch.setattr(logger, "level", logging.WARNING)  # as --quiet does
    with progress("scoring", 2) as advance:
        advance(2)
    assert terminal.getvalue() == ""
