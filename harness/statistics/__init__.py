"""Paired comparisons between runs."""

from harness.statistics.comparing import CHECKPOINT_NOTE, compare
from harness.statistics.paired import PairedResult, PairedT, PairedTest

__all__ = ["CHECKPOINT_NOTE", "PairedResult", "PairedT", "PairedTest", "compare"]
