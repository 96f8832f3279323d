"""``harness.run`` from Python: a file, findings as warnings, and a result that notebooks show."""

import logging
import warnings
from pathlib import Path

import pytest

import harness

TRACKED = "tracking.enabled=false"


def caught(call):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        result = call()
    return result, [one for one in found if issubclass(one.category, harness.HarnessWarning)]


def forget_handlers(monkeypatch):
    """Leave logging as it is in a fresh Python process, without the handlers of pytest."""
    logger = logging.getLogger("harness")
    monkeypatch.setattr(logger, "propagate", False)
    monkeypatch.setattr(logger, "handlers", [])
    return logger


def sentences(result):
    return [finding.sentence for finding in result.record.audits if finding.severity != "info"]


def test_each_finding_is_one_warning_at_the_line_of_the_call(small):
    result, found = caught(lambda: harness.run(str(small), quiet=True))
    assert sentences(result)
    assert [str(one.message) for one in found] == sentences(result)
    assert {Path(one.filename) for one in found} == {Path(__file__)}
    again, repeated = caught(lambda: harness.run(small, quiet=True))
    assert again.was_finished
    assert [str(one.message) for one in repeated] == sentences(result)


def test_warnings_can_be_errors(small):
    with warnings.catch_warnings():
        warnings.simplefilter("error", harness.HarnessWarning)
        with pytest.raises(harness.HarnessWarning):
            harness.run(small, quiet=True)


def test_what_is_logged_as_a_warning_is_a_warning_where_nothing_logs(small, monkeypatch, capsys):
    logger = forget_handlers(monkeypatch)
    first = harness.run(small, quiet=True)
    (first.folder / "report.html").write_text("changed")
    _, found = caught(lambda: harness.run(small, quiet=True))
    assert any("report.html is missing or was changed" in str(one.message) for one in found)
    assert capsys.readouterr().err == ""
    assert logger.handlers == []


def test_what_is_logged_stays_in_a_log_that_is_set_up(small, caplog):
    first = harness.run(small, quiet=True)
    (first.folder / "report.html").write_text("changed")
    _, found = caught(lambda: harness.run(small, quiet=True))
    assert "report.html is missing or was changed" in caplog.text
    assert not any("report.html" in str(one.message) for one in found)


def test_messages_before_an_error_are_warnings(small, monkeypatch):
    logger = forget_handlers(monkeypatch)
    first = harness.run(small, quiet=True)
    (first.folder / "report.html").write_text("changed")
    (first.folder / "experiment.yaml").unlink()
    (first.folder / "experiment.yaml").mkdir()  # cannot be replaced by a file
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        with pytest.raises((harness.HarnessError, OSError)):
            harness.run(small, quiet=True)
    assert any("experiment.yaml" in str(one.message) for one in found)
    assert logger.handlers == []


def test_the_command_line_prints_findings_once_and_warns_of_none(cli, small):
    code, out, err = cli("eval", small, "--quiet")
    assert code == 0
    sentence = sentences(harness.run(small, quiet=True))[0]
    assert " ".join(out.split()).count(" ".join(sentence.split())) == 1
    assert "HarnessWarning" not in out + err
    assert sentence not in " ".join(err.split())


@pytest.mark.usefixtures("drawn_figures")
def test_a_result_is_shown_with_its_headline_warnings_and_report(small):
    result = harness.run(small, quiet=True)
    headline = result.record.headline
    assert repr(result) == f"RunResult('small/ease', {headline}, {str(result.folder)!r})"
    html = result._repr_html_()
    assert f"small/ease: ndcg@10 {headline.value:.4f}, 95% interval [" in html
    assert all(f"warning: {sentence}"[:40] in html for sentence in sentences(result))
    assert f'href="{(result.folder / "report.html").as_uri()}"' in html
    assert "<script" not in html
    assert result.plot().axes[0].get_title(loc="left") == "ndcg@k"
    assert result.plot("distribution")._repr_png_().startswith(b"\x89PNG")


def test_a_report_below_the_working_folder_has_a_relative_link(small, monkeypatch):
    monkeypatch.chdir(small.parent)
    reports = 'report.directory="a: b&c"'
    result = harness.run(harness.load_experiment(small, [reports]), quiet=True)
    assert 'href="./a%3A%20b%26c/small/ease/report.html"' in result._repr_html_()


def test_names_of_a_run_are_text(small):
    table = small.parent / "<img src=x onerror=alert(1)>.csv"
    (small.parent / "data.csv").rename(table)
    experiment = harness.load_experiment(small, [f"dataset.path='{table}'"])
    html = harness.run(experiment, quiet=True)._repr_html_()
    assert "<img" not in html
    assert "&lt;img src=x" in html
