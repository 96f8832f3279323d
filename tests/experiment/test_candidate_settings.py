from typing import Any

from harness.experiment import CandidateSettings, load_experiment
from harness.experiment.candidate_settings import SamplingSettings


def test_defaults_rank_all_unseen_items(write: Any) -> None:
    assert load_experiment(write()).candidates == CandidateSettings("all", "seen", None, None, None)


def test_sampled_negatives(write: Any) -> None:
    more = "candidates: {sampled: {negatives: 99, by: popularity}}\n"
    assert load_experiment(write(more=more)).candidates.sampled == SamplingSettings(99, "popularity", 0)


def test_lists_and_sampled_negatives_exclude_each_other(write: Any, message: Any) -> None:
    found = message(write(more="candidates:\n  lists: a.csv\n  sampled: {negatives: 9}\n"))
    assert found == "ease.yaml:12: candidates has both 'lists' and 'sampled'. Remove one of them."
