"""Models with several training seeds, and what must be said with their comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.artifacts import ComparisonProtocol, MetricTable, PairedDifference
from harness.statistics.seed_components import FEWEST_SEEDS
from harness.statistics.verdict import EXPLORATORY

UNIT = "users_seeds"


@dataclass(frozen=True, eq=False)
class SeededRun:
    """The tables of a model, one per seed that gave lists of its own.

    Parameters
    ----------
    tables
        One or more.
    deterministic
        Whether the model does not depend on a seed.
    """

    tables: tuple[MetricTable, ...]
    deterministic: bool = False


def twin_notes(given: Mapping[str, SeededRun], kept: Mapping[str, SeededRun]) -> Iterator[str]:
    """Yield a warning for each model of which seeds have equal values, and were left out."""
    for name, run in given.items():
        twins = len(run.tables) - len(kept[name].tables)
        if twins:
            words = f"{twins} of {len(run.tables)} seeds of {name}"
            yield f"warning: {words} have the same values as another, and do not count twice."


def seed_notes(
    rows: Sequence[PairedDifference], primary: str, settings: ComparisonProtocol, runs: Mapping[str, SeededRun]
) -> Iterator[str]:
    """Yield what must be said with differences over seeds: the family, shares of the variance, and too few seeds."""
    decided = [row for row in rows if row.metric == primary and row.test is not None]
    what = "pair" if settings.pairs == "all" else "candidate"
    yield (
        f"The family is {primary} x {len(decided)} {what}{'s' if len(decided) != 1 else ''}. Values are means over the "
        f"seeds of a model. Where both models have {FEWEST_SEEDS} seeds or are deterministic, intervals are over users "
        f"and seeds ({settings.test})."
    )
    for row in decided:
        if row.unit == UNIT and row.se_users_seeds > 0:
            share = 1 - (row.se_users / row.se_users_seeds) ** 2
            yield (
                f"{row.candidate} and {row.baseline}: users cause {1 - share:.0%} of the variance of the difference, "
                f"and seeds {share:.0%}."
            )
    few = [name for name, run in runs.items() if not run.deterministic and len(run.tables) < FEWEST_SEEDS]
    if few:
        yield (
            f"{', '.join(few)}: fewer than {FEWEST_SEEDS} seeds, so that nothing is claimed about the algorithm; "
            "intervals are over users, for these checkpoints."
        )
    if any(row.verdict == EXPLORATORY for row in rows):
        yield f"{primary} decides; all other metrics are exploratory and get no verdict."
