"""Tests of significance, and comparisons between runs."""

from harness.statistics.comparison_arguments import Margin, Pairs, TestChoice, Unit
from harness.statistics.comparison_notes import CHECKPOINT_NOTE
from harness.statistics.correction import Correction
from harness.statistics.paired_comparison import compare
from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_t import PairedT
from harness.statistics.paired_test import PairedResult, PairedTest
from harness.statistics.permutation import Permutation
from harness.statistics.variant_verdicts import judged_variants, plain_verdicts, rank_agreements, robust_claims

__all__ = [
    "CHECKPOINT_NOTE",
    "Correction",
    "Margin",
    "PairedResult",
    "PairedSample",
    "PairedT",
    "PairedTest",
    "Pairs",
    "Permutation",
    "TestChoice",
    "Unit",
    "compare",
    "judged_variants",
    "plain_verdicts",
    "rank_agreements",
    "robust_claims",
]
