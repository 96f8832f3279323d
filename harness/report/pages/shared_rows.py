"""Arrange the users of a comparison for a page, with pseudonyms where ids are hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.artifacts import SharedUser, SharedUsers
from harness.report.texts.number_text import count_text


@dataclass(frozen=True)
class SharedRows:
    """The users as the page shows them.

    Parameters
    ----------
    metric
        Label of the primary metric.
    users
        The users; their ids are numbers where they are hidden.
    sentence
        Which users the page holds, and how they were chosen.
    search_hint
        What to do for a user who is not in the page.
    """

    metric: str
    users: tuple[SharedUser, ...]
    sentence: str
    search_hint: str


def shared_rows(shared: SharedUsers | None, order: Sequence[str], *, hidden: bool) -> SharedRows | None:
    """Return the users of a comparison; None where there are none.

    Parameters
    ----------
    shared
        The users.
    order
        Names of the runs, in the order of their lists.
    hidden
        Whether numbers replace the ids of the users.
    """
    if shared is None or not shared.users:
        return None
    users = tuple(
        replace(
            user,
            user=str(place) if hidden else user.user,
            lists={name: user.lists[name] for name in order if name in user.lists},
        )
        for place, user in enumerate(shared.users, start=1)
    )
    number, different = len(users), shared.most_different
    sentence = f"This page holds {count_text(number)} of {count_text(shared.n_users)} users."
    if different:
        sentence += f" The first {count_text(different)} are those whose {shared.metric} differs most between the runs"
        sentence += "; the others are drawn by a hash of their ids." if different < number else "."
    if hidden:
        sentence += " Their ids are hidden: the numbers count the users of this page."
        return SharedRows(shared.metric, users, sentence, f"The page holds {number} users without their ids.")
    sentence += f" Their ids: {', '.join(user.user for user in users)}."
    hint = f"The page holds {number} users. To see another one, add --set 'report.examples=[ID]' to the comparison."
    return SharedRows(shared.metric, users, sentence, hint)
