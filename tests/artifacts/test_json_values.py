"""Frozen values as JSON has them."""

import dataclasses
import json
import math

from hypothesis import given, settings
from strategies import run_records

from harness.artifacts import CandidateRecord, DatasetRecord, DatasetSummary, DataWarning, TieRange, to_json


def test_a_dataclass_is_a_dictionary_of_its_fields():
    assert to_json(TieRange(0.0, math.nan, 1.0)) == {"worst": 0.0, "expected": None, "best": 1.0}
    assert to_json({1: (DataWarning("a", 1, "b"),)}) == {"1": [{"name": "a", "count": 1, "sentence": "b"}]}


def test_optional_keys_are_left_out_and_maps_are_merged():
    assert to_json(CandidateRecord("all", "seen", 3)) == {"items": "all", "exclude": "seen", "count": 3}
    assert to_json(CandidateRecord("all", "seen", 3, sha256="c"))["sha256"] == "c"
    summary = to_json(DatasetSummary(DatasetRecord("shop"), ()))
    names = [field.name for field in dataclasses.fields(DatasetRecord)]
    assert list(summary) == [*names, "audits"]


@given(run_records())
@settings(max_examples=20, deadline=None)
def test_any_record_is_json(record):
    assert json.loads(json.dumps(to_json(record), allow_nan=False)) == to_json(record)


def test_numbers_that_json_lacks_are_none():
    assert to_json([math.nan, math.inf, -math.inf, 0.0]) == [None, None, None, 0.0]
