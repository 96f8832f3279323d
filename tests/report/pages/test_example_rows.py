"""Example users in a page: marks, exact ranks, cuts that say so, and pages without ids."""

from __future__ import annotations

import dataclasses

from oracles.markup import Reader, check_self_contained

from harness.artifacts import ExampleItem, ExampleUser, ExampleUsers, Finding, HeldOutItem
from harness.artifacts.protocol_record import ReportRecord
from harness.report import render_run

LONG = "long " * 2_000


def user(name, outcome="hit", title="Alien"):
    return ExampleUser(
        user=name,
        outcome=outcome,
        value=0.5,
        history=(ExampleItem("3", title), ExampleItem("4", LONG)),
        n_history=40,
        listed=(ExampleItem("5"), ExampleItem("6", "Brazil", relevant=True)),
        n_listed=100,
        held_out=(HeldOutItem("6", "Brazil", rank=2, tied=1, candidates=950), HeldOutItem("9", "Cube")),
        n_held_out=3,
    )


def examples(*users):
    return ExampleUsers("ndcg@10", 10, 938, "Named by report.examples.", users)


def with_report(record, **settings):
    experiment = dataclasses.replace(record.experiment, report=ReportRecord(**settings))
    return dataclasses.replace(record, experiment=experiment)


def text_of(record, per_user, shown):
    return check_self_contained(render_run(record, per_user, shown).html).text


def test_a_user_is_shown_whole(record, per_user):
    text = text_of(record, per_user, examples(user("user-seven")))
    for words in (
        "This page holds 1 of 938 users. Named by report.examples. Their ids: user-seven.",
        "✓ Brazil",
        "rank 2 of 950, with 1 other of the same score",
        "rank not known",
        "and 98 more",
        "and 38 more",
        "and 1 more",
        LONG.strip(),  # the whole title, folded
    ):
        assert words in text, words


def test_pseudonyms_hide_ids_everywhere(record, per_user):
    audits = (*record.audits, Finding("later_history", 1, 2, "1 of 2.", cases=("user secret-id, item 3",)))
    record = dataclasses.replace(with_report(record, ids="pseudonym"), audits=audits)
    page = render_run(record, per_user, examples(user("secret-id"))).html
    assert "secret-id" not in page
    assert "Their ids are hidden" in Reader(page).text


def test_without_examples_no_user_is_named(record, per_user):
    audits = (*record.audits, Finding("later_history", 1, 2, "1 of 2.", cases=("user secret-id, item 3",)))
    record = dataclasses.replace(with_report(record, examples=0), audits=audits)
    page = render_run(record, per_user, None).html
    assert "secret-id" not in page
    assert "What people were shown" not in page


def test_hostile_ids_and_titles_change_no_element(record, per_user, hostile):
    plain = Reader(render_run(record, per_user, examples(user("a"))).html).elements
    for text in hostile[:-1]:  # the last one is so long that it is folded
        page = render_run(record, per_user, examples(user(text, title=text))).html
        assert check_self_contained(page).elements == plain
