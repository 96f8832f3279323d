"""``harness init``: experiments for tables, which validate and run as they are."""

from __future__ import annotations

import json
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.cli.options import TableFormatName
from harness.data.readers.column_guess import ColumnGuess
from harness.data.readers.interaction_files import read_table
from harness.data.splits.split_proposal import propose_split
from harness.errors import HarnessError
from harness.experiment import load_experiment
from harness.pipeline import StarterOptions, init
from harness.pipeline.commands.starter_text import starter_text
from harness.storage.table_formats import TableFormat


def plays(text_ids=True):
    rng = np.random.default_rng(0)
    users, items = rng.integers(0, 40, 600), rng.integers(0, 50, 600)
    return pd.DataFrame(
        {
            "reviewerID": [f"u{user}" for user in users] if text_ids else users,
            "asin": items,
            "unixReviewTime": 1_600_000_000 + rng.permutation(600) * 1000,
            "overall": rng.integers(1, 6, 600),
        }
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(frame, name):
    if name.endswith(".parquet"):
        frame.to_parquet(name)
    else:
        frame.to_csv(name, index=False, sep="\t" if ".tsv" in name else ";" if ".txt" in name else ",")


@pytest.mark.parametrize("name", ["my plays.csv", "plays.tsv.gz", "plays.parquet", "plays.txt"])
@pytest.mark.parametrize("text_ids", [True, False])
def test_what_is_written_validates_and_runs(cli, folder, name, text_ids):
    write(plays(text_ids), name)
    flags = ["--delimiter", ";"] if name.endswith(".txt") else []
    code, out, err = cli("init", name, "--out", "e.yaml", *flags)
    assert (code, err) == (0, "")
    assert "user       'reviewerID': its name has the word 'reviewer'" in out
    assert "split      leave_last_out: " in out
    code, out, err = cli("validate", "e.yaml")
    assert code == 0, err
    code, out, err = cli("eval", "e.yaml", "--no-track", "--format", "json")
    assert code == 0, err
    (run,) = json.loads(out)
    assert run["name"] == ("my-plays/popularity" if name.startswith("my") else "plays/popularity")
    assert {row["label"] for row in run["metrics"]} >= {"ndcg@10", "coverage@20"}


def test_without_timestamps_the_split_is_random(cli, folder):
    write(plays()[["reviewerID", "asin"]], "plays.csv")
    assert cli("init", "plays.csv")[0] == 0
    text = (folder / "plays.yaml").read_text()
    assert "There are no timestamps." in text
    experiment = load_experiment("plays.yaml")
    assert (experiment.dataset.split.kind, experiment.dataset.columns.timestamp) == ("random", None)
    assert cli("eval", "plays.yaml", "--no-track")[0] == 0


def test_many_ties_lead_to_a_split_by_time(cli, folder):
    frame = plays()
    frame["unixReviewTime"] = frame["unixReviewTime"] // 30_000 * 30_000
    write(frame.rename(columns={"unixReviewTime": "date"}), "plays.csv")
    assert "split      global_time: " in cli("init", "plays.csv")[1]
    assert cli("eval", "plays.yaml", "--no-track")[0] == 0


def test_no_file_is_replaced_without_force(cli, folder):
    write(plays(), "plays.csv")
    (folder / "plays.yaml").write_text("mine")
    code, out, err = cli("init", "plays.csv")
    assert (code, out) == (2, "")
    assert "plays.yaml exists. Name another file with --out, or replace it with --force." in err
    assert (folder / "plays.yaml").read_text() == "mine"
    assert cli("init", "plays.csv", "--force")[0] == 0
    assert (folder / "plays.yaml").read_text() != "mine"


def test_ambiguous_columns_are_asked_for(cli, folder):
    write(plays().assign(buyer="x").rename(columns={"reviewerID": "client"}), "plays.csv")
    code, out, err = cli("init", "plays.csv")
    assert (code, out) == (2, "")
    assert "Choose one: --user client or --user buyer." in err
    assert not (folder / "plays.yaml").exists()
    code, out, _ = cli("init", "plays.csv", "--user", "client")
    assert code == 0
    assert "user       'client': --user names it" in out


def test_a_column_whose_values_do_not_fit_is_left_out(folder):
    write(plays().assign(unixReviewTime="soon", overall="good"), "plays.csv")
    found = init(folder / "plays.csv", folder / "e.yaml")
    columns = {guess.meaning: guess.column for guess in found.guesses}
    assert (columns["timestamp"], columns["rating"]) == (None, None)
    assert "'unixReviewTime' looks like it by its name, but: " in found.guesses[2].reason
    # What the user names is not second-guessed.
    with pytest.raises(HarnessError, match="'soon' is not a timestamp"):
        init(folder / "plays.csv", folder / "f.yaml", StarterOptions({"timestamp": "unixReviewTime"}))


def test_ratings_and_repeats_are_pointed_out(folder):
    write(plays(), "plays.csv")
    init(folder / "plays.csv", folder / "e.yaml")
    text = " ".join((folder / "e.yaml").read_text().replace("#", "").split())
    assert "Each rating from 1 to 5 counts as an interaction." in text
    assert "of 600 rows repeat a user and an item." in text
    write(plays().drop_duplicates(["reviewerID", "asin"]).drop(columns="overall"), "plays.csv")
    init(folder / "plays.csv", folder / "f.yaml")
    assert "rows repeat" not in (folder / "f.yaml").read_text()
    assert "rating from" not in (folder / "f.yaml").read_text()


@pytest.mark.parametrize("name", ["comparisons.csv", "-.csv", "\u6f22\u5b57.csv", "a: b #c.csv", "..x.csv"])
def test_odd_names_of_tables(cli, folder, name):
    write(plays(), name)
    code, _, err = cli("init", f"./{name}", "--out", "e.yaml")
    assert code == 0, err
    assert load_experiment("e.yaml").dataset.path in (name, f"./{name}")
    assert cli("validate", "e.yaml")[0] == 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: None, "plays.csv"),
        (lambda: write(plays().iloc[:0], "plays.csv"), "has a header and no rows"),
        (lambda: write(plays().drop_duplicates("reviewerID"), "plays.csv"), "no user has two interactions"),
        (lambda: write(plays().rename(columns={"asin": "x"}), "plays.csv"), "--item"),
    ],
)
def test_tables_that_cannot_be_used(cli, folder, make, words):
    make()
    code, out, err = cli("init", "plays.csv")
    assert (code, out) == (2, "")
    assert words in err
    assert not (folder / "plays.yaml").exists()


def test_a_name_that_no_file_can_hold_is_refused(cli, folder):
    write(plays().rename(columns={"asin": "item\x08"}), "plays.parquet")
    code, out, err = cli("init", "plays.parquet")
    assert (code, out) == (2, "")
    assert "control character" in err
    assert not (folder / "plays.yaml").exists()


text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=text, user=text, item=text, reason=text)
def test_no_text_of_a_table_changes_the_file(tmp_path_factory, path, user, item, reason):
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "t.csv").write_text("user,item\na,1\na,2\nb,1\nb,3\n")
    rows = read_table(folder / "t.csv")
    if user == item:
        item = f"{item}2"
    guesses = [ColumnGuess("user", user, reason), ColumnGuess("item", item, f"{reason}\nname: other")]
    written = starter_text("a/b", {"path": path, "delimiter": None}, guesses, rows, propose_split(rows))
    (folder / "e.yaml").write_text(written, encoding="utf-8", newline="")
    loaded = load_experiment(folder / "e.yaml")
    assert (loaded.name, loaded.dataset.path) == ("a/b", path)
    assert (loaded.dataset.columns.user, loaded.dataset.columns.item) == (user, item)


def test_the_flag_has_the_formats_of_tables():
    assert get_args(TableFormatName) == get_args(TableFormat)
