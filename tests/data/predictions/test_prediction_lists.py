"""Predictions made elsewhere: every format reads alike, and every oddity is counted as plain Python counts it."""

from __future__ import annotations

import gzip
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from histories import history_of
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.artifacts import RecommendationTask, Truth, Vocabulary
from harness.data import checked_predictions, read_predictions
from harness.errors import DataError

# Users 1, 2 and 3 are asked for, 4 is not; items a … e, of which user 1 had e.
USERS, ITEMS = Vocabulary.of([1, 2, 3, 4]), Vocabulary.of(list("abcde"))


def asked(*, candidates=None, exclude_seen=True, user_ids=USERS, item_ids=ITEMS):
    history = history_of([[4], [], [], []], 5)
    users, truth = np.arange(3), Truth.from_lists([[], [], []])
    return RecommendationTask(
        users, truth, history, user_ids, item_ids, candidates=candidates, exclude_seen=exclude_seen
    )


def checked(frame, tmp_path, *, task=None, k=3, seed=0, depth=2, **options):
    path = tmp_path / "lists.parquet"
    frame.to_parquet(path)
    task = replace(asked() if task is None else task, k=k, seed=seed)
    return checked_predictions(read_predictions(path), task, depth=depth, **options)


def lists(found, item_ids=ITEMS, k=3):
    """The lists with None for an empty slot, and up to k where the longest is shorter."""
    rows = [[None if item < 0 else item_ids.ids[item] for item in row] for row in found.topk.items]
    return [row + [None] * (k - len(row)) for row in rows]


def counts(found):
    return {finding.name: finding.count for finding in found.findings if finding.count}


def frame(rows, columns=("user", "item", "score")):
    return pd.DataFrame(rows, columns=list(columns))


PLAIN = frame([(1, "a", 0.9), (1, "b", 0.8), (2, "c", 0.1), (2, "d", 0.7), (3, "e", 5.0), (3, "a", 4.0)])


def test_lists_are_by_score_and_padded(tmp_path):
    found = checked(PLAIN, tmp_path)
    assert lists(found) == [["a", "b", None], ["d", "c", None], ["e", "a", None]]
    assert found.topk.users.tolist() == [1, 2, 3]
    np.testing.assert_allclose(found.topk.scores[0], [0.9, 0.8], rtol=1e-6)
    assert found.topk.k == 2  # as long as the longest list, and as the largest cutoff
    assert checked(PLAIN, tmp_path, k=9, depth=4).topk.k == 4
    assert counts(found) == {}
    assert checked(PLAIN.sample(frac=1, random_state=0), tmp_path).topk.items.tolist() == found.topk.items.tolist()


@pytest.mark.parametrize(
    ("rows", "expected", "odd"),
    [
        ([(1, "a", 1.0), (1, "b", 0.5)], [["a", "b", None], [None] * 3, [None] * 3], {"missing_users": 2}),
        ([(1, "a", 1.0), (9, "a", 1.0), (9, "b", 1.0)], [["a", None, None], [None] * 3, [None] * 3],
         {"missing_users": 2, "unknown_users": 1, "short_lists": 1}),
        ([(1, "a", 1.0), (4, "a", 1.0)], [["a", None, None], [None] * 3, [None] * 3],
         {"missing_users": 2, "users_not_asked_for": 1, "short_lists": 1}),
        # The slot of an unknown item is a miss, and b does not move up.
        ([(1, "a", 3.0), (1, "zzz", 2.0), (1, "b", 1.0)], [["a", None, "b"], [None] * 3, [None] * 3],
         {"missing_users": 2, "unknown_items": 1}),
        ([(1, "e", 3.0), (1, "b", 1.0)], [[None, "b", None], [None] * 3, [None] * 3],
         {"missing_users": 2, "seen_items": 1}),
        ([(1, "a", 3.0), (1, "a", 2.0), (1, "b", 1.0)], [["a", "a", "b"], [None] * 3, [None] * 3],
         {"missing_users": 2, "repeated_items": 1}),
        ([(1, "a", 3.0), (1, "b", 2.0), (1, "c", -np.inf)], [["a", "b", None], [None] * 3, [None] * 3],
         {"missing_users": 2, "masked_scores": 1}),
        ([(1, "a", 3.0)], [["a", None, None], [None] * 3, [None] * 3], {"missing_users": 2, "short_lists": 1}),
    ],
)  # fmt: skip
def test_oddities_by_hand(rows, expected, odd, tmp_path):
    found = checked(frame(rows), tmp_path)
    assert lists(found) == expected
    assert counts(found) == odd
    if set(odd) - {"users_not_asked_for", "masked_scores"}:
        with pytest.raises(DataError, match="strict mode refuses these predictions"):
            checked(frame(rows), tmp_path, strict=True)


def test_what_is_not_a_candidate(tmp_path):
    candidates = np.array([True, False, True, True, True])
    found = checked(PLAIN, tmp_path, task=asked(candidates=candidates))
    assert lists(found)[0] == ["a", None, None]
    assert counts(found) == {"not_candidates": 1}
    rows = frame([(1, "e", 3.0), (1, "b", 1.0)])
    assert lists(checked(rows, tmp_path, task=asked(exclude_seen=False)))[0] == ["e", "b", None]


def test_ranks_decide_and_contradictions_are_reported(tmp_path):
    columns = ("user", "item", "rank", "score")
    rows = [(1, "b", 2, 0.9), (1, "a", 1, 0.1), (2, "c", 1, 0.5), (2, "d", 3, 0.5), (3, "a", 1, 2.0), (3, "b", 2, 1.0)]
    found = checked(frame(rows, columns), tmp_path)
    assert lists(found) == [["a", "b", None], ["c", None, "d"], ["a", "b", None]]
    assert counts(found) == {"contradicting_ranks": 1}
    with pytest.raises(DataError, match="two items of the user 1 have the rank 2"):
        checked(frame([(1, "b", 2, 0.9), (1, "a", 2, 0.1)], columns), tmp_path)


def test_lists_are_cut_at_k(tmp_path):
    rows = frame([(user, item, -place) for user in (1, 2, 3) for place, item in enumerate("abcd")])
    assert lists(checked(rows, tmp_path, k=2), k=2) == [["a", "b"]] * 3


def test_ties_are_drawn_from_the_ids(tmp_path):
    users, items = Vocabulary.of(np.arange(200)), Vocabulary.of(np.arange(50))
    history = history_of([[]] * 200, 50)
    task = RecommendationTask(np.arange(200), Truth.from_lists([[]] * 200), history, users, items)
    rows = pd.DataFrame({"user": np.repeat(np.arange(200), 10), "item": np.tile(np.arange(10), 200), "score": 1.0})
    found = checked(rows, tmp_path, task=task, k=10)
    shuffled = checked(rows.sample(frac=1, random_state=1), tmp_path, task=task, k=10)
    assert np.array_equal(found.topk.items, shuffled.topk.items)
    assert len(np.unique(found.topk.items[:, 0])) == 10  # not the same for all, and not by id
    assert not np.array_equal(found.topk.items, checked(rows, tmp_path, task=task, k=10, seed=1).topk.items)


IDS = {"integers": (USERS, ITEMS, str), "text": (Vocabulary.of(["1", "2", "3", "4"]), ITEMS, str)}


@pytest.mark.parametrize("kind", list(IDS))
@pytest.mark.parametrize("form", ["parquet", "csv", "csv.gz", "tsv", "run", "folder", "text ids", "renamed"])
def test_every_format_reads_alike(kind, form, tmp_path):
    user_ids, item_ids, _ = IDS[kind]
    columns, path = None, tmp_path / f"lists.{form}"
    if form == "parquet":
        PLAIN.to_parquet(path)
    elif form == "text ids":
        path = tmp_path / "lists.parquet"
        PLAIN.astype({"user": str}).to_parquet(path)
    elif form == "folder":
        path.mkdir()
        PLAIN[:2].to_parquet(path / "part-0.parquet")
        PLAIN[2:].to_parquet(path / "part-1.parquet")
    elif form == "run":
        # The ranks of a TREC run decide nothing: trec_eval goes by the score.
        path.write_text(
            "".join(f"{user}  Q0\t{item} 7 {score} tag\n" for user, item, score in PLAIN.itertuples(index=False))
        )
    elif form == "renamed":
        path, columns = tmp_path / "lists.csv", {"user": "uid", "item": "sku", "score": "how much"}
        PLAIN.rename(columns=dict(columns.items())).to_csv(path, index=False)
    else:
        PLAIN.to_csv(path, index=False, sep="\t" if form == "tsv" else ",")
    task = asked(user_ids=user_ids, item_ids=item_ids)
    found = checked_predictions(read_predictions(path, columns=columns), replace(task, k=3), depth=2)
    assert lists(found) == [["a", "b", None], ["d", "c", None], ["e", "a", None]]
    assert counts(found) == {}


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from([*"abcde", "x", "y"]), st.integers(0, 4)), min_size=1, max_size=25
    ),
    depth=st.integers(1, 5),
)
def test_counted_as_plain_python_counts(rows, depth, tmp_path_factory):
    own = [row for row in rows if row[0] in (1, 2, 3)]
    if not own:
        return
    found = checked(frame(rows), tmp_path_factory.mktemp("lists"), k=25, depth=depth)
    by_user = {user: [row[1] for row in own if row[0] == user] for user in (1, 2, 3)}
    expected = {
        "missing_users": sum(not listed for listed in by_user.values()),
        "unknown_users": len({row[0] for row in rows} - {1, 2, 3, 4}),
        "users_not_asked_for": len({row[0] for row in rows} & {4}),
        "unknown_items": sum(row[1] in "xy" for row in own),
        "repeated_items": sum(
            len(known) - len(set(known))
            for listed in by_user.values()
            for known in [[i for i in listed if i in "abcde"]]
        ),
        "seen_items": sum(row[:2] == (1, "e") for row in own),
        "short_lists": sum(0 < len(listed) < depth for listed in by_user.values()),
        "tied_scores": sum(sum(other[::2] == row[::2] for other in own) > 1 for row in own),
    }
    assert counts(found) == {name: count for name, count in expected.items() if count}
    for place, user in enumerate((1, 2, 3)):
        scores = sorted((row[2] for row in own if row[0] == user), reverse=True)
        assert found.topk.scores[place][: len(scores)].tolist() == scores
        named = sorted(item for item in by_user[user] if item in "abcde" and (user, item) != (1, "e"))
        assert sorted(item for item in lists(found)[place] if item is not None) == named


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("user,item\n1,a\n", "no column 'score' for the score, nor one called 'rank'. The columns are: 'user', 'item'"),
        ("usr,item,score\n1,a,1\n", "no column 'user' for the user. Did you mean 'usr'?"),
        ("user,item,score\n1,a,\n", r"column 'score', row 1: the score is missing"),
        ("user,item,score\n1,a,nan\n", r"column 'score', row 1: the score is nan"),
        ("user,item,score\n1,a,1\n1,b,inf\n", r"column 'score', row 2: the score is inf"),
        ("user,item,score\n1,a,high\n", r"column 'score', row 1: the score is high"),
        ("user,item,rank\n1,a,1.5\n", r"column 'rank', row 1: the rank is 1.5"),
        ("user,item,rank\n1,a,0\n", r"column 'rank', row 1: the rank is 0. Use whole numbers from 1, the best; add 1"),
        ("user,item,score\n,a,1\n", r"column 'user', row 1: the id is missing"),
        ("user,item,score\n1,a,1\n2,b\n", "line 3: 2 columns where the first line has 3"),
        ('user,item,score\n1,"a,1\n2,b,2\n3"",c,3\n', "line 2: a double quote opens a value"),
        ('user,score,item\n1,2,"a\n2,1,b\n', "line 2: a double quote opens a value"),
        ("user,user,item,score\n1,1,a,1\n", "two columns are called 'user'"),
        ("user,item,score\n1,a,1e300\n", r"column 'score', row 1: the score is 1e\+300, beyond the range of float32"),
        ("user,item,rank\n1,a,2147483648\n", r"column 'rank', row 1: the rank 2.14748e\+09 is too large"),
        ("user,item,rank\n1,a,1e30\n", r"column 'rank', row 1: the rank 1e\+30 is too large"),
        ("user,item,score\n7,a,1\n", "of the evaluated part. The first user of the file is '7'"),
        ("user,item,score\n", "the file has a header and no rows"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_used(content, message, tmp_path):
    path = tmp_path / "lists.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        checked_predictions(read_predictions(path), asked(), depth=2)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"user": [[1]], "item": ["a"], "score": [1.0]}, "column 'user' holds list<.*>, where an id is needed"),
        ({"user": [1], "item": [{"id": "a"}], "score": [1.0]}, "column 'item' holds struct<.*>, where an id is needed"),
        ({"user": [1], "item": ["a"], "score": [True]}, "column 'score' holds bool, where scores are needed"),
    ],
)
def test_parquet_columns_that_cannot_be_used(columns, message, tmp_path):
    pq.write_table(pa.table(columns), tmp_path / "lists.parquet")
    with pytest.raises(DataError, match=message):
        read_predictions(tmp_path / "lists.parquet")


def test_files_that_are_none(tmp_path):
    (tmp_path / "empty.run").write_text("")
    with pytest.raises(DataError, match="the file is empty"):
        read_predictions(tmp_path / "empty.run")
    with pytest.raises(DataError, match=r"no such file\. Check model\.checkpoint"):
        read_predictions(tmp_path / "none.csv")
    (tmp_path / "lists.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"does not say the format.*model\.params\.format to one of csv, .*, trec"):
        read_predictions(tmp_path / "lists.xlsx")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match=r"broken\.parquet: the file cannot be read"):
        read_predictions(tmp_path / "broken.parquet")
    packed = bytearray(gzip.compress(b"user,item,score\n" + b"1,a,0.5\n" * 1000))
    packed[20:30] = b"\xff" * 10
    (tmp_path / "broken.csv.gz").write_bytes(packed)
    with pytest.raises(DataError, match=r"broken\.csv\.gz: the file cannot be read"):
        read_predictions(tmp_path / "broken.csv.gz")
    (tmp_path / "short.run").write_text("1 Q0 a 1 0.5\n")
    with pytest.raises(DataError, match="6 fields, user Q0 item rank score tag; this file has 5"):
        read_predictions(tmp_path / "short.run")
    (tmp_path / "odd.run").write_text("1 Q0 a 1 0.5 x\n1 Q0 b 2 0.4 x y z\n")
    with pytest.raises(DataError, match="line 2"):
        read_predictions(tmp_path / "odd.run")
    pa.parquet.write_table(pa.table({"user": [1], "item": ["a"], "score": [[1.0]]}), tmp_path / "nested.parquet")
    with pytest.raises(DataError):
        read_predictions(tmp_path / "nested.parquet")
