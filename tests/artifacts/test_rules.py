"""The rules for score ties and for users without predictions."""

import pytest

from harness.artifacts import DEFAULT_RULES, Rules
from harness.errors import HarnessError


def test_the_defaults_keep_the_order_of_the_lists_and_count_everyone():
    assert Rules() == DEFAULT_RULES == Rules("given", "zero")


@pytest.mark.parametrize("ties", ["given", "expected", "worst", "best", "trec_eval"])
def test_orders_over_all_candidates_need_exact_ranks(ties):
    assert Rules(ties=ties).needs_ranks == (ties in ("expected", "worst", "best"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ties": "wrost"}, r"ties is 'wrost'\. Did you mean 'worst'\?"),
        ({"without_predictions": "none"}, r"without_predictions is 'none'\."),
    ],
)
def test_an_unknown_rule_is_an_error(options, words):
    with pytest.raises(HarnessError, match=words):
        Rules(**options)
