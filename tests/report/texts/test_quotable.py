"""The sentence of a comparison: what it says about the leading run."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from paired_samples import table_of

from harness.report.texts.quotable import quotable_sentence
from harness.statistics import compare

LABEL = "ndcg@10"


def compared(gains, users=400, **options):
    rng = np.random.default_rng(0)
    base = rng.random(users)
    runs = {"base": table_of({LABEL: base})}
    runs |= {name: table_of({LABEL: base + rng.normal(gain, 0.1, users)}) for name, gain in gains.items()}
    return compare(runs, baseline="base", **options)


def test_the_best_of_two():
    sentence = quotable_sentence(compared({"new": 0.1}), [])
    assert sentence.startswith("new has the highest ndcg@10 of 2 runs, 0.6")
    assert "; it is higher than base by 0." in sentence
    assert re.search(r"by 0\.\d+ \[0\.\d+, 0\.\d+\], \+\d+\.\d%\.$", sentence)


def test_runs_that_are_not_shown_to_be_worse_are_named():
    sentence = quotable_sentence(compared({"new": 0.1, "also": 0.1, "poor": -0.1}), [])
    assert ", but is not shown to beat " in sentence
    assert "(all pairs, simultaneous 95%)" in sentence
    assert ", simultaneous over 3 candidates]" in sentence


def test_one_run_that_beats_all_others():
    sentence = quotable_sentence(compared({"new": 0.2, "poor": -0.1}), [])
    assert ", and is shown to beat each of them (all pairs" in sentence


def test_a_baseline_that_leads_has_no_lead_over_itself():
    sentence = quotable_sentence(compared({"poor": -0.2}), [])
    assert sentence.startswith("base has the highest")
    assert ";" not in sentence


def test_an_undecided_lead_is_said_as_a_difference():
    found = compared({"new": 0.01})
    rows = tuple(dataclasses.replace(row, verdict="undecided") for row in found.differences)
    sentence = quotable_sentence(dataclasses.replace(found, differences=rows), [])
    assert sentence.startswith("new has the highest")
    assert "; its difference to base is 0." in sentence


@pytest.mark.parametrize(
    ("verdict", "words"),
    [("higher", ", for other items like these, too."), ("undecided", "this is not shown for other")],
)
def test_other_items(verdict, words):
    found = compared({"new": 0.1})
    rows = tuple(dataclasses.replace(row, verdict_users_items=verdict) for row in found.differences)
    assert words in quotable_sentence(dataclasses.replace(found, differences=rows), [])


def test_lower_is_better():
    found = compared({"new": -0.1})
    assert quotable_sentence(dataclasses.replace(found, higher_is_better=False), []).startswith("new has the")
