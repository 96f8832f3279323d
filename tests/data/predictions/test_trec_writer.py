"""Files of TREC: every id can be written, and is read back by pytrec_eval and by the project's own reader."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data import write_trec
from harness.data.predictions.prediction_files import read_predictions

ODD = ("", "a b", "a\tb", "a\nb", "a\rb", "a\x0bb", "a\x1cb", "a\x85b", "a\xa0b", "a\u2028b", "a\u3000b", 'a"b', '"')
ODD += ("#a", "\ufeffa", "a\x00b", "a\x7f", "harness-miss-1", " a", "a ")
PLAIN = ("a", "7", "user-1", "item-2", "ünï", "日本", "=1+1", "a'b", "a,b", "a#b", "-", "x" * 300)


def exported(users, items, folder, *, tag="run"):
    """Write one list a user, with every item in it in order; the first item is relevant."""
    n = len(items)
    predictions = pa.table(
        {
            "user": pa.array([user for user in users for _ in items]),
            "item": pa.array(list(items) * len(users)),
            "rank": pa.array(list(range(1, n + 1)) * len(users), pa.int32()),
        }
    )
    relevant = pa.table({"user": pa.array(users), "item": pa.array([items[0]] * len(users))})
    return write_trec(predictions, relevant, folder, tag=tag)


def check(files, users, items):
    mapping = {}
    if files.ids is not None:
        for row in pd.read_parquet(files.ids).to_dict("records"):
            mapping[row["kind"], row["written"]] = row["id"]

    def own(kind, written):
        return mapping.get((kind, written), written)

    with files.run.open(newline="\n") as run, files.qrels.open(newline="\n") as qrels:
        lists, judged = pytrec_eval.parse_run(run), pytrec_eval.parse_qrel(qrels)
    read = {
        own("user", user): [own("item", item) for item in sorted(scores, key=scores.get, reverse=True)]
        for user, scores in lists.items()
    }
    assert read == {user: list(items) for user in users}
    assert {own("user", user): [own("item", item) for item in rows] for user, rows in judged.items()} == {
        user: [items[0]] for user in users
    }
    table = read_predictions(files.run)
    assert [own("user", user) for user in table.users.to_pylist()] == [user for user in users for _ in items]
    assert [own("item", item) for item in table.items.to_pylist()] == list(items) * len(users)
    if lists:
        values = pytrec_eval.RelevanceEvaluator(judged, {"recip_rank"}).evaluate(lists).values()
        assert {value["recip_rank"] for value in values} == {1.0}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_id_of_an_item_or_a_user_is_numbered(odd, tmp_path):
    files = exported(["u"], [odd, "a"], tmp_path / "items")
    check(files, ["u"], [odd, "a"])
    assert pd.read_parquet(files.ids).values.tolist() == [
        ["item", f"item-{place}", text] for place, text in enumerate(sorted([odd, "a"]), start=1)
    ]
    files = exported([odd, "a"], ["i"], tmp_path / "users")
    check(files, [odd, "a"], ["i"])
    assert set(pd.read_parquet(files.ids)["kind"]) == {"user"}


def test_plain_ids_are_written_as_they_are(tmp_path):
    files = exported(PLAIN, PLAIN[::-1], tmp_path)
    assert files.ids is None
    check(files, PLAIN, PLAIN[::-1])
    assert files.run.read_text(encoding="utf-8").splitlines()[0] == f"a Q0 {'x' * 300} 1 12 run"
    assert files.qrels.read_text(encoding="utf-8").splitlines()[0] == f"a 0 {'x' * 300} 1"


def test_integers_are_written_as_numbers(tmp_path):
    files = exported([1, 2**62], [-7, 9], tmp_path)
    assert files.ids is None
    assert files.run.read_text().split()[:6] == ["1", "Q0", "-7", "1", "2", "run"]
    assert files.run.read_text().splitlines()[-1] == "4611686018427387904 Q0 9 2 1 run"


def test_an_item_that_is_held_out_twice_is_judged_once(tmp_path):
    predictions = pa.table({"user": ["a"], "item": ["x"], "rank": pa.array([1], pa.int32())})
    relevant = pa.table({"user": ["b", "a", "b", "a"], "item": ["y", "x", "y", "z"]})
    files = write_trec(predictions, relevant, tmp_path, tag="run")
    assert files.qrels.read_text().splitlines() == ["b 0 y 1", "a 0 x 1", "a 0 z 1"]


def test_an_item_that_is_relevant_alone_is_numbered_too(tmp_path):
    predictions = pa.table({"user": ["u"], "item": ["a"], "rank": pa.array([1], pa.int32())})
    files = write_trec(predictions, pa.table({"user": ["u"], "item": ["b c"]}), tmp_path, tag="run")
    assert pd.read_parquet(files.ids).values.tolist() == [["item", "item-1", "a"], ["item", "item-2", "b c"]]
    assert files.qrels.read_text() == "u 0 item-2 1\n"


def test_a_later_export_of_plain_ids_leaves_no_mapping(tmp_path):
    assert exported(["u"], ["a b"], tmp_path).ids.is_file()
    assert exported(["u"], ["a"], tmp_path).ids is None
    assert {path.name for path in tmp_path.iterdir()} == {"run.trec", "qrels.trec"}


def test_nothing_recommended_is_an_empty_run(tmp_path):
    predictions = pa.table(
        {"user": pa.array([], pa.string()), "item": pa.array([], pa.string()), "rank": pa.array([], pa.int32())}
    )
    files = write_trec(predictions, pa.table({"user": ["u v"], "item": ["a"]}), tmp_path, tag="run")
    assert (files.run.read_text(), files.qrels.read_text()) == ("", "user-1 0 a 1\n")


@pytest.mark.parametrize("tag", ["", " ", "a b", 'a"b', "a\u2028b", "a\nb"])
def test_a_tag_is_one_word(tag, tmp_path):
    (line,) = exported(["u"], ["i"], tmp_path, tag=tag).run.read_text(encoding="utf-8").split("\n")[:-1]
    assert len(line.split()) == 6
    assert '"' not in line


ids = st.one_of(st.text(st.characters(codec="utf-8"), max_size=6), st.sampled_from(ODD), st.sampled_from(PLAIN))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(ids, min_size=1, max_size=4, unique=True),
    st.lists(ids, min_size=1, max_size=8, unique=True),
)
def test_any_ids_are_read_back(tmp_path_factory, users, items):
    check(exported(users, items, tmp_path_factory.mktemp("trec")), users, items)
