"""Verdicts under other choices: the table of variants, and their words."""

from __future__ import annotations

from harness.artifacts import JudgedVariant, MetricChoice, Robustness

CHOICE = MetricChoice("ndcg[ideal=full_k]@5", 5, "trec_eval", "drop", ("trec_eval", "rectools"))


def variant(*, holds=True):
    return JudgedVariant("new", "base", CHOICE, "t", "holm", "users", 0.1, 0.0, 0.2, 0.04, "higher", holds)


def test_the_table_has_a_row_per_variant():
    frame = Robustness((), (variant(), variant(holds=False))).frame
    assert frame["metric"].tolist() == ["ndcg[ideal=full_k]@5"] * 2
    assert frame["conventions"].tolist() == ["trec_eval rectools"] * 2
    assert frame["cutoff"].tolist() == [5, 5]
    assert frame["holds"].tolist() == [True, False]
    assert Robustness((), ()).frame.columns.tolist() == frame.columns.tolist()


def test_flips_are_the_variants_that_do_not_hold():
    flip = variant(holds=False)
    assert Robustness((), (variant(), flip)).flips == (flip,)


def test_the_words_of_a_variant():
    assert str(variant()) == (
        "ndcg[ideal=full_k]@5, ties trec_eval, users without predictions dropped, as in trec_eval, rectools; "
        "test t, correction holm, unit users"
    )
