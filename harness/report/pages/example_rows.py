"""Arrange the example users of a run for a page, with pseudonyms where ids are hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.artifacts import ExampleUser, ExampleUsers, RunRecord
from harness.report.texts.number_text import count_text

PSEUDONYM = "pseudonym"


@dataclass(frozen=True)
class ExampleRows:
    """The example users as the page shows them.

    Parameters
    ----------
    users
        The users; their ids are numbers where they are hidden.
    sentence
        Which users the page holds, and how they were chosen.
    search_hint
        What to do for a user who is not in the page.
    """

    users: tuple[ExampleUser, ...]
    sentence: str
    search_hint: str


def example_rows(examples: ExampleUsers | None, record: RunRecord, experiment_file: str) -> ExampleRows | None:
    """Return the example users of a run; None where there are none."""
    if examples is None or not examples.users:
        return None
    hidden = record.experiment.report.ids == PSEUDONYM
    users = tuple(
        replace(user, user=str(place)) if hidden else user for place, user in enumerate(examples.users, start=1)
    )
    number = count_text(len(users))
    sentence = f"This page holds {number} of {count_text(examples.n_users)} users. {examples.chosen}"
    if hidden:
        sentence += " Their ids are hidden: the numbers count the users of this page."
        hint = f"The page holds {number} users without their ids."
    else:
        sentence += f" Their ids: {_ids(users)}."
        hint = (
            f"This page holds {number} users. These commands show another one: harness eval {experiment_file} "
            f"--set 'report.examples=[ID]' (on this page), or harness explain {experiment_file} --user ID (a picture)."
        )
    return ExampleRows(users, sentence, hint)


def shows_cases(record: RunRecord) -> bool:
    """Return whether a page may show the cases of findings, which name users."""
    return record.experiment.report.ids != PSEUDONYM and record.experiment.report.examples != 0


def _ids(users: Sequence[ExampleUser]) -> str:
    return ", ".join(user.user for user in users)
