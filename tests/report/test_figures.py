"""Figures: small, alike each time, and safe inside a page."""

import dataclasses
import hashlib
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.artifacts import MetricValue, PairedDifference
from harness.report.figures.curves import curve
from harness.report.figures.distributions import distribution, shares
from harness.report.figures.forest_plot import forest_plot
from harness.report.figures.svg import drawing, to_svg
from harness.report.texts.number_text import clean, truncated

SVG = "{http://www.w3.org/2000/svg}"


def elements(svg):
    return ET.fromstring(svg).iter()  # noqa: S314 - our own


def texts(svg):
    return ["".join(element.itertext()) for element in elements(svg) if element.tag == f"{SVG}text"]


def points(*pairs):
    return [MetricValue("ndcg", "ndcg", k, {}, "accuracy", higher_is_better=True, value=value) for k, value in pairs]


def drawn_curve(title="ndcg", name="ndcg", marked=None, rows=None):
    with drawing():
        return to_svg(curve(rows or points((1, 0.1), (5, 0.2)), title=title, marked=marked), name=name, title=title)


def test_the_same_bytes_for_any_setting_of_the_process():
    first = drawn_curve()
    with mpl.rc_context({"font.size": 30, "svg.fonttype": "path", "text.color": "red"}):
        assert drawn_curve() == first
        assert mpl.rcParams["font.size"] == 30


def test_two_figures_in_a_page_share_no_id():
    def ids(svg):
        return {element.get("id") for element in elements(svg)} - {None}

    one, other = drawn_curve(name="a"), drawn_curve(name="b")
    assert ids(one)
    assert not ids(one) & ids(other)


def test_text_is_text_and_cutoffs_are_ticks():
    svg = drawn_curve(title="ndcg@k", marked=5)
    assert {"ndcg@k", "cutoff k", "1", "5", "0.2000"} <= set(texts(svg))
    assert "currentColor" in svg


def test_names_are_never_markup_nor_formulas(hostile):
    for name in map(clean, hostile):
        shown = texts(drawn_curve(title=name, name=name))
        assert truncated(name) in shown


def test_undefined_intervals_and_many_cutoffs():
    rows = points(*((k, k / 100) for k in range(1, 41)))
    rows[3] = dataclasses.replace(rows[3], ci_low=0.03, ci_high=0.05)
    ticks = [row for row in texts(drawn_curve(rows=rows)) if row.isdigit()]
    assert "40" in ticks
    assert len(ticks) <= 8


@given(st.lists(st.sampled_from([0.0, 0.2, 0.5, 1.0]), min_size=1, max_size=50))
@settings(max_examples=30, deadline=None)
def test_shares_equal_a_count_in_plain_python(values):
    n = len(values)
    expected = (values.count(0.0) / n, values.count(1.0) / n, sum(v not in (0.0, 1.0) for v in values) / n)
    assert shares(np.array(values)) == pytest.approx(expected, abs=1e-12)
    assert sum(shares(np.array(values))) == pytest.approx(1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([0.0, 0.0, 0.0, 0.5], ["0: 75.0% · between: 25.0%", "mean of all 0.1250"]),
        ([0.0, 0.0], ["0: 100.0%"]),
        ([1.0], ["1: 100.0%"]),
        ([-2.0, 3.0, 0.0, 0.0], ["0: 50.0% · other: 50.0%", "mean of all 0.2500"]),
        ([0.0, *np.linspace(0.1, 0.9, 40)], ["0: 2.4% · between: 97.6%", "mean of all 0.4878"]),
    ],
)
def test_a_distribution_states_its_zeros_and_its_mean(values, words):
    with drawing():
        svg = to_svg(distribution(np.array(values), title="ndcg@10"), name="d", title="d")
    assert set(words) <= {text.strip() for text in texts(svg)}


def test_a_forest_names_each_run_and_its_difference():
    rows = [
        PairedDifference("ndcg@10", "ease", "pop", 0.12, 0.1, 0.02, ci_low=0.01, ci_high=0.03, verdict="better"),
        PairedDifference("ndcg@10", "random", "pop", 0.0, 0.1, -0.1),
    ]
    with drawing():
        svg = to_svg(forest_plot(rows, title="ndcg@10", baseline="pop", margin=0.01), name="f", title="f")
    minus = "\N{MINUS SIGN}"
    assert {"ndcg@10", "ease  +0.0200", f"random  {minus}0.1000", "difference to pop"} <= set(texts(svg))
    with drawing():
        svg = to_svg(forest_plot(rows, title="ndcg@10", baseline=None), name="f", title="f")
    assert {"ease - pop  +0.0200", "difference"} <= set(texts(svg))


def test_figures_need_no_date_and_no_display():
    digests = {hashlib.sha256(drawn_curve().encode()).hexdigest() for _ in range(2)}
    assert len(digests) == 1
    assert "dc:date" not in drawn_curve()
