"""Candidates: drawn once whatever the model, the order of rows or the other users; lists and allow-lists of files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.artifacts import History, Truth, Vocabulary
from harness.data import AskedUsers, allow_list, lists_from, sampled_negatives
from harness.errors import DataError


def made(n_users=40, n_items=60, seed=0, relevant=2, had=5):
    rng = np.random.default_rng(seed)
    history = History(
        np.arange(0, n_users * had + 1, had), rng.integers(0, n_items, n_users * had).astype(np.int32), n_items
    )
    truth = Truth(
        np.arange(0, n_users * relevant + 1, relevant), rng.integers(0, n_items, n_users * relevant).astype(np.int32)
    )
    ids = Vocabulary.of([f"u{user:03d}" for user in range(n_users)])
    return AskedUsers(np.arange(n_users), truth, history, ids, Vocabulary.of(np.arange(n_items)))


def rows(found):
    lists = found.lists
    return [set(lists.items[start:stop].tolist()) for start, stop in zip(lists.indptr, lists.indptr[1:], strict=False)]


@settings(max_examples=60, deadline=None)
@given(
    n_items=st.integers(8, 60),
    negatives=st.integers(1, 70),
    by=st.sampled_from(["uniform", "popularity"]),
    seed=st.integers(0, 5),
    bound=st.booleans(),
)
def test_relevant_items_and_as_many_others_as_there_are(n_items, negatives, by, seed, bound):
    users = made(n_items=n_items, seed=seed)
    popularity = np.bincount(users.history.items, minlength=n_items)
    allowed = np.arange(n_items) % 3 != 0 if bound else None
    found = sampled_negatives(users, negatives=negatives, by=by, seed=seed, allowed=allowed, popularity=popularity)
    fewer = 0
    for user, candidates in enumerate(rows(found)):
        relevant = set(users.truth.items[2 * user : 2 * user + 2].tolist())
        had = set(users.history.items[5 * user : 5 * user + 5].tolist())
        eligible = (
            {
                item
                for item in range(n_items)
                if (allowed is None or allowed[item]) and (by == "uniform" or popularity[item] > 0)
            }
            - relevant
            - had
        )
        assert relevant <= candidates
        assert candidates - relevant <= eligible
        assert len(candidates - relevant) == min(negatives, len(eligible))
        fewer += len(eligible) < negatives
    assert found.facts["users_with_fewer"] == fewer
    assert found.findings[0].severity == "warning"
    assert "Krichene and Rendle" in found.findings[0].sentence


def test_a_draw_is_the_users_own():
    users = made(n_users=50)
    whole = sampled_negatives(users, negatives=20, by="uniform", seed=1)
    some = np.array([3, 17, 40])
    indptr = np.arange(0, 7, 2)
    items = np.concatenate([users.truth.items[2 * user : 2 * user + 2] for user in some])
    alone = AskedUsers(some, Truth(indptr, items), users.history, users.user_ids, users.item_ids)
    part = sampled_negatives(alone, negatives=20, by="uniform", seed=1)
    assert rows(part) == [rows(whole)[user] for user in some]
    assert whole.lists.digest == sampled_negatives(users, negatives=20, by="uniform", seed=1).lists.digest
    assert whole.lists.digest != sampled_negatives(users, negatives=20, by="uniform", seed=2).lists.digest


def test_draws_are_uniform_or_by_popularity():
    # 4,000 users without history draw 1 of 10 items: each item's share within five standard deviations.
    n, m = 4_000, 10
    history = History(np.zeros(n + 1, dtype=np.int64), np.empty(0, dtype=np.int32), m)
    truth = Truth(np.arange(n + 1), np.zeros(n, dtype=np.int32))
    users = AskedUsers(np.arange(n), truth, history, Vocabulary.of(np.arange(n)), Vocabulary.of(np.arange(m)))
    popularity = np.arange(m)
    for by, weights in (("uniform", np.r_[0, np.ones(9)]), ("popularity", popularity)):
        found = sampled_negatives(users, negatives=1, by=by, seed=0, popularity=popularity)
        counts = np.bincount(found.lists.items, minlength=m)
        counts[0] -= n  # the relevant item of all
        chances = weights / weights.sum()
        spread = np.sqrt(n * chances * (1 - chances))
        assert (np.abs(counts - n * chances) <= 5 * spread).all()


def test_nothing_to_draw():
    users = made()
    with pytest.raises(DataError, match="no item can be drawn by popularity"):
        sampled_negatives(users, negatives=5, by="popularity", seed=0, popularity=np.zeros(60, dtype=np.int64))


def test_lists_of_a_file(tmp_path):
    users = made(n_users=3, n_items=6, relevant=1, had=1)
    truth = Truth(np.arange(4), np.array([1, 2, 3], dtype=np.int32))
    users = AskedUsers(users.indices, truth, users.history, users.user_ids, users.item_ids)
    table = pd.DataFrame(
        [("u000", 1), ("u000", 5), ("u000", 5), ("u001", 4), ("u009", 1), ("u001", 99)], columns=["user", "item"]
    )
    for suffix in ("parquet", "csv"):
        path = tmp_path / f"lists.{suffix}"
        if suffix == "parquet":
            table.to_parquet(path)
        else:
            table.to_csv(path, index=False)
        found = lists_from(path, users)
        assert rows(found) == [{1, 5}, {4}, set()]
        counts = {finding.name: finding.count for finding in found.findings}
        assert counts == {
            "candidates_without_users": 1,
            "relevant_items_no_candidates": 2,
            "unknown_candidates": 1,
            "candidates_of_unknown_users": 1,
        }
    (tmp_path / "nobody.csv").write_text("user,item\nx,1\n")
    with pytest.raises(DataError, match="no candidate is for a user that is asked for"):
        lists_from(tmp_path / "nobody.csv", users)
    (tmp_path / "other.csv").write_text("uid,item\nx,1\n")
    with pytest.raises(DataError, match="there is no column 'user'"):
        lists_from(tmp_path / "other.csv", users)


def test_an_allow_list(tmp_path):
    path = tmp_path / "items.txt"
    path.write_text("3\n\n5\r\n3\nx\n")
    found = allow_list(path, Vocabulary.of([3, 4, 5]))
    assert found.items.tolist() == [True, False, True]
    assert (found.findings[0].count, found.findings[0].of) == (1, 3)
    path.write_text("tea \n")
    assert allow_list(path, Vocabulary.of(["coffee", "tea "])).items.tolist() == [False, True]
    path.write_text("a\n")
    with pytest.raises(DataError, match="none of its 1 distinct ids is an item"):
        allow_list(path, Vocabulary.of([3, 4, 5]))
    with pytest.raises(DataError, match="cannot be read"):
        allow_list(tmp_path / "none.txt", Vocabulary.of([3]))
