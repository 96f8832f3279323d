"""Values in notebooks: short texts, tables without markup of the data, and figures."""

import dataclasses
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import harness
from harness.artifacts import Interactions, MetricValue, Split, TopK, Vocabulary
from harness.errors import HarnessError

pytestmark = pytest.mark.usefixtures("drawn_figures")

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """The tags of a fragment, the text of its cells, and whether all tags are closed."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.texts = [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.open.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append(data.strip())


def table(seed=0, metrics=("recall", "ndcg", "coverage"), users=None):
    rng = np.random.default_rng(seed)
    topk = harness.TopK(np.array([rng.permutation(30)[:10] for _ in range(40)]), users=users)
    truth = harness.Truth.from_lists([[u % 30, (u + 3) % 30] for u in range(40)], users=users)
    return harness.evaluate(topk, truth, metrics=metrics, cutoffs=[1, 5, 10], n_items=30)


def comparison(**names):
    runs = names or {"one": 1, "two": 2, "three": 3}
    return harness.compare({name: table(seed) for name, seed in runs.items()}, primary="ndcg@10")


def interactions():
    return Interactions(
        np.array([0, 0, 1, 1], dtype=np.int32),
        np.array([0, 1, 1, 2], dtype=np.int32),
        Vocabulary(np.array(["ann", HOSTILE], dtype=object)),
        Vocabulary(np.array(["tea", "milk", "rice"], dtype=object)),
        timestamps=np.array([1, 2, 3, 4]),
        values=np.array([5, 4, 3.5, 1], dtype=np.float32),
        time_unit="s",
    )


def page(value):
    return Page(value._repr_html_())


def test_a_table_is_short_text_and_a_summary():
    shown = table()
    assert len(repr(shown)) < 250
    assert "\n" not in repr(shown)
    assert repr(shown).startswith(f"MetricTable(recall@1 {shown['recall@1'].value:.4f} [")
    assert repr(shown).endswith("and 5 more, 40 users)")
    texts = page(shown).texts
    assert {"metric", "value", "95% interval", "ndcg@10", "coverage@5"} <= set(texts)
    assert f"{shown['ndcg@10'].value:.4f}" in texts


def test_notes_and_many_metrics_of_a_table():
    few = harness.evaluate(
        TopK(np.arange(40)[None]), harness.Truth.from_lists([[3]]), metrics=["recall"], cutoffs=list(range(1, 31))
    )
    texts = page(few).texts
    assert any("fewer than 30" in text for text in texts), texts
    assert "and 6 more" in texts
    assert "recall@24" in texts
    assert "recall@25" not in texts


def test_a_comparison_has_its_headline_its_values_and_its_verdicts():
    shown = comparison()
    assert repr(shown).startswith("Comparison(ndcg@10 against 'one', 'two' ")
    texts = page(shown).texts
    assert any("has the highest ndcg@10 of 3 runs" in text for text in texts)
    assert {"one", "two", "three", "undecided", "ndcg@10, differences to one"} <= set(texts)
    pairs = harness.compare({"a": table(1), "b": table(2)}, primary="ndcg@10", pairs="all")
    assert "ndcg@10, all pairs" in page(pairs).texts
    assert repr(pairs).startswith("Comparison(ndcg@10 all pairs, 'b - a' ")


def test_the_headline_knows_that_lower_is_better():
    lower = dataclasses.replace(comparison(), higher_is_better=False)
    assert any("has the lowest ndcg@10" in text for text in page(lower).texts)


def test_a_comparison_without_runs_is_shown():
    empty = dataclasses.replace(comparison(), differences=(), values=pd.DataFrame(), best=())
    assert page(empty).tags.count("table") == 2


def test_lists_are_shown_by_their_first_rows():
    lists = TopK(np.array([[4, 2, -1]] * 12), users=np.array([HOSTILE] + [f"u{i}" for i in range(11)], dtype=object))
    assert repr(lists) == "TopK(12 users, k=3, without scores)"
    shown = page(lists)
    assert shown.texts[-1] == "and 7 more"
    assert HOSTILE in "".join(shown.texts)
    assert {"script", "img"}.isdisjoint(shown.tags)
    wide = page(TopK(np.arange(100).reshape(2, 50), np.ones((2, 50))))
    assert "2" in wide.texts
    assert "10" in wide.texts
    assert "11" not in wide.texts[wide.texts.index("row") : wide.texts.index("row") + 12]


def test_interactions_and_splits_are_shown_by_sizes_and_first_rows():
    rows = interactions()
    assert repr(rows) == "Interactions(4 of 2 users and 3 items, with timestamps and values)"
    shown = page(rows)
    assert {"user", "item", "timestamp", "rating", "tea", "3.5", "4 interactions of 2 users and 3 items"} <= set(
        shown.texts
    )
    assert {"script", "img"}.isdisjoint(shown.tags)
    split = Split(rows, np.array([0, 2, 0, 2], dtype=np.int8))
    assert split.sizes == {"train": 2, "validation": 0, "test": 2, "fold_in": 0}
    assert repr(split) == "Split(train 2, test 2 interactions of 2 users and 3 items)"
    assert {"train", "test"} <= set(page(split).texts)
    assert "validation" not in page(split).texts


def test_names_of_runs_are_text():
    shown = page(comparison(**{HOSTILE: 1, "two": 2}))
    assert {"script", "img"}.isdisjoint(shown.tags)
    assert HOSTILE in "".join(shown.texts)


def test_a_value_says_its_label_and_interval():
    value = MetricValue("ndcg@2", "ndcg", 2, {}, "accuracy", True, 0.5)
    assert str(value) == "ndcg@2 0.5000"
    assert str(dataclasses.replace(value, ci_low=0.4, ci_high=0.6)) == "ndcg@2 0.5000 [0.4000, 0.6000]"


@pytest.mark.parametrize(
    ("value", "call"),
    [
        (table, {}),
        (table, {"metric": "ndcg"}),
        (table, {"metric": "ndcg@10"}),
        (table, {"kind": "distribution"}),
        (table, {"kind": "distribution", "metric": "ndcg@5"}),
        (comparison, {}),
        (comparison, {"kind": "forest", "metric": "recall@5"}),
        (comparison, {"kind": "curves"}),
        (comparison, {"kind": "curves", "metric": "recall"}),
        (comparison, {"kind": "trade_off"}),
        (comparison, {"kind": "trade_off", "metric": "recall@5", "against": "ndcg@5"}),
    ],
)
def test_figures_are_images_on_white_ground(value, call):
    figure = value().plot(**call)
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert figure.get_facecolor() == (1, 1, 1, 1)


def test_what_figures_show():
    runs = comparison()
    curves = runs.plot("curves").axes[0]
    assert curves.get_title(loc="left") == "ndcg@k"
    trade_off = runs.plot("trade_off").axes[0]
    assert (trade_off.get_xlabel(), trade_off.get_ylabel()) == ("ndcg@10", "coverage@10")
    named = {text.get_text() for text in trade_off.texts}
    assert named == {"one", "two", "three"}
    assert table().plot(metric="recall").axes[0].get_title(loc="left") == "recall@k"


@pytest.mark.parametrize(
    ("value", "call", "message"),
    [
        (table, {"kind": "curve"}, "unknown figure 'curve'. Did you mean 'curves'"),
        (table, {"metric": "ndgc@10"}, r"no metric 'ndgc@10'.*Did you mean 'ndcg@10'"),
        (table, {"kind": "distribution", "metric": "coverage@5"}, "no metric 'coverage@5' has values per user"),
        (comparison, {"kind": "forest", "metric": "ndcg"}, "no metric 'ndcg'"),
        (comparison, {"kind": "trade_off", "against": "novelty@10"}, "no metric 'novelty@10'"),
        (comparison, {"kind": "curves", "against": "recall@5"}, "against is the other metric of a trade-off"),
    ],
)
def test_what_cannot_be_drawn(value, call, message):
    with pytest.raises(HarnessError, match=message):
        value().plot(**call)


def test_figures_that_lack_metrics():
    one = harness.evaluate(
        TopK(np.array([[1, 2]])), harness.Truth.from_lists([[2]]), metrics=["ndcg", "recall"], cutoffs=[2]
    )
    with pytest.raises(HarnessError, match="no metric has values at two cutoffs"):
        one.plot()
    two = harness.evaluate(
        TopK(np.array([[1, 2]])), harness.Truth.from_lists([[2]]), metrics=["ndcg", "recall"], cutoffs=[1, 2]
    )
    with pytest.raises(HarnessError, match="Name the other one as against: ndcg@1, recall@1, recall@2"):
        harness.compare({"a": two, "b": two}, primary="ndcg@2").plot("trade_off")


def test_a_model_with_seeds_is_drawn_by_its_means():
    runs = {"a": [table(1), table(2), table(3)], "b": [table(4), table(5), table(6)]}
    seeded = harness.compare(runs, primary="ndcg@10")
    found = next(value for value in seeded.measured["a"] if value.label == "ndcg@10")
    assert found.value == pytest.approx(np.mean([one["ndcg@10"].value for one in runs["a"]]))
    assert found.ci_low < found.value < found.ci_high
    assert seeded.plot("trade_off")._repr_png_()
