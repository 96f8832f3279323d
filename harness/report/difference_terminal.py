"""Show in the terminal why two results differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.artifacts import RunDifference, ShownItem, UserDifference
from harness.report.number_text import clean, count_text, metric_text, signed
from harness.report.rich_tables import add_row, group_of, table_of, text_of

if TYPE_CHECKING:
    from rich.console import Group

_MOST_FACTS = 40


def difference_text(difference: RunDifference) -> Group:
    """Return the facts that differ, the steps from one value to the other, and the most different users."""
    found = clean(difference)
    change = signed(found.value_b - found.value_a)
    metric = found.metric_a if found.metric_a == found.metric_b else f"{found.metric_a} and {found.metric_b}"
    head = f"{metric}: {found.a} {metric_text(found.value_a)}, {found.b} {metric_text(found.value_b)}, {change}"
    lines: list[Any] = [text_of(head, "bold"), text_of(_users_line(found)), _facts(found)]
    if found.steps:
        lines.append(_steps(found))
    for user in found.users:
        lines.extend(_user(user, found))
    return group_of([*lines, *(text_of(note, "dim") for note in found.notes)])


def _users_line(found: RunDifference) -> str:
    words = f"{count_text(found.common_users)} users in both"
    for number, name in ((found.only_a, found.a), (found.only_b, found.b)):
        words += f", {count_text(number)} only in {name}" if number else ""
    return words


def _facts(found: RunDifference) -> Any:
    if not found.facts:
        return text_of("No fact of the records differs.")
    table = table_of("what differs", "stage", "fact", found.a, found.b)
    for fact in found.facts[:_MOST_FACTS]:
        add_row(table, [fact.stage, fact.key, fact.a, fact.b])
    if len(found.facts) > _MOST_FACTS:
        add_row(table, ["", f"and {len(found.facts) - _MOST_FACTS} more", "", ""])
    return table


def _steps(found: RunDifference) -> Any:
    table = table_of(f"from {found.a} to {found.b}", "step", "exchanged", right=("users", "value", "change"))
    add_row(table, ["", found.a, "", metric_text(found.value_a), ""])
    for step in found.steps:
        cells = [step.step, step.meaning, count_text(step.n_users), metric_text(step.value), signed(step.change)]
        add_row(table, cells)
    return table


def _user(user: UserDifference, found: RunDifference) -> list[Any]:
    values = f"{found.a} {metric_text(user.a)}, {found.b} {metric_text(user.b)}"
    return [
        text_of(f"user {user.user}: {values}; relevant: {_items(user.relevant)}", "bold"),
        text_of(f"  {found.a}: {_items(user.list_a)}"),
        text_of(f"  {found.b}: {_items(user.list_b)}"),
    ]


def _items(items: Sequence[ShownItem]) -> str:
    """Return the items in order; relevant ones are marked by a star."""
    return " · ".join(f"{'*' if one.relevant else ''}{one.title or one.item}" for one in items) or "nothing"
