"""Every split has an oracle, a case worked by hand, and options for the properties."""

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
from oracles.tables import interactions_from, parts_of, rows_of
from strategies import INTERACTION_ROWS

from harness import registry
from harness.artifacts import PARTS
from harness.data import FixedSplit, UserHoldout, write_parts
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
        module = registry.BUILT_IN["splits"][kind].partition(":")[0].rpartition(".")[2]
        tests = (Path(__file__).parent / f"test_{module}.py").read_text()
        assert f"def test_{kind}_by_hand(" in tests, f"split {kind} has no case worked by hand"
        assert OPTIONS.get(kind), f"split {kind} has no options here, so that no property is tested"


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
@given(rows=INTERACTION_ROWS)
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
@given(rows=INTERACTION_ROWS, rng=st.randoms(use_true_random=False))
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
@given(rows=INTERACTION_ROWS)
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
@given(rows=INTERACTION_ROWS)
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


@PROPERTY
@given(rows=INTERACTION_ROWS)
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
@given(rows=INTERACTION_ROWS)
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
@given(rows=INTERACTION_ROWS, case=st.sampled_from([case for case in CASES if case[0] != "fixed"]))
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
