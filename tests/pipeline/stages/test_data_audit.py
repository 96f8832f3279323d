"""Runs that are too small for their numbers say so, wherever findings are shown."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from harness.artifacts import CandidateLists, History, candidate_counts, to_json
from harness.pipeline import ScoreOptions, audit_dataset, score


def by_name(audits):
    return {audit["name"]: audit for audit in audits}


def tiny(small, *, n_users=12, n_items=19, per_user=4):
    """Write data of a few users and items over those of an experiment."""
    rng = np.random.default_rng(0)
    rows = [
        {"user": f"u{user:02d}", "item": f"i{item:02d}", "timestamp": when, "rating": 4}
        for user in range(n_users)
        for when, item in enumerate(rng.permutation(n_items)[:per_user])
    ]
    rows += [{"user": "u00", "item": f"i{item:02d}", "timestamp": 0, "rating": 4} for item in range(n_items)]
    table = pd.DataFrame(rows).drop_duplicates(["user", "item"])
    table.to_csv(small.with_name("data.csv"), index=False)
    return table


@pytest.mark.parametrize("exclude", ["seen", "none"])
def test_twenty_of_nineteen_items_and_twelve_users(small, cli, exclude):
    table = tiny(small)
    settings_ = ["evaluation.cutoffs=[5, 20]", "evaluation.metrics=[recall, coverage]", "runner.k=20"]
    settings_ += [f"candidates.exclude={exclude}", "evaluation.primary=recall@5"]
    result = harness.run(harness.load_experiment(small, settings_), quiet=True)
    assert result.table["recall@20"].value == 1.0
    audits = by_name(result.results["audits"])
    # A user's candidates are 19 items, less what they had before their last item where that is left out.
    left = 19 - table.groupby("user").size() + 1 if exclude == "seen" else [19, 19]
    found = audits["cutoff_beyond_candidates"]
    assert (found["severity"], found["count"], found["of"], found["share"]) == ("warning", 12, 12, 1.0)
    span = f"{min(left)} to {max(left)}" if min(left) < max(left) else "19"
    assert f"the largest cutoff, 20, reaches all of their candidates ({span} items)" in found["sentence"]
    few = audits["few_users"]
    assert (few["severity"], few["count"], few["of"]) == ("warning", 12, 12)
    assert few["sentence"] == "Only 12 users are measured: with fewer than 30, intervals and tests mean little."
    report = (result.folder / "report.html").read_text()
    flags = [flag for one in settings_ for flag in ("--set", one)]
    code, out, _ = cli("data", "audit", small, *flags)
    assert code == 0
    code, shown, _ = cli("eval", small, *flags, "--force")
    assert code == 0
    for finding in (found, few):
        assert finding["sentence"] in report
        for text in (out, shown):
            assert finding["sentence"][:60] in " ".join(text.split())


def test_lists_from_elsewhere_have_the_same_findings(small, tmp_path):
    table = tiny(small)
    table.assign(score=1.0)[["user", "item", "score"]].to_csv(tmp_path / "lists.csv", index=False)
    wanted = ["evaluation.cutoffs=[5, 20]", "evaluation.primary=recall@5", "runner.k=20"]
    experiment = harness.load_experiment(small, wanted)
    audits = by_name(score(tmp_path / "lists.csv", experiment, ScoreOptions(quiet=True)).results["audits"])
    assert audits["few_users"]["count"] == audits["cutoff_beyond_candidates"]["count"] == 12


def test_a_run_of_a_fit_size_has_no_such_finding(small):
    facts = audit_dataset(harness.load_experiment(small))
    audits = by_name(to_json(facts.audits))
    assert {audits[name]["severity"] for name in ("few_users", "cutoff_beyond_candidates")} == {"info"}
    assert {audits[name]["count"] for name in ("few_users", "cutoff_beyond_candidates")} == {0}
    # One user has nearly all of the 40 items, so that the cutoff 10 reaches what is left for them alone.
    table = pd.read_csv(small.with_name("data.csv"))
    more = [{"user": "u000", "item": f"i{item:02d}", "timestamp": 0, "rating": 1} for item in range(35)]
    pd.concat([table, pd.DataFrame(more)]).drop_duplicates(["user", "item"]).to_csv(
        small.with_name("data.csv"), index=False
    )
    found = by_name(to_json(audit_dataset(harness.load_experiment(small)).audits))["cutoff_beyond_candidates"]
    assert (found["count"], found["of"]) == (1, 60)


def test_allowed_items_and_sampled_candidates_are_counted(small, tmp_path):
    (tmp_path / "allow.csv").write_text("item\n" + "".join(f"i{item:02d}\n" for item in range(10)))
    allowed = by_name(
        to_json(audit_dataset(harness.load_experiment(small, [f"candidates.allow={tmp_path}/allow.csv"])).audits)
    )
    assert allowed["cutoff_beyond_candidates"]["count"] == 60
    for negatives, count in ((9, 60), (10, 0)):
        sampled = harness.load_experiment(small, [f"candidates.sampled={{negatives: {negatives}}}"])
        assert by_name(to_json(audit_dataset(sampled).audits))["cutoff_beyond_candidates"]["count"] == count


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_candidates_equal_sets_of_plain_python(data):
    n_items = data.draw(st.integers(1, 6))
    item = st.lists(st.integers(0, n_items - 1), max_size=8)
    seen, lists = (data.draw(st.lists(item, min_size=3, max_size=3)) for _ in range(2))
    lists = [sorted(set(one)) for one in lists]
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=n_items, max_size=n_items)))

    def csr(rows):
        return np.cumsum([0, *map(len, rows)]), np.array([one for row in rows for one in row], dtype=np.int32)

    may = {place for place in range(n_items) if allowed[place]}
    for asked in (None, lists):
        for barred in (None, seen):
            wanted = [
                len((may if asked is None else may & set(asked[row])) - set([] if barred is None else barred[row]))
                for row in range(3)
            ]
            found = candidate_counts(
                allowed=allowed,
                lists=None if asked is None else CandidateLists(*csr(asked)),
                seen=None if barred is None else History(*csr(barred), n_items),
                n_users=3,
            )
            assert found.tolist() == wanted


def test_repeats_are_information_where_nothing_is_excluded(small):
    table = pd.read_csv(small.with_name("data.csv"))
    last = table.sort_values("timestamp").groupby("user").head(1).assign(timestamp=9)
    pd.concat([table, last]).to_csv(small.with_name("data.csv"), index=False)
    for exclude, severity in (("seen", "warning"), ("none", "info")):
        experiment = harness.load_experiment(small, [f"candidates.exclude={exclude}"])
        repeats = by_name(harness.run(experiment, quiet=True).results["audits"])["repeats"]
        assert (repeats["severity"], repeats["count"]) == (severity, 60)


def test_measuring_arrays_notes_the_same():
    lists, truth = harness.TopK(np.tile(np.arange(4), (29, 1))), harness.Truth.from_lists([[1]] * 29)
    table = harness.evaluate(lists, truth, metrics=["recall", "coverage"], cutoffs=[2, 4], n_items=4)
    few, reached = table.notes
    assert few == "Only 29 users are measured: with fewer than 30, intervals and tests mean little."
    assert reached.startswith(
        "29 of 29 lists (100.0%): the largest cutoff, 4, reaches all of their candidates (4 items)"
    )
    lists, truth = harness.TopK(np.tile(np.arange(4), (30, 1))), harness.Truth.from_lists([[1]] * 30)
    assert harness.evaluate(lists, truth, metrics=["recall", "coverage"], cutoffs=[2, 4], n_items=5).notes == ()


def fine(small, unit="ns"):
    """Write data whose events are some ticks apart, and return its path."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pd.read_csv(small.with_name("data.csv"))
    times = 1_717_156_800 * {"ms": 10**3, "us": 10**6, "ns": 10**9}[unit] + 40 * np.arange(len(table))
    columns = {"user": table["user"], "item": table["item"], "timestamp": pa.array(times, pa.timestamp(unit))}
    path = small.with_name("fine.parquet")
    pq.write_table(pa.table(columns), path)
    return path


def test_nanoseconds_go_through_a_run(small, cli, tmp_path):
    flags = ["--set", f"dataset.path={fine(small)}", "--set", "dataset.split={kind: global_time, history: rolling}"]
    code, _, err = cli("eval", small, *flags)
    assert code == 0, err
    folder = tmp_path / "reports/small/ease"
    results = json.loads((folder / "results.json").read_text())
    raw = results["dataset"]["raw"]["timestamps"]
    assert (raw["unit"], raw["distinct"]) == ("ns", results["dataset"]["raw"]["interactions"])
    assert raw["first"] == 1_717_156_800 * 10**9
    moments = pd.read_parquet(folder / "predictions.parquet")["timestamp"]
    # A list for each held-out event: 40 ns apart, none ties with another.
    assert moments.nunique() == results["dataset"]["split"]["facts"]["test"]["interactions"]
    moment = results["dataset"]["split"]["facts"]["moments"]["test"]
    assert moments.astype("datetime64[ns, UTC]").astype("int64").min() == moment
    assert "2024-05-31 12:00 UTC" in (folder / "report.html").read_text()
    code, out, _ = cli("data", "describe", small, *flags)
    assert code == 0
    assert "2024-05-31 12:00 UTC" in out
    assert "1,717,156,800" not in out


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_parts_written_from_fine_times_are_read_back_to_the_same_run(small, cli, tmp_path, unit):
    data = f"dataset.path={fine(small, unit)}"
    code, _, err = cli("data", "split", small, "--set", data, "--out", tmp_path / "parts")
    assert code == 0, err
    parts = {part: f"{tmp_path}/parts/{part}.parquet" for part in ("train", "validation", "test")}
    first = harness.run(harness.load_experiment(small, [data]), quiet=True)
    split = "{kind: fixed, " + ", ".join(f"{part}: {path}" for part, path in parts.items()) + "}"
    again = harness.run(harness.load_experiment(small, [data, f"dataset.split={split}"]), quiet=True)
    assert again.results["fingerprints"]["split"] == first.results["fingerprints"]["split"]
    assert again.results["metrics"] == first.results["metrics"]
