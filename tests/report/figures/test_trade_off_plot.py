"""Trade-offs of two properties: the Pareto front by a plain definition, and names that do not overlap."""

import math
from itertools import combinations

import numpy as np
import pytest
from figure_layout import clipped_markers, overlapping_texts, shown_texts, texts_outside
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.report.figures.svg import BLUE, drawing, to_svg
from harness.report.figures.trade_off_plot import Directions, TradeOffPoint, pareto_front, trade_off_plot


def cloud(n, *, spread=0.05, seed=0, name="model {}"):
    at = np.random.default_rng(seed).normal(0.3, spread, (n, 2))
    return [
        TradeOffPoint(name.format(place), x, y, x - 0.01, x + 0.02, y - 0.02, y + 0.01)
        for place, (x, y) in enumerate(at.tolist())
    ]


def drawn(points, **options):
    with drawing():
        figure = trade_off_plot(points, x_label="ndcg@10", y_label="coverage@10", **options)
        assert overlapping_texts(figure) == []
        assert texts_outside(figure) == []
        assert clipped_markers(figure) == []
    return figure


def texts(figure):
    with drawing():
        return [text for text, _ in shown_texts(figure)]


def markers(figure):
    return [line for line in figure.axes[0].lines if line.get_marker() == "o" and len(line.get_xdata()) == 1]


@pytest.mark.parametrize("n", [1, 2, 10])
@pytest.mark.parametrize("name", ["model {}", "{} with a name of more than twenty-four letters"])
@pytest.mark.parametrize("seed", [0, 1])
def test_names_beside_few_points(n, name, seed):
    points = cloud(n, name=name, seed=seed)
    figure = drawn(points)
    assert len(markers(figure)) == n
    shown = texts(figure)
    for place in range(n):
        assert [text for text in shown if text.startswith(name.format(place)[:20])]
    assert max(map(len, shown)) <= max(24, len("Pareto front: no run is better in both"))


@pytest.mark.parametrize("n", [11, 30])
@pytest.mark.parametrize("name", ["model {}", "{} with a name of more than twenty-four letters"])
def test_numbers_beside_many_points(n, name):
    figure = drawn(cloud(n, name=name))
    assert len(markers(figure)) == n
    assert {str(place) for place in range(1, n + 1)} == {text.get_text() for text in figure.axes[0].texts}
    shown = texts(figure)
    for place in range(n):
        assert [text for text in shown if text.startswith(f"{place + 1}  {name.format(place)[:20]}")]


def test_points_on_one_spot_keep_their_names_apart():
    figure = drawn([TradeOffPoint(f"model {place}", 0.3, 0.2) for place in range(6)])
    assert {f"model {place}" for place in range(6)} <= set(texts(figure))


def test_points_that_are_not_finite_are_left_out():
    figure = drawn([*cloud(3), TradeOffPoint("lost", math.nan, 0.3), TradeOffPoint("far", 0.3, math.inf)])
    assert len(markers(figure)) == 3
    assert not {"lost", "far"} & set(texts(figure))
    assert "no run has both values" in texts(drawn([TradeOffPoint("lost", math.nan, 0.3)]))


def test_intervals_with_both_ends_are_drawn():
    points = [
        TradeOffPoint("a", 0.1, 0.2, 0.05, 0.15, None, 0.3),
        TradeOffPoint("b", 0.2, 0.1, y_low=0.0, y_high=math.nan),
    ]
    bars = [line.get_xydata().tolist() for line in drawn(points).axes[0].lines if line.get_alpha() == 0.5]
    assert bars == [[[0.05, 0.2], [0.15, 0.2]]]


coordinates = st.integers(0, 4).map(float)


@given(st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=12), st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_the_front_equals_its_definition(places, x_better, y_better):
    points = [TradeOffPoint(str(place), x, y) for place, (x, y) in enumerate(places)]

    def at_least(one, other, *, higher):
        return one >= other if higher else one <= other

    def beaten(point):
        return any(
            at_least(other.x, point.x, higher=x_better)
            and at_least(other.y, point.y, higher=y_better)
            and (other.x, other.y) != (point.x, point.y)
            for other in points
        )

    front = pareto_front(points, Directions(x_better, y_better))
    assert {point.name for point in front} == {point.name for point in points if not beaten(point)}
    assert all(one.x <= other.x for one, other in combinations(front, 2))


@pytest.mark.parametrize(
    ("better", "front"), [(Directions(), {0, 1}), (Directions(x=False), {0}), (Directions(y=False), {1})]
)
def test_the_front_has_a_colour_and_larger_markers(better, front):
    points = [
        TradeOffPoint("a", 0.1, 0.4),
        TradeOffPoint("b", 0.4, 0.1),
        TradeOffPoint("c", 0.2, 0.09 + 0.02 * better.y),
    ]
    figure = drawn(points, higher_is_better=better)
    expected = {place for place, point in enumerate(points) if point in pareto_front(points, better)}
    marked = {place for place, line in enumerate(markers(figure)) if line.get_color() == BLUE}
    larger = {place for place, line in enumerate(markers(figure)) if line.get_markersize() == 6}
    assert marked == larger == expected
    assert front <= marked
    assert ("coverage@10 (lower is better)" in texts(figure)) is not better.y


def test_names_are_text(hostile):
    with drawing():
        points = [TradeOffPoint(name, place, -place) for place, name in enumerate(hostile[:6])]
        svg = to_svg(trade_off_plot(points, x_label=hostile[0], y_label=hostile[4]), name="t", title="t")
    assert "<script" not in svg
    assert "<img" not in svg
