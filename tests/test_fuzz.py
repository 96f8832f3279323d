"""A sample of the inputs of `make fuzz`: each is read, or refused with one message."""

import pytest
from fuzz.campaign import attempts
from fuzz.kinds import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_of_odd_inputs_is_read_or_refused(kind):
    outcome = attempts(kind, seed=1, first=0, count=60)
    assert not outcome.failures, "\n\n".join(outcome.failures)
    # A campaign of which nothing is accepted, or nothing refused, tries only one side.
    assert outcome.accepted > 0
    assert outcome.refused > 0
