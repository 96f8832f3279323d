"""Paired comparisons between runs."""

from harness.statistics.comparing import CHECKPOINT_NOTE, Correction, Margin, compare
from harness.statistics.paired import PairedResult, PairedT, PairedTest

__all__ = ["CHECKPOINT_NOTE", "Correction", "Margin", "PairedResult", "PairedT", "PairedTest", "compare"]
