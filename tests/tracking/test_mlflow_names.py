"""Names that MLflow takes, whatever a label or a key holds."""

from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.utils.validation import _validate_metric_name, _validate_param_name

from harness.tracking import curve_name, metric_name
from harness.tracking.mlflow_names import safe_name


def test_names_of_the_contract():
    assert metric_name("accuracy", "ndcg@10") == "accuracy/ndcg_at_10"
    assert metric_name("accuracy", "ndcg[gain=exp2]@10") == "accuracy/ndcg_gain-exp2_at_10"
    assert curve_name("accuracy", "ndcg@10") == "accuracy/ndcg_at_k"
    assert curve_name("accuracy", "ndcg[gain=exp2]@10") == "accuracy/ndcg_gain-exp2_at_k"
    assert curve_name("coverage", "user_coverage") is None


def test_long_names_stay_apart():
    one, other = safe_name("a" * 300 + "1"), safe_name("a" * 300 + "2")
    assert one != other
    assert len(one) == len(other) == 250


@given(st.text(max_size=400))
@settings(max_examples=60, deadline=None)
def test_every_text_becomes_a_name_that_mlflow_takes(text):
    _validate_param_name(safe_name(text))
    _validate_metric_name(metric_name("accuracy", text))
