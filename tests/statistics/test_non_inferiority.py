"""The gate: by hand, in every state, and its chances by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from paired_samples import sample_of, table_of
from scipy import stats

from harness.errors import HarnessError
from harness.statistics.non_inferiority import chance_to_pass, gate_metrics, gate_status, users_to_pass

M = "ndcg@10"


def gated(candidate, baseline, margin=0.01, **options):
    (found,) = gate_metrics(table_of({M: candidate}), table_of({M: baseline}), {M: margin}, **options)
    return found


def runs(shift, users=2_000, spread=0.1, seed=0):
    rng = np.random.default_rng(seed)
    base = rng.random(users) / 2
    noise = rng.normal(0, 1, users)
    noise = (noise - noise.mean()) / noise.std(ddof=1) * spread  # so that the difference is exactly the shift
    return base + noise + shift, base


def test_the_bound_is_one_sided_by_hand():
    # 2,000 users, standard deviation 0.1: standard error 0.0022361; the 95% point of t with 1,999 degrees is 1.645616.
    found = gated(*runs(0.0))
    assert found.bound == pytest.approx(stats.t.ppf(0.95, 1_999) * 0.1 / math.sqrt(2_000), rel=1e-6)
    assert (found.status, found.n_users, found.n_nonzero, found.level) == ("pass", 2_000, 2_000, 0.05)


@pytest.mark.parametrize(
    ("shift", "margin", "status"),
    [
        (0.0, 0.01, "pass"),
        (0.0, 0.003, "cannot_tell"),
        (-0.005, 0.01, "pass"),  # a loss is shown, but below the margin
        (-0.005, 0.005, "regression"),
        (-0.003, 0.005, "cannot_tell"),
        (0.01, 0.001, "pass"),
        (0.2, 0.01, "suspicious"),
    ],
)
def test_each_state(shift, margin, status):
    assert gated(*runs(shift), margin=margin).status == status


def test_lower_is_better_turns_the_sign():
    ours, theirs = runs(0.02)
    tables = [table_of({M: values}, higher_is_better=False) for values in (ours, theirs)]
    (found,) = gate_metrics(*tables, {M: 0.01})
    assert found.status == "regression"
    (found,) = gate_metrics(*tables[::-1], {M: 0.01})
    assert found.status == "pass"
    assert found.bound < 0


def test_equal_runs_pass_and_have_no_chances():
    _, theirs = runs(0.0)
    found = gated(theirs, theirs)
    assert (found.status, found.n_nonzero, found.users_needed) == ("pass", 0, None)
    assert math.isnan(found.chance_if_equal)


def test_a_few_users_never_regress():
    base = np.full(400, 0.5)
    ours = base.copy()
    ours[:5] = 0.0
    assert gated(ours, base, margin=0.001).status == "cannot_tell"
    assert gated(ours, base, margin=0.05).status == "pass"  # at most 2.6% of users can lose at most 1


def test_the_first_state_of_the_precedence_is_that_of_the_gate():
    columns = {"a@1": runs(0.0), "b@1": runs(-0.02), "c@1": runs(0.2)}
    ours, theirs = (table_of({label: pair[side] for label, pair in columns.items()}) for side in (0, 1))

    def status(*labels):
        return gate_status(gate_metrics(ours, theirs, dict.fromkeys(labels, 0.01)))

    assert status("a@1") == "pass"
    assert status("a@1", "b@1", "c@1") == "regression"
    assert status("a@1", "c@1") == "suspicious"


@pytest.mark.parametrize(
    ("margins", "message"),
    [
        ({}, "the gate has no metric"),
        ({"ndgc@10": 0.1}, "the candidate has no metric 'ndgc@10'. Did you mean 'ndcg@10'"),
        ({M: 0.0}, "a margin is positive"),
        ({M: -0.1}, "a margin is positive"),
        ({M: math.nan}, "a margin is positive"),
        ({"coverage@10": 0.1}, "a value over all lists"),
    ],
)
def test_wrong_margins(margins, message):
    tables = [table_of({M: [0.0, 1.0]}, coverage=0.5) for _ in range(2)]
    with pytest.raises(HarnessError, match=message):
        gate_metrics(*tables, margins)


def test_chances_and_users_by_simulation():
    rng = np.random.default_rng(1)
    users, margin = 200, 0.02
    sample = sample_of(rng.normal(0, 0.1, users), np.zeros(users))
    spread = sample.differences.std(ddof=1)
    draws = rng.normal(0, spread, (4_000, users))
    bound = draws.mean(axis=1) - stats.t.ppf(0.95, users - 1) * draws.std(axis=1, ddof=1) / math.sqrt(users)
    assert chance_to_pass(sample, margin, 0.05) == pytest.approx((bound > -margin).mean(), abs=0.03)
    needed = users_to_pass(sample, margin, 0.05)
    draws = rng.normal(0, spread, (4_000, needed))
    bound = draws.mean(axis=1) - stats.t.ppf(0.95, needed - 1) * draws.std(axis=1, ddof=1) / math.sqrt(needed)
    assert (bound > -margin).mean() == pytest.approx(0.8, abs=0.03)


def test_a_candidate_at_the_margin_passes_at_the_level():
    rng = np.random.default_rng(3)
    passed = 0
    for _ in range(600):
        base = rng.random(300) / 2
        passed += gated(base + rng.normal(-0.01, 0.05, 300), base, margin=0.01).status == "pass"
    assert passed / 600 == pytest.approx(0.05, abs=0.03)
