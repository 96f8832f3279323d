from typing import Any

import pytest

from harness.errors import ExperimentError
from harness.experiment import check_overrides, recorded_settings

RECORD: dict[str, Any] = {
    "name": "shop/ease",
    "statistics": {"confidence": 0.9, "margin": 0.01},
    "evaluation": {"primary": "ndcg@10", "cutoffs": [10]},
    "report": {"directory": "reports/of/another/machine"},
}


def test_settings_are_those_of_the_record() -> None:
    settings = recorded_settings(RECORD, [], folder="reports/shop/ease")
    assert (settings.statistics.confidence, settings.statistics.margin) == (0.9, 0.01)
    assert (settings.primary, settings.directory) == ("ndcg@10", None)


def test_overrides_change_the_recorded_settings() -> None:
    overrides = ["statistics.margin=0.02", "evaluation.primary=recall@5", "report.directory=out"]
    settings = recorded_settings(RECORD, overrides, folder="reports/shop/ease")
    assert (settings.statistics.confidence, settings.statistics.margin) == (0.9, 0.02)
    assert (settings.primary, settings.directory) == ("recall@5", "out")


def test_an_invalid_record_names_the_folder() -> None:
    with pytest.raises(ExperimentError, match=r"^reports/shop/ease: statistics\.confidence is 2; less than 1"):
        recorded_settings({**RECORD, "statistics": {"confidence": 2}}, [], folder="reports/shop/ease")


@pytest.mark.parametrize("override", ["statistics.margin=0.1", "report.directory=out", "evaluation.primary=recall@5"])
def test_overrides_of_the_comparison_are_allowed(override: str) -> None:
    check_overrides([override], finished="reports/a", alone=True)


def test_overrides_of_the_execution_need_a_run_that_is_not_finished() -> None:
    check_overrides(["runner.device=cpu"], finished="reports/a", alone=False)
    with pytest.raises(ExperimentError, match=r"runner\.device is a key of runs, and reports/a is a finished run"):
        check_overrides(["runner.device=cpu"], finished="reports/a", alone=True)


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(ExperimentError, match=r"unknown key 'margn' in statistics\. Did you mean 'margin'\?"):
        check_overrides(["statistics.margn=0.1"], finished="reports/a", alone=True)
