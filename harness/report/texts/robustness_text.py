"""Say how far the verdicts of a comparison hold under other choices."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.artifacts import RankAgreement, RobustClaim, Robustness
from harness.report.texts.number_text import clean

_MOST_FLIPS = 12  # named in the terminal; the files hold all


def claim_text(claim: RobustClaim, primary: str) -> str:
    """Return in how many variants a verdict holds.

    Examples
    --------
    >>> claim_text(RobustClaim("ease", "popularity", "higher", 245, 252, 0), "ndcg@10")
    'ease against popularity: higher in ndcg@10 holds in 245 of 252 variants'
    """
    words = f"{claim.candidate} against {claim.baseline}: {claim.verdict} in {primary} holds in "
    words += f"{claim.n_holds} of {claim.n_variants} variants"
    return f"{words}; {claim.opposite} have the opposite verdict" if claim.opposite else words


def agreement_text(agreements: Sequence[RankAgreement], primary: str) -> str:
    """Return which metrics order the runs as the primary metric does, and which do not, the least similar first.

    Examples
    --------
    >>> agreement_text([RankAgreement("recall@10", 1.0), RankAgreement("coverage@10", -1 / 3)], "ndcg@10")
    "Order of the runs: 1 of 2 other metrics have that of ndcg@10. Kendall's tau of the others: coverage@10 -0.33."
    """
    others = sorted((one for one in agreements if one.tau < 1), key=lambda one: one.tau)
    undefined = sum(math.isnan(one.tau) for one in agreements)
    same = len(agreements) - len(others) - undefined
    words = f"Order of the runs: {same} of {len(agreements)} other metrics have that of {primary}."
    if others:
        words += f" Kendall's tau of the others: {', '.join(f'{one.metric} {one.tau:.2f}' for one in others)}."
    return words


def robustness_text(robustness: Robustness, primary: str) -> list[str]:
    """Return the lines for a terminal: claims, the variants in which they do not hold, and the order of the runs."""
    shown = clean(robustness)
    lines = [claim_text(claim, primary) for claim in shown.claims]
    flips = shown.flips
    lines += [f"  {one.candidate} is {one.verdict} with {one}" for one in flips[:_MOST_FLIPS]]
    if len(flips) > _MOST_FLIPS:
        lines.append(f"  and {len(flips) - _MOST_FLIPS} more, all in robustness.csv")
    if shown.agreements:
        lines.append(agreement_text(shown.agreements, primary))
    return [*lines, *shown.notes]
