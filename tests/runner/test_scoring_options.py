"""How lists are made: the size of a batch and the memory that it may take."""

import pytest

from harness.errors import HarnessError
from harness.runner import Options, resolved_batch_size


def test_batches_shrink_with_the_catalogue():
    sizes = [resolved_batch_size(Options(), n_items) for n_items in (0, 10, 10**4, 10**6, 10**8, 2 * 10**9)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 1
    assert sizes[0] <= 1024


def test_processes_share_what_is_free(monkeypatch):
    monkeypatch.setattr("harness.runner.scoring_options.available_memory", lambda: 8_000_000)
    assert Options().budget == 4_000_000
    assert Options(processes=4).budget == 1_000_000
    assert Options(processes=4, memory=3).budget == 3
    with pytest.raises(HarnessError, match="half of what is free, shared by 4 processes, is 1 MB"):
        Options(processes=4).check(2_000_000, "this", enough=2_000_000)


@pytest.mark.parametrize("size", [0, -1, "many"])
def test_a_batch_has_a_user_or_more(size):
    with pytest.raises(HarnessError, match=rf"batch_size is {size}; use auto, or 1 or more"):
        Options(batch_size=size)
