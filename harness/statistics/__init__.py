"""Tests of significance, and comparisons between runs."""

from harness.statistics.correction import Correction
from harness.statistics.paired_comparison import CHECKPOINT_NOTE, Margin, compare
from harness.statistics.paired_t import PairedT
from harness.statistics.paired_test import PairedResult, PairedTest

__all__ = ["CHECKPOINT_NOTE", "Correction", "Margin", "PairedResult", "PairedT", "PairedTest", "compare"]
