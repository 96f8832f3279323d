"""Contrasts of groups: a case worked by hand, Welch's error, shared users, calibration, and groups that do not fit."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paired_samples import table_of

from harness.artifacts import GroupValues, UserSlice
from harness.errors import HarnessError
from harness.statistics import compare, group_contrasts
from harness.statistics.group_contrasts import FEWEST_USERS, GroupDifferences
from harness.statistics.group_contrasts import group_contrasts as contrasts_of

LABEL = "ndcg@10"


def group(name, users, differences, of="age"):
    values = np.asarray(differences, dtype=np.float64)
    return GroupDifferences(of, name, np.asarray(users), values, np.zeros(len(values)))


def contrasts(*groups, confidence=0.95):
    return contrasts_of({("new", "base"): groups}, label=LABEL, confidence=confidence)


def test_a_case_worked_by_hand():
    # 40 users with differences 0 and 0.2, mean 0.1, and 40 with 0: the error is that of the first mean, sd / sqrt(40).
    (found,) = contrasts(group("old", range(40), [0.0, 0.2] * 20), group("young", range(40, 80), [0.0] * 40))
    error = 0.1 * math.sqrt(40 / 39) / math.sqrt(40)
    assert found.difference == pytest.approx(0.1)
    assert (found.ci_high - found.ci_low) / 2 == pytest.approx(2.022691 * error, rel=1e-6)  # t of 39 degrees
    assert (found.n_users, found.n_users_other) == (40, 40)
    # 20 users have a difference, fewer than the 30 that a verdict needs.
    assert found.verdict == "undecided"
    assert found.statement.startswith(
        "not shown to differ between groups (+0.100 for age old, +0.000 for young: +0.100 ["
    )


def test_a_difference_in_both_directions():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(0.1, 0.1, 100), rng.normal(-0.1, 0.1, 100)
    (found,) = contrasts(group("old", range(100), ours), group("young", range(100, 200), theirs))
    assert found.verdict == "differs"
    assert found.statement.startswith("differs between groups (+0.1")
    assert found.p_adjusted < 1e-6
    (mirrored,) = contrasts(group("young", range(100), theirs), group("old", range(100, 200), ours))
    assert mirrored.difference == -found.difference
    assert (mirrored.ci_low, mirrored.ci_high) == pytest.approx((-found.ci_high, -found.ci_low))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 30))
def test_errors_are_of_independent_or_shared_users(seed, shared):
    """A user's value in both groups counts with the covariance: pair by pair, in plain Python."""
    rng = np.random.default_rng(seed)
    one, other = np.arange(40), np.arange(40 - shared, 90 - shared)
    ours, theirs = rng.normal(size=40), rng.normal(size=50)
    (found,) = contrasts(group("a", one, ours), group("b", other, theirs))
    variance = 0.0
    for user in range(90):
        part = 0.0
        if user < 40:
            part += (ours[user] - ours.mean()) / math.sqrt(40 * 39)
        if 40 - shared <= user < 90 - shared:
            part -= (theirs[user - 40 + shared] - theirs.mean()) / math.sqrt(50 * 49)
        variance += part**2
    assert (found.ci_high - found.ci_low) / 2 == pytest.approx(2.022691 * math.sqrt(variance), rel=1e-6)


def test_blocks_of_users_give_the_same(monkeypatch):
    rng = np.random.default_rng(1)
    groups = [group(str(place), np.arange(40) + 30 * place, rng.normal(size=40)) for place in range(4)]
    whole = contrasts(*groups)
    monkeypatch.setattr(group_contrasts, "_BLOCK", 7)
    for ours, theirs in zip(contrasts(*groups), whole, strict=True):
        assert (ours.ci_low, ours.ci_high) == pytest.approx((theirs.ci_low, theirs.ci_high), rel=1e-9)


def test_small_groups_and_other_slices_are_not_compared():
    rng = np.random.default_rng(2)
    few = group("few", range(FEWEST_USERS - 1), rng.normal(size=FEWEST_USERS - 1))
    many = group("many", range(50, 100), rng.normal(size=50))
    other = group("head", range(50), rng.normal(size=50), of="popularity")
    assert contrasts(few, many, other) == ()
    assert len(contrasts(many, group("more", range(50), rng.normal(size=50)), other)) == 1


def test_groups_without_any_difference():
    (found,) = contrasts(group("a", range(40), [0.0] * 40), group("b", range(40, 80), [0.0] * 40))
    assert (found.difference, found.verdict) == (0.0, "undecided")
    assert math.isnan(found.p_adjusted)


@pytest.mark.parametrize(
    ("repeats", "least", "most"), [(300, 0.015, 0.09), pytest.param(600, 0.025, 0.08, marks=pytest.mark.slow)]
)
def test_the_family_wise_error_is_at_its_level(repeats, least, most):
    """4 groups without a true contrast, 6 contrasts: the binomial error of .05 is .0126 in 300 draws."""
    rng = np.random.default_rng(3)
    wrong, alone = 0, 0
    for _ in range(repeats):
        groups = [group(str(place), np.arange(60) + 60 * place, rng.normal(0.3, 1, 60)) for place in range(4)]
        found = contrasts(*groups)
        wrong += any(row.verdict == "differs" for row in found)
        alone += any(abs(row.difference) / ((row.ci_high - row.ci_low) / 2) > 2.0 / 2.66 for row in found)
    assert least <= wrong / repeats <= most
    assert alone / repeats > 0.15  # intervals of single contrasts, about 2 errors wide instead of 2.66


def sliced_tables(n=200, effect=0.0, seed=0):
    rng = np.random.default_rng(seed)
    base = rng.random(n) * 0.5
    new = base + rng.normal(0, 0.05, n)
    new[: n // 2] += effect
    old, young = np.arange(n // 2), np.arange(n // 2, n)
    tables = {}
    for name, values in {"base": base, "new": new}.items():
        table = table_of({LABEL: values})
        groups = {group: GroupValues(who, {LABEL: values[who]}) for group, who in (("old", old), ("young", young))}
        tables[name] = dataclasses.replace(table, slices=(UserSlice("age", "users", groups),))
    return tables


class TestInComparisons:
    def test_groups_have_rows_and_contrasts(self):
        found = compare(sliced_tables(effect=0.1))
        rows = found.pairs[found.pairs["slice"] == "age"].set_index("slice_value")
        assert list(rows.index) == ["old", "young"]
        assert set(rows["verdict"]) == {"exploratory"}
        assert rows.loc["old", "difference"] == pytest.approx(0.1, abs=0.02)
        assert rows.loc["old", "candidate_value"] - rows.loc["old", "baseline_value"] == pytest.approx(
            rows.loc["old", "difference"]
        )
        assert rows["n_users"].tolist() == [100, 100]
        (contrast,) = found.contrasts
        assert (contrast.verdict, contrast.group, contrast.other) == ("differs", "old", "young")
        assert contrast.difference == pytest.approx(rows.loc["old", "difference"] - rows.loc["young", "difference"])
        assert len(found.overall) == 1
        assert len(found.in_groups) == 2
        assert any("exploratory. Whether groups differ" in note for note in found.notes)

    def test_the_family_of_all_users_is_not_changed(self):
        tables = sliced_tables(effect=0.1)
        plain = {name: dataclasses.replace(table, slices=()) for name, table in tables.items()}
        assert compare(tables).overall == compare(plain).overall

    def test_the_order_of_users_changes_nothing(self):
        tables = sliced_tables(effect=0.1)
        order = np.random.default_rng(5).permutation(200)
        place = np.argsort(order)
        new = tables["new"]
        groups = {
            name: GroupValues(place[found.users][::-1], {LABEL: found.values[LABEL][::-1]})
            for name, found in new.slices[0].groups.items()
        }
        shuffled = dataclasses.replace(
            new,
            users=new.users[order],
            user_values={LABEL: new.user_values[LABEL][order]},
            slices=(UserSlice("age", "users", groups),),
        )
        expected, found = compare(tables).contrasts, compare(tables | {"new": shuffled}).contrasts
        assert found == expected

    def test_only_slices_that_all_runs_have_are_compared(self):
        tables = sliced_tables()
        tables["new"] = dataclasses.replace(tables["new"], slices=())
        found = compare(tables)
        assert found.contrasts == found.in_groups == ()

    def test_other_users_in_a_group_are_refused(self):
        tables = sliced_tables()
        groups = dict(tables["new"].slices[0].groups)
        groups["old"] = GroupValues(groups["old"].users + 1, groups["old"].values)
        tables["new"] = dataclasses.replace(tables["new"], slices=(UserSlice("age", "users", groups),))
        with pytest.raises(HarnessError, match="the slice age has other groups in 'new' than in 'base'"):
            compare(tables)

    def test_a_slice_without_the_primary_metric_has_no_rows(self):
        tables = {
            name: dataclasses.replace(
                table,
                slices=(
                    UserSlice("age", "users", {g: GroupValues(v.users, {}) for g, v in table.slices[0].groups.items()}),
                ),
            )
            for name, table in sliced_tables().items()
        }
        assert compare(tables).in_groups == ()
