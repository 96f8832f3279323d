"""Tests of significance, and comparisons between runs."""

from harness.statistics.comparison_arguments import Margin, Pairs, SeedMethod, TestChoice, Unit
from harness.statistics.comparison_notes import CHECKPOINT_NOTE
from harness.statistics.correction import Correction
from harness.statistics.paired_comparison import compare
from harness.statistics.paired_sample import PairedSample
from harness.statistics.paired_t import PairedT
from harness.statistics.paired_test import PairedResult, PairedTest
from harness.statistics.permutation import Permutation
from harness.statistics.seed_comparison import compare_seeds, refuse_other_test
from harness.statistics.seed_notes import SeededRun
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
    "SeedMethod",
    "SeededRun",
    "TestChoice",
    "Unit",
    "compare",
    "compare_seeds",
    "judged_variants",
    "plain_verdicts",
    "rank_agreements",
    "refuse_other_test",
    "robust_claims",
]
