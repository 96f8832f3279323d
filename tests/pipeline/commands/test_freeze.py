"""``harness freeze``: what is covered, what is stamped afterwards, and damaged files."""

from __future__ import annotations

import json

import pytest

import harness
from harness.errors import HarnessError
from harness.pipeline import ComparisonOptions, compare_runs, freeze
from harness.pipeline.commands.freeze import frozen_path, read_frozen


@pytest.fixture
def benchmark(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    other = tmp_path / "popularity.yaml"
    text = small.read_text().replace("ease", "popularity").replace("  params: {l2: 10.0}\n", "")
    other.write_text(text)
    path = tmp_path / "benchmark.yaml"
    path.write_text("name: small/both\nexperiments: [popularity.yaml, ease.yaml]\nbaseline: popularity.yaml\n")
    return path


def compared(path, *overrides):
    return compare_runs([str(path)], overrides=overrides, options=ComparisonOptions(quiet=True, track=False))


def test_a_protocol_that_is_frozen_first_is_said_with_the_comparison(benchmark):
    frozen = freeze(benchmark, effect=0.02)
    assert frozen.moment.endswith("; no evaluation of the test part was on record")
    assert read_frozen(benchmark) == frozen
    (stamp,) = compared(benchmark).comparison.stamps
    assert stamp == f"The protocol was {frozen.moment}. Planned effect: 0.02."
    page = (benchmark.parent / "reports/comparisons/small/both/comparison.html").read_text()
    assert f"The protocol was frozen on {frozen.created}" in page


def test_after_evaluations_it_says_how_many(benchmark):
    compared(benchmark)
    assert freeze(benchmark).moment.endswith(", after 2 evaluations of the test part")


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("statistics.margin=0.01", "statistics.margin: null became 0.01"),
        ("statistics.test=t", 'statistics.test: "auto" became "t"'),
        ("primary=recall@10", 'primary: "ndcg@10" became "recall@10"'),
        ("candidates.exclude=none", "candidates.exclude: "),
    ],
)
def test_a_change_makes_the_comparison_exploratory(benchmark, override, words):
    freeze(benchmark)
    (stamp,) = compared(benchmark, override).comparison.stamps
    assert stamp.startswith("Exploratory: the protocol was frozen on ")
    assert words in stamp


def test_another_candidate_or_another_option_makes_it_exploratory(benchmark):
    freeze(benchmark)
    text = benchmark.with_name("ease.yaml").read_text()
    benchmark.with_name("ease.yaml").write_text(text.replace("l2: 10.0", "l2: 20.0"))
    (stamp,) = compared(benchmark).comparison.stamps
    assert "runs.small/ease.params.l2: 10.0 became 20.0" in stamp


def test_other_rows_of_the_data_make_it_exploratory(benchmark, tmp_path):
    freeze(benchmark)
    data = (tmp_path / "data.csv").read_text().splitlines()
    (tmp_path / "data.csv").write_text("\n".join(data[:-3]) + "\n")
    (stamp,) = compared(benchmark).comparison.stamps
    assert stamp.startswith("Exploratory")
    assert "split: " in stamp


def test_what_decides_no_number_is_free(benchmark, tmp_path):
    freeze(benchmark)
    (stamp,) = compared(benchmark, f"report.directory={tmp_path}/elsewhere", "runner.device=cpu").comparison.stamps
    assert stamp.startswith("The protocol was frozen on ")


def test_without_a_frozen_protocol_there_is_no_stamp(benchmark):
    assert compared(benchmark).comparison.stamps == ()


def test_freezing_again_changes_nothing_and_another_protocol_needs_force(benchmark):
    first = freeze(benchmark)
    assert freeze(benchmark) == first
    with pytest.raises(HarnessError, match=r"holds another protocol, frozen on .*effect: null became 0.1.*--force"):
        freeze(benchmark, effect=0.1)
    assert freeze(benchmark, effect=0.1, force=True).effect == 0.1
    with pytest.raises(HarnessError, match="the planned effect is -1"):
        freeze(benchmark, effect=-1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda parsed: parsed["facts"]["statistics"].update(margin=0.5), "it was changed since it was written"),
        (lambda parsed: parsed.update(schema_version=9), "it has schema version 9"),
        (lambda parsed: parsed.pop("digest"), "digest"),
    ],
)
def test_a_file_that_was_changed_is_refused(benchmark, change, message):
    freeze(benchmark)
    parsed = json.loads(frozen_path(benchmark).read_text())
    change(parsed)
    frozen_path(benchmark).write_text(json.dumps(parsed))
    with pytest.raises(HarnessError, match=rf"benchmark\.yaml\.frozen\.json is damaged: .*{message}"):
        read_frozen(benchmark)
    frozen_path(benchmark).write_text("[1")
    with pytest.raises(HarnessError, match="is damaged"):
        read_frozen(benchmark)


def test_the_command(benchmark, cli):
    code, out, _ = cli("freeze", benchmark, "--effect", "0.05")
    assert code == 0
    assert out.startswith("small/both: frozen on 20")
    assert read_frozen(benchmark).digest in out
    assert harness.load_experiment(benchmark.with_name("ease.yaml")).name == "small/ease"


def test_another_baseline_makes_it_exploratory(benchmark):
    freeze(benchmark)
    options = ComparisonOptions(baseline="small/ease", quiet=True, track=False)
    (stamp,) = compare_runs([str(benchmark)], options=options).comparison.stamps
    assert stamp.startswith("Exploratory")
    assert 'baseline: "small/popularity" became "small/ease"' in stamp


def test_date_and_count_are_sealed(benchmark):
    compared(benchmark)
    freeze(benchmark)
    text = frozen_path(benchmark).read_text()
    frozen_path(benchmark).write_text(text.replace('"evaluations": 2', '"evaluations": 0'))
    with pytest.raises(HarnessError, match="it was changed since it was written"):
        read_frozen(benchmark)


def test_a_frozen_effect_is_not_dropped_silently(benchmark):
    freeze(benchmark, effect=0.1)
    with pytest.raises(HarnessError, match=r"effect: 0\.1 became null"):
        freeze(benchmark)


def test_a_benchmark_with_seeds(benchmark):
    path = benchmark.with_name("ease.yaml")
    path.write_text(
        path.read_text().replace("kind: ease", "kind: random").replace("{l2: 10.0}", "{}") + "seeds: [0, 1]\n"
    )
    frozen = freeze(benchmark)
    assert frozen.facts["runs"]["small/ease"]["seeds"] == [0, 1]
    path.write_text(path.read_text().replace("seeds: [0, 1]", "seeds: [0, 2]"))
    (stamp,) = compared(benchmark).comparison.stamps
    assert "runs.small/ease.seeds: [0, 1] became [0, 2]" in stamp


def test_the_primary_metric_of_a_benchmark_is_its_own_key(benchmark):
    with pytest.raises(HarnessError, match=r"a benchmark has its own primary metric.*--set primary=LABEL"):
        compared(benchmark, "evaluation.primary=recall@10")
