"""Build the output of ``harness diff``: why two results differ."""

from __future__ import annotations

from collections.abc import Sequence

from harness.artifacts import RunDifference, ShownItem, UserDifference
from harness.report.terminal.printout import Printout
from harness.report.terminal.text_table import Block, StyledText, TableColumn, numbers, table_of
from harness.report.texts.number_text import clean, count_text, metric_text, signed

_MOST_FACTS = 40


def difference_text(difference: RunDifference) -> Printout:
    """Return the facts that differ, the steps from one value to the other, and the most different users."""
    found = clean(difference)
    change = signed(found.value_b - found.value_a)
    metric = found.metric_a if found.metric_a == found.metric_b else f"{found.metric_a} and {found.metric_b}"
    head = f"{metric}: {found.a} {metric_text(found.value_a)}, {found.b} {metric_text(found.value_b)}, {change}"
    blocks: list[Block] = [StyledText(head, "bold"), StyledText(_users_line(found)), _facts(found)]
    if found.steps:
        blocks.append(_steps(found))
    for user in found.users:
        blocks.extend(_user(user, found))
    return Printout((*blocks, *(StyledText(note, "dim") for note in found.notes)))


def _users_line(found: RunDifference) -> str:
    words = f"{count_text(found.common_users)} users in both"
    for number, name in ((found.only_a, found.a), (found.only_b, found.b)):
        words += f", {count_text(number)} only in {name}" if number else ""
    return words


def _facts(found: RunDifference) -> Block:
    if not found.facts:
        return StyledText("No fact of the records differs.")
    rows = [[fact.stage, fact.key, fact.a, fact.b] for fact in found.facts[:_MOST_FACTS]]
    if len(found.facts) > _MOST_FACTS:
        rows.append(["", f"and {len(found.facts) - _MOST_FACTS} more", "", ""])
    columns = [TableColumn("stage", rank=1, least=12), TableColumn("fact"), TableColumn(found.a), TableColumn(found.b)]
    return table_of("what differs", columns, rows)


def _steps(found: RunDifference) -> Block:
    columns = [
        TableColumn("step", least=12),
        TableColumn("exchanged", rank=2),
        *numbers("users", rank=1),
        *numbers("value", "change"),
    ]
    rows = [["", found.a, "", metric_text(found.value_a), ""]]
    rows += [
        [step.step, step.meaning, count_text(step.n_users), metric_text(step.value), signed(step.change)]
        for step in found.steps
    ]
    return table_of(f"from {found.a} to {found.b}", columns, rows)


def _user(user: UserDifference, found: RunDifference) -> list[Block]:
    values = f"{found.a} {metric_text(user.a)}, {found.b} {metric_text(user.b)}"
    return [
        StyledText(f"user {user.user}: {values}; relevant: {_items(user.relevant)}", "bold"),
        StyledText(f"  {found.a}: {_items(user.list_a)}"),
        StyledText(f"  {found.b}: {_items(user.list_b)}"),
    ]


def _items(items: Sequence[ShownItem]) -> str:
    """Return the items in order; relevant ones are marked by a star."""
    return " · ".join(f"{'*' if one.relevant else ''}{one.title or one.item}" for one in items) or "nothing"
