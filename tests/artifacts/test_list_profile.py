"""The profile of lists: by hand, beside scipy, and from a run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import harness
from harness.pipeline.run_folder.run_files import read_run
from harness.pipeline.stages.list_composition import gini, lorenz

COUNTS = npst.arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 50)).filter(lambda counts: counts.any())


@given(COUNTS)
def test_the_gini_coefficient_is_the_mean_difference_of_all_pairs(counts):
    pairs = np.abs(counts[:, None] - counts[None, :]).mean()
    assert gini(counts) == pytest.approx(pairs / (2 * counts.mean()), abs=1e-12)


@given(COUNTS)
def test_the_curve_rises_from_0_to_1_below_the_diagonal(counts):
    curve = lorenz(counts)
    assert (curve[0], curve[-1]) == (0, 1)
    assert (np.diff(curve) >= 0).all()
    assert (curve <= np.linspace(0, 1, 101) + 1e-6).all()


def test_a_case_worked_by_hand(small):
    """Each user is shown the same few popular items, so that a tenth of the catalogue has all recommendations."""
    path = small.with_name("popularity.yaml")
    path.write_text(small.read_text().replace("kind: ease", "kind: popularity").replace("params: {l2: 10.0}", ""))
    overrides = ["evaluation.cutoffs=[2]", "evaluation.primary=ndcg@2", "candidates.exclude=none"]
    result = harness.run(harness.load_experiment(path, overrides), quiet=True)
    found = result.record.profile
    assert found.k == 2
    assert found.tenths_lists[0] == pytest.approx(1.0)
    n_items = result.record.dataset.filtered["items"]
    assert found.gini_lists == pytest.approx(1 - 2 / n_items)  # two of n items share all equally
    assert sum(found.tenths_histories) == pytest.approx(1.0)
    assert read_run(result.folder).record.profile == found
