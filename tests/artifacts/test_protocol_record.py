"""The parts of a resolved experiment that other stages read."""

import pytest
from pydantic import ValidationError

from harness.artifacts import to_json
from harness.artifacts.protocol_record import CandidateRecord, ExperimentRecord

RESOLVED = {
    "name": "x",
    "statistics": {"confidence": 0.9, "test": "auto", "correction": "maxt", "margin": None, "seed": 2, "pairs": "all"},
    "evaluation": {"primary": "ndcg@10", "cutoffs": [10]},
    "runner": {"limit_users": None, "k": 20},
    "model": {"kind": "ease", "params": {"l2": 3.0}},
}


def test_a_resolved_experiment_has_typed_parts_and_is_written_as_it_was():
    record = ExperimentRecord.of(RESOLVED)
    assert (record.statistics.confidence, record.evaluation.primary) == (0.9, "ndcg@10")
    assert (record.model.kind, record.model.params, record.runner.limit_users) == ("ease", {"l2": 3.0}, None)
    assert to_json(record) == RESOLVED


def test_tracking_is_on_where_an_earlier_version_wrote_no_key():
    tracking = ExperimentRecord.of(RESOLVED | {"tracking": {"experiment": "ml-100k", "enabled": False}}).tracking
    assert (tracking.experiment, tracking.enabled, tracking.per_user) == ("ml-100k", False, True)
    assert ExperimentRecord.of(RESOLVED).tracking.enabled


def test_a_test_may_have_options():
    options = {"kind": "permutation", "flips": 20_000}
    record = ExperimentRecord.of(RESOLVED | {"statistics": RESOLVED["statistics"] | {"test": options}})
    assert record.statistics.test == options


@pytest.mark.parametrize("confidence", [0, 1, "high"])
def test_a_confidence_that_is_none_is_refused(confidence):
    with pytest.raises(ValidationError, match=r"statistics\.confidence"):
        ExperimentRecord.of(RESOLVED | {"statistics": RESOLVED["statistics"] | {"confidence": confidence}})


def test_candidates_without_lists_have_no_keys_for_them():
    assert list(to_json(CandidateRecord(items="all", exclude="seen", count=3))) == [
        "items",
        "exclude",
        "count",
    ]
