"""Write the notes of a comparison: the family, its tests, and warnings of too few differences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from harness.artifacts import ComparisonProtocol, PairedDifference
from harness.statistics.automatic_test import FEWEST_NONZERO, WARN_BELOW_NONZERO
from harness.statistics.item_clusters import FEWEST_ITEMS
from harness.statistics.verdict import EXPLORATORY

_MOST_LABELS = 8

CHECKPOINT_NOTE = (
    "Each test asks whether these checkpoints differ over users like these; "
    "a claim about the algorithms needs several training seeds."
)


def comparison_notes(
    differences: Sequence[PairedDifference],
    primary: str,
    settings: ComparisonProtocol,
    *,
    n_runs: int,
    n_best: int,
) -> Iterator[str]:
    """Yield what must be said with the differences: the family, its tests, and warnings.

    Parameters
    ----------
    differences
        All differences of the comparison.
    primary
        Label of the metric that decides.
    settings
        How differences were tested.
    n_runs, n_best
        Number of runs, and of those in the set of the best.
    """
    decided = [row for row in differences if row.metric == primary and row.test is not None]
    if decided:
        yield from _family_notes(primary, len(decided), settings, of_mean=not {"wilcoxon", "sign"} & {settings.test})
    else:
        yield f"{primary} is a value over all lists, so that its differences are not tested and nothing is decided."
    if decided and any(row.verdict == EXPLORATORY for row in differences):
        yield f"{primary} decides; all other metrics are exploratory and get no verdict."
    if few := [row for row in decided if row.n_nonzero is not None and row.n_nonzero < FEWEST_NONZERO]:
        yield (
            f"warning: fewer than {FEWEST_NONZERO} users differ in {len(few)} of {len(decided)} comparisons in "
            f"{primary}, which is too few for a verdict of a difference."
        )
    elif sparse := [row for row in decided if row.n_nonzero is not None and row.n_nonzero < WARN_BELOW_NONZERO]:
        yield (
            f"warning: fewer than {WARN_BELOW_NONZERO} users differ in {len(sparse)} of {len(decided)} comparisons in "
            f"{primary}; tests of so few skewed differences reject true null hypotheses too often."
        )
    yield from _item_notes(differences, primary)
    if n_runs > 2 and n_best:
        yield (
            f"The set of the best (a star, or bold) holds {n_best} of {n_runs} runs: no run is shown to beat them in "
            f"{primary}, in a family of all pairs of runs at {settings.confidence:.0%}."
        )
    if any(row.test is None for row in differences):
        yield "Coverage and diversity are properties of all lists together; their differences are shown without a test."
    yield CHECKPOINT_NOTE


def slice_notes(names: Sequence[str]) -> Iterator[str]:
    """Yield what must be said with differences in groups of the slices with these names."""
    if names:
        yield (
            f"Differences in the groups of {', '.join(names)} are exploratory. Whether groups differ is decided by the "
            "difference of their differences, in a family of all pairs of groups."
        )


def _item_notes(differences: Sequence[PairedDifference], primary: str) -> Iterator[str]:
    tested = [row for row in differences if row.test is not None]
    items = next((row.n_items for row in tested if row.n_items is not None), None)
    if items is None:
        yield "The runs do not say what each item contributes, so that nothing is known for other items."
    elif items < FEWEST_ITEMS:
        yield (
            f"warning: standard errors that are clustered by item need {FEWEST_ITEMS} distinct relevant items, and the "
            f"runs have {items}, so that nothing is known for other items."
        )
    elif without := list(dict.fromkeys(row.metric for row in tested if math.isnan(row.se_users_items))):
        # The primary metric first, whose row lacks a verdict for other items.
        shown = sorted(without, key=lambda label: label != primary)[:_MOST_LABELS]
        more = " and others" if len(without) > len(shown) else ""
        yield (
            "For other items nothing is known in metrics that are not sums over relevant items: "
            f"{', '.join(shown)}{more}."
        )


def _family_notes(primary: str, size: int, settings: ComparisonProtocol, *, of_mean: bool) -> Iterator[str]:
    what = "pair" if settings.pairs == "all" else "candidate"
    family = f"The family is {primary} x {size} {what}{'s' if size != 1 else ''}."
    words = {
        "maxt": "p-values and simultaneous intervals are by single-step maxT from the same sign flips.",
        "holm": "p-values are corrected by Holm's method, simultaneous intervals by Bonferroni's.",
        "bonferroni": "p-values and simultaneous intervals are corrected by Bonferroni's method.",
        "bh": "p-values are corrected by Benjamini and Hochberg's method, simultaneous intervals by Bonferroni's.",
        "none": "p-values and intervals are not corrected for the number of comparisons.",
    }
    if settings.test.startswith("tukey_hsd"):
        yield (
            f"{family} Its adjusted p-values and simultaneous intervals are by the randomised Tukey HSD, whose null "
            "hypothesis is that all runs are alike: one weak run hides differences between good ones."
        )
        return
    if settings.correction == "maxt" and settings.test.partition("(")[0] in ("wilcoxon", "sign", "bootstrap"):
        words["maxt"] = "p-values are corrected by Holm's method."
    source = "The verdicts come from the simultaneous intervals."
    if settings.unit == "users_items":
        source = (
            "These are over users. The verdicts come from the intervals over users and items, whose critical value is "
            "that of the largest of the correlated t statistics."
        )
    yield f"{family} Its {words[settings.correction]} {source}"
    if not of_mean:
        yield (
            f"The p-values of {settings.test} test another null hypothesis than equal means; intervals and verdicts "
            "are of the means."
        )
