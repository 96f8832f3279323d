"""The formats of results, and tables in the width of a terminal."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys

import pytest

FORMATS = ("table", "markdown", "csv", "json")


@pytest.fixture
def pair(cli, small, tmp_path):
    """Return the folders of two finished runs."""
    other = small.with_name("other.yaml")
    other.write_text(small.read_text().replace("small/ease", "small/other").replace("l2: 10.0", "l2: 500.0"))
    other.write_text(other.read_text().replace("ease.safetensors", "other.safetensors"))
    for path in (small, other):
        assert cli("eval", path)[0] == 0
    return [tmp_path / "reports/small" / name for name in ("ease", "other")]


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def commands(pair, small):
    """Return each command that prints a result, and the number of rows of its CSV."""
    a, b = pair
    return {
        "eval": (["eval", small, "--no-track"], 18),
        "score": (["score", a / "predictions.parquet", "--experiment", small, "--name", "small/again"], 18),
        "compare": (["compare", a, b, "--no-track"], 18 + 7),
        "diff": (["diff", a, b, "--no-rerun"], None),
        "gate": (["gate", a, "--baseline", a, "--metric", "ndcg@10=0.5", "--no-track"], 1),
        "power": (["power", a, "--baseline", b, "--effect", "0.01"], 3),
        "metrics": (["metrics"], None),
        "metric": (["metrics", "ndcg"], 1),
        "conventions": (["metrics", "--conventions"], None),
        "list": (["data", "list"], 3),
        "describe": (["data", "describe", small], None),
        "audit": (["data", "audit", small, "--ties", 1], None),
        "cache": (["cache", "list"], 2),
        "inspect": (["inspect", small.parent / "ease.safetensors"], None),
    }


def test_every_result_has_every_format(cli, pair, small):
    for name, (command, number) in commands(pair, small).items():
        found = {form: cli(*command, "--format", form) for form in FORMATS}
        assert {code for code, _, _ in found.values()} == {0}, (name, found)
        json.loads(found["json"][1])
        assert cli(*command, "--json")[1] == found["json"][1] or name in ("eval", "compare", "gate"), name
        rows = rows_of(found["csv"][1])
        assert rows, name
        assert all(None not in row for row in rows), name
        assert number is None or len(rows) == number, (name, len(rows))
        assert "\x1b" not in "".join(out for _, out, _ in found.values())
        blocks = [block.splitlines() for block in found["markdown"][1].split("\n\n") if block.startswith("| ")]
        assert name == "gate" or blocks, name
        for lines in blocks:
            assert len({re.sub(r"\\.", "", line).count("|") for line in lines}) == 1, name


def test_paths_go_to_stderr_where_stdout_is_data(cli, pair):
    for form in ("markdown", "csv", "json"):
        _, out, err = cli("compare", *pair, "--no-track", "--format", form)
        assert "comparison.html" not in out
        assert "comparison.html" in err
    assert "comparison.html" not in cli("compare", *pair, "--no-track", "--format", "csv", "--quiet")[2]


def test_csv_has_the_numbers_of_the_file(cli, pair, tmp_path):
    _, out, _ = cli("compare", *pair, "--no-track", "--name", "c", "--format", "csv")
    with (tmp_path / "reports/comparisons/c/comparison.csv").open(newline="") as stream:
        written = list(csv.DictReader(stream))
    assert rows_of(out) == written


def test_several_experiments_are_one_table_of_data(cli, pair, small):
    other = small.with_name("other.yaml")
    _, out, _ = cli("eval", small, other, "--format", "json")
    assert [run["name"] for run in json.loads(out)] == ["small/ease", "small/other"]
    _, out, _ = cli("eval", small, other, "--format", "csv")
    assert {row["run"] for row in rows_of(out)} == {"small/ease", "small/other"}


def test_cells_of_csv_are_no_formulas(cli, small):
    small.write_text(small.read_text().replace("small/ease", "=1+cmd"))
    _, out, _ = cli("eval", small, "--format", "csv")
    rows = rows_of(out)
    assert {row["run"] for row in rows} == {"'=1+cmd"}
    assert float(rows[0]["value"]) >= 0
    assert "| =1+cmd" not in cli("eval", small, "--format", "markdown")[1]


def test_two_formats_are_refused(cli):
    code, out, err = cli("metrics", "--json", "--format", "csv")
    assert (code, out) == (2, "")
    assert "--json is short for --format json, and --format is csv" in err
    code, _, err = cli("metrics", "--format", "xml")
    assert code == 2
    assert "'xml' is not one of 'table', 'markdown', 'csv', 'json'" in err


@pytest.mark.parametrize("width", [60, 80, 140])
def test_a_pipe_heeds_columns(cli, pair, small, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    for name, (command, _) in commands(pair, small).items():
        lines = [
            line
            for line in cli(*command)[1].splitlines()
            if not line.startswith(("report ", "LaTeX ", "audit ", "MLflow ", "This run was finished"))
        ]
        assert max(map(len, lines)) <= width, (name, max(lines, key=len))
        assert not any("…" in line for line in lines), name


def test_a_pipe_without_columns_is_wide(cli, monkeypatch):
    for value in (None, "", "0", "wide"):
        if value is None:
            monkeypatch.delenv("COLUMNS", raising=False)
        else:
            monkeypatch.setenv("COLUMNS", value)
        lines = cli("metrics")[1].splitlines()
        assert 100 < max(map(len, lines)) <= 140


@pytest.mark.parametrize(("variable", "coloured"), [("NO_COLOR", False), ("NOTHING", True)])
def test_no_color(small, cli, variable, coloured):
    cli("eval", small)
    reader, writer = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", variable: "1"}
    if variable != "NO_COLOR":
        environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "harness", "data", "audit", str(small)]
    process = subprocess.Popen(command, stdout=writer, stderr=subprocess.DEVNULL, env=environment)
    os.close(writer)
    output = b""
    while True:
        try:
            piece = os.read(reader, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        output += piece
    os.close(reader)
    assert process.wait() == 0
    assert b"tie" in output
    assert (re.search(rb"\x1b\[[0-9;]*3[0-9]m", output) is not None) == coloured
