"""``harness validate`` on several files, base files and benchmarks."""

from __future__ import annotations

import pytest


def test_validate_checks_every_file(cli, small, tmp_path):
    files = {
        "lost.yaml": small.read_text().replace("data.csv", "lost.csv"),
        "child.yaml": "extends: lost.yaml\nseed: 3\n",
        "wrong.yaml": small.read_text().replace("k: 10", "k: ten"),
        "base.yaml": "dataset: {split: {kind: leave_last_out}}\nmodel: {fit: {on: train}}\nrunner: {k: 10}\n",
        "benchmark.yaml": f"name: b\nexperiments: [{small}, wrong.yaml, none.yaml]\nbaseline: {small}\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    code, out, err = cli("validate", *(tmp_path / name for name in files), tmp_path / "none.yaml", small)
    assert code == 2
    assert out.splitlines() == [
        f"{tmp_path}/base.yaml: a base file for other experiments (it has no model.kind), valid",
        f"{small}: experiment 'small/ease', valid",
    ]
    assert err.startswith("harness: ")
    expected = (
        "{0}/lost.yaml:4: there is no file {0}/lost.csv",
        "{0}/child.yaml: {0}/lost.yaml:4: there is no file {0}/lost.csv",
        "{0}/wrong.yaml:11: runner.k is 'ten'",
        "{0}/wrong.yaml:11: runner.k is 'ten'",
        "{0}/benchmark.yaml:2: no such file: {0}/none.yaml",
        "no such file: {0}/none.yaml",
        "5 of 7 files cannot be used.",
    )
    for line, words in zip(err.splitlines(), expected, strict=True):
        assert words.format(tmp_path) in line


@pytest.mark.parametrize(
    "text",
    [
        "runner: {k: 10}",
        "name: shop/protocol\ndataset: {path: data.csv, split: {kind: leave_last_out}}",
        "dataset: {columns: {user: uid}, split: {seed: 3}}",
        "dataset: {catalog: ml-100k}\nmodel: {params: {l2: 3}}",
        "evaluation: {part: validation, cutoffs: [200], metrics: [mrr, coverage], primary: mrr@200}",
        "evaluation: {primary: ndcg@20}\nexpected: {ndcg@20: {value: 0.1, tolerance: 0.01}}",
        "extends: other.yaml\nseed: 3",
    ],
)
def test_validate_takes_base_files(cli, tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").touch()
    (tmp_path / "other.yaml").write_text("statistics: {margin: 0.1}\n")
    (tmp_path / "base.yaml").write_text(text)
    code, out, err = cli("validate", "base.yaml", "other.yaml")
    assert (code, out.count("a base file for other experiments"), err) == (0, 2, "")
    assert cli("validate", "base.yaml", "--resolved")[1].startswith("# base.yaml: a base file")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("modle: {kind: ease}", "base.yaml:1: unknown key 'modle'. Did you mean 'model'?"),
        ("seed: 1\nrunner: {kk: 10}", "base.yaml:2: unknown key 'kk' in runner. Did you mean 'k'?"),
        ("runner: {k: 10}\nevaluation: {cutoffs: [20]}", "base.yaml:2: coverage@20 looks at 20 ranks of a list"),
        ("runner: {k: true}", "base.yaml:1: runner.k is true; a whole number is needed"),
        ("runner: [k]", "base.yaml:1: runner is a list; a map is needed"),
        ("runner: {k: 0}", "base.yaml:1: runner.k is 0; 1 or more is needed"),
        ("model: ease", "base.yaml:1: model is 'ease'; a map is needed"),
        ("dataset: data.csv", "base.yaml:1: dataset is 'data.csv'; a map is needed"),
        ("dataset: {split: {kind: leave_last_ou}}", "Did you mean 'leave_last_out'"),
        ("dataset: {path: lost.csv}", "base.yaml:1: there is no file lost.csv"),
        ("evaluation: {metrics: [ndgc]}", "Did you mean 'ndcg'"),
        ("name: comparisons/x", "base.yaml:1: the name 'comparisons/x' lies in"),
        ("seed: 1\nseed: 2", "duplicate key 'seed'"),
        ("seed: 1\nextends: lost.yaml", "base.yaml:2: no such file: lost.yaml"),
    ],
)
def test_validate_finds_what_is_wrong_in_a_base_file(cli, tmp_path, monkeypatch, text, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text(text)
    code, out, err = cli("validate", "base.yaml")
    assert (code, out) == (2, "")
    assert err.startswith("harness: ")
    assert words in err


def test_validate_looks_at_every_experiment_of_a_benchmark(cli, small, tmp_path):
    (tmp_path / "benchmark.yaml").write_text("name: b\nexperiments: [one.yaml, two.yaml]\nbaseline: one.yaml\n")
    for name in ("one", "two"):
        text = small.read_text().replace("small/ease", f"small/{name}").replace("data.csv", "lost.csv")
        (tmp_path / f"{name}.yaml").write_text(text)
    code, out, err = cli("validate", tmp_path / "benchmark.yaml", "--set", "primary=recall@5")
    assert (code, out) == (2, "")
    assert [line.count("there is no file") for line in err.splitlines()] == [1, 1]
    assert "one.yaml:" in err.splitlines()[0]
    assert "two.yaml:" in err.splitlines()[1]
