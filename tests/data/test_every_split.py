"""What holds of every split: an oracle, a case by hand, and properties; a split that lacks one fails here."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oracles import parts as oracles
from oracles.splitting import Row
from oracles.tables import ROWS, interactions_from, rows_of

from harness import registry
from harness.artifacts import PARTS, Split
from harness.data import FixedSplit, KFold, LeaveLastOut, RandomSplit, UserHoldout, UserTime, write_parts
from harness.data.splits import GlobalTime
from harness.errors import DataError

KINDS = sorted(registry.BUILT_IN["splits"])
TIMELESS = ("k_fold", "random", "user_holdout")

# Options of each split that together take every branch.
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "leave_last_out": [{}, {"n": 2}, {"n": 3, "validation": False, "ties": "item_ascending"}, {"ties": "stable"}],
    "user_time": [
        {},
        {"test": 0.3, "validation": 0.3, "ties": "item_descending"},
        {"test": 0.5, "ties": "stable"},
        {"seed": 2, "validation": 0.1},
    ],
    "global_time": [
        {"test": 0.3, "validation": 0.3},
        {"test_from": 3, "ties": "item_ascending"},
        {"test_from": 2.5, "validation_from": 1, "ties": "stable"},
    ],
    "random": [{}, {"test": 0.5, "validation": 0.2, "seed": 3}, {"test": 0.3, "ties": "stable"}],
    "k_fold": [
        *({"folds": 3, "fold": fold, "seed": 1} for fold in range(3)),
        {"folds": 3, "fold": 2, "validation": True, "ties": "item_descending"},
        {"fold": 4, "ties": "stable"},
    ],
    "user_holdout": [
        {"test": 0.3},
        {"test": 0.2, "validation": 0.4, "fold_in": 2, "ties": "stable"},
        {"test": 0.4, "fold_in": 0.5, "seed": 5, "ties": "item_ascending"},
    ],
    "fixed": [{}, {"ties": "stable"}, {"ties": "item_descending"}],
}
CASES = [(kind, options) for kind in KINDS for options in OPTIONS.get(kind, [])]
PROPERTY = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def test_every_split_has_a_case_by_hand_an_oracle_and_options_for_the_properties() -> None:
    for kind in KINDS:
        assert callable(getattr(oracles, kind, None)), f"split {kind} has no oracle in oracles/parts.py"
        assert f"test_{kind}_by_hand" in globals(), f"split {kind} has no case worked by hand"
        assert OPTIONS.get(kind), f"split {kind} has no options here, so that no property is tested"


def parts_of(split: Split) -> dict[str, list[Row]]:
    return {part: rows_of(split.part(part)) for part in PARTS}


def without_empty(parts: Mapping[str, list[Row]]) -> dict[str, list[Row]]:
    return {part: rows for part, rows in parts.items() if rows}


def files_of(rows: list[Row]) -> dict[str, list[Row]]:
    """Return rows dealt to train, validation and test, one in five to none."""
    names = ("train", "validation", "test", "train")
    return {part: [row for n, row in enumerate(rows) if n % 5 < 4 and names[n % 5] == part] for part in names}


def expected(kind: str, options: Mapping[str, Any], rows: list[Row]) -> dict[str, list[Row]] | None:
    """Return what the oracle says, None where the split must refuse."""
    extra: dict[str, Any] = {"timed": True} if kind in TIMELESS else {}
    extra |= {"files": files_of(rows)} if kind == "fixed" else {}
    try:
        parts: dict[str, list[Row]] = getattr(oracles, kind)(rows, **options, **extra)
    except (ValueError, IndexError):
        return None
    needed = {"test"} if kind in ("leave_last_out", "random", "user_time") else {"train", "test"}
    if kind != "leave_last_out" and (options.get("validation") or "validation_from" in options or kind == "fixed"):
        needed.add("validation")
    return parts if all(parts[part] for part in needed) else None


def component(kind: str, options: Mapping[str, Any], rows: list[Row], folder: Path) -> Any:
    if kind != "fixed":
        return registry.load("splits", kind)(**options)
    paths = {}
    for part, chosen in files_of(rows).items():
        paths[part] = str(folder / f"{part}.csv")
        lines = [f"{row.user},{row.item},{row.time},{row.rating}" for row in chosen]
        Path(paths[part]).write_text("\n".join(["user,item,timestamp,rating", *lines]) + "\n")
    return FixedSplit(**paths, **options)


@pytest.mark.parametrize(("kind", "options"), CASES)
@PROPERTY
@given(rows=ROWS)
def test_a_split_equals_its_oracle(kind: str, options: dict[str, Any], tmp_path: Path, rows: list[Row]) -> None:
    told = expected(kind, options, rows)
    chosen = component(kind, options, rows, tmp_path)
    if told is None:
        with pytest.raises(DataError):
            chosen.split(interactions_from(rows))
        return
    split = chosen.split(interactions_from(rows))
    assert without_empty(parts_of(split)) == without_empty(told)


@pytest.mark.parametrize(("kind", "options"), CASES)
@PROPERTY
@given(rows=ROWS, rng=st.randoms(use_true_random=False))
def test_parts_share_nothing_hold_all_and_follow_no_row_number(
    kind: str, options: dict[str, Any], tmp_path: Path, rows: list[Row], rng: random.Random
) -> None:
    assume(expected(kind, options, rows) is not None)
    chosen = component(kind, options, rows, tmp_path)
    split = chosen.split(interactions_from(rows))
    outside = rows_of(split.interactions.rows(split.labels < 0))
    assert sorted([*outside, *(row for part in parts_of(split).values() for row in part)]) == sorted(rows)
    assert split.facts.get("outside", {"interactions": 0})["interactions"] == len(outside)
    assert kind == "fixed" or not outside
    if options.get("ties") != "stable":
        shuffled = rng.sample(rows, len(rows))
        again = chosen.split(interactions_from(shuffled))
        assert again.digest == split.digest
        assert again.facts == split.facts


@pytest.mark.parametrize(("kind", "options"), [case for case in CASES if case[0].split("_")[-1] in ("time", "out")])
@PROPERTY
@given(rows=ROWS)
def test_nothing_is_held_out_before_what_is_known(
    kind: str, options: dict[str, Any], tmp_path: Path, rows: list[Row]
) -> None:
    assume(expected(kind, options, rows) is not None)
    parts = parts_of(component(kind, options, rows, tmp_path).split(interactions_from(rows)))
    before, after = parts["train"] + parts["validation"], parts["test"]
    for row in after:
        assert all(other.time <= row.time for other in before if other.user == row.user)
        if kind == "global_time":
            assert all(other.time < row.time for other in before)


@pytest.mark.parametrize("kind", TIMELESS)
@PROPERTY
@given(rows=ROWS)
def test_without_timestamps_an_order_by_ids_stands_in(kind: str, rows: list[Row]) -> None:
    options = OPTIONS[kind][0]
    try:
        told = getattr(oracles, kind)(rows, **options, timed=False)
    except ValueError:
        told = {"test": [], "train": []}
    chosen = registry.load("splits", kind)(**options)
    timeless = replace(interactions_from(rows), timestamps=None, values=None)
    if not told["test"] or not (told["train"] or kind == "random"):
        with pytest.raises(DataError):
            chosen.split(timeless)
        return
    split = chosen.split(timeless)
    for part, expected_rows in told.items():
        found = split.part(part).frame()
        assert list(zip(found["user"], found["item"], strict=True)) == [(row.user, row.item) for row in expected_rows]
    assert split.facts["tied_users"] is None


TABLE = [Row(1, 10, 1, 1), Row(1, 11, 2, 1), Row(1, 12, 3, 1), Row(1, 13, 4, 1), Row(1, 14, 5, 1), Row(2, 10, 1, 1)]


def items(split: Split, part: Any) -> list[int]:
    return [row.item for row in rows_of(split.part(part))]


def test_leave_last_out_by_hand() -> None:
    split = LeaveLastOut(n=2).split(interactions_from(TABLE))
    assert [items(split, part) for part in PARTS] == [[10, 10], [11, 12], [13, 14], []]
    assert split.facts["users_too_short_to_test"] == split.facts["users_too_short_to_validate"] == 1


def test_user_time_by_hand() -> None:
    # 0.3 of 5 is 1.5, rounded up to 2; 0.5 of 5 is 2.5, rounded up to 3; one of one stays in train.
    split = UserTime(test=0.3, validation=0.2).split(interactions_from(TABLE))
    assert [items(split, part) for part in PARTS] == [[10, 11, 10], [12], [13, 14], []]
    assert split.facts["users_without_test"] == 1


def test_global_time_by_hand() -> None:
    split = GlobalTime(test_from="1970-01-01T00:00:04", validation_from=2.5).split(interactions_from(TABLE))
    assert [items(split, part) for part in PARTS] == [[10, 11, 10], [12], [13, 14], []]
    assert split.facts["moments"] == {"test": 4, "validation": 2.5}


def test_random_by_hand() -> None:
    # Plays of one item have one hash, so that their order in time is left to decide.
    rows = [Row(1, 10, time, 1) for time in (4, 1, 3, 2)] + [Row(2, 10, 1, 1)]
    split = RandomSplit(test=0.25, validation=0.25).split(interactions_from(rows))
    told = {part: [row.time for row in chosen] for part, chosen in parts_of(split).items()}
    assert told == {"train": [1, 2, 1], "validation": [3], "test": [4], "fold_in": []}


def test_k_fold_by_hand() -> None:
    # As above they are dealt in the order of time, but the first fold is the user's own.
    rows = [Row(1, 10, time, 1) for time in range(6)]
    folds = [KFold(folds=3, fold=fold, validation=True).split(interactions_from(rows)) for fold in range(3)]
    tested = [[row.time for row in rows_of(split.part("test"))] for split in folds]
    assert sorted(tested) == [[0, 3], [1, 4], [2, 5]]
    assert [[row.time for row in rows_of(split.part("validation"))] for split in folds] == [*tested[1:], tested[0]]


def test_user_holdout_by_hand() -> None:
    # Only user 1 has more than three.
    split = UserHoldout(test=0.5, fold_in=3).split(interactions_from(TABLE))
    assert [items(split, part) for part in PARTS] == [[10], [], [13, 14], [10, 11, 12]]
    assert split.facts["users_too_short_to_hold_out"] == 1
    assert split.facts["fold_in"]["interactions"] == 3
    # Item 10 alone is in train; 13 and 14 are in nobody's history.
    assert split.facts["test_unseen_in_history"] == {"interactions": 2, "items": 2}


def test_fixed_by_hand(tmp_path: Path) -> None:
    for part, lines in {"train": "1,10\n1,11\n2,10\n", "test": "1,14\n"}.items():
        (tmp_path / f"{part}.csv").write_text(f"user,item\n{lines}")
    split = FixedSplit(train=str(tmp_path / "train.csv"), test=str(tmp_path / "test.csv")).split(
        interactions_from(TABLE)
    )
    assert [items(split, part) for part in PARTS] == [[10, 11, 10], [], [14], []]
    assert split.facts["outside"] == {"interactions": 2, "share": 2 / 6}


@PROPERTY
@given(rows=ROWS, seed=st.integers(0, 3))
def test_every_interaction_is_in_test_in_exactly_one_fold(rows: list[Row], seed: int) -> None:
    tested: list[Row] = []
    for fold in range(3):
        try:
            split = KFold(folds=3, fold=fold, seed=seed).split(interactions_from(rows))
        except DataError as error:
            assert "leaves no interaction in" in str(error)  # noqa: PT017
            assume("in train" not in str(error))
            continue
        tested += rows_of(split.part("test"))
    assert sorted(tested) == sorted(rows)


@PROPERTY
@given(rows=ROWS)
def test_held_out_users_are_not_in_train(rows: list[Row]) -> None:
    options = {"test": 0.3, "validation": 0.3}
    assume(expected("user_holdout", options, rows) is not None)
    split = UserHoldout(**options).split(interactions_from(rows))
    users = {part: set(split.part(part).users) for part in PARTS}
    assert not users["train"] & (users["test"] | users["validation"] | users["fold_in"])
    assert not users["test"] & users["validation"]
    assert users["fold_in"] == users["test"] | users["validation"]


@pytest.mark.parametrize("kind", ["leave_last_out", "user_holdout", "user_time"])
@PROPERTY
@given(rows=ROWS)
def test_ties_that_decide_are_refused(kind: str, tmp_path: Path, rows: list[Row]) -> None:
    options = {"test": 0.4} if kind != "leave_last_out" else {}
    told = expected(kind, options, rows)
    assume(told is not None)
    assert told is not None
    labelled = [(part, row) for part, chosen in told.items() for row in chosen]
    decided = {
        row.user
        for part, row in labelled
        for other_part, other in labelled
        if (other.user, other.time) == (row.user, row.time) and other.item != row.item and other_part != part
    }
    chosen = registry.load("splits", kind)(**options, ties="error")
    if decided:
        with pytest.raises(DataError, match=rf"for {len(decided)} of .* only the tie rule decides\. Use ties: shuffle"):
            chosen.split(interactions_from(rows))
    else:
        assert (
            chosen.split(interactions_from(rows)).digest
            == replace(chosen, ties="shuffle").split(interactions_from(rows)).digest
        )


@PROPERTY
@given(rows=ROWS, case=st.sampled_from([case for case in CASES if case[0] != "fixed"]))
def test_written_parts_read_back_are_the_same_split(tmp_path: Path, rows: list[Row], case: Any) -> None:
    kind, options = case
    assume(expected(kind, options, rows) is not None)
    interactions = interactions_from(rows)
    split = component(kind, options, rows, tmp_path).split(interactions)
    assume(len(split.part("train")) > 0)
    paths = {path.stem: str(path) for path in write_parts(split, tmp_path / "parts")}
    drawn = options.get("ties", "shuffle") == "shuffle"
    order = {key: options[key] for key in (("seed",) if drawn else ("ties",)) if key in options}
    again = FixedSplit(**paths, **order).split(interactions)
    if len(set(rows)) == len(rows):
        assert parts_of(again) == parts_of(split)
        assert again.digest == split.digest
    else:
        # Rows that are the same in everything stand for one another, and may have changed places.
        for part, found in parts_of(again).items():
            assert sorted(found) == sorted(parts_of(split)[part])
