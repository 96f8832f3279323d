"""Curves of several runs: which runs have colours, and a layout without overlaps."""

import math

import pytest
from figure_layout import clipped_markers, overlapping_texts, shown_texts, texts_outside

from harness.artifacts import MetricValue
from harness.report.figures.overlaid_curves import overlaid_curves
from harness.report.figures.svg import drawing, to_svg

CUTOFFS = (1, 5, 10, 20, 50, 100)


def values(*points, higher_is_better=True, bands=True):
    return [
        MetricValue(
            f"recall@{k}",
            "recall",
            k,
            {},
            "accuracy",
            higher_is_better=higher_is_better,
            value=value,
            ci_low=value - 0.01 if bands else None,
            ci_high=value + 0.01 if bands else None,
        )
        for k, value in points
    ]


def runs(n, name="run {}", **options):
    """Return runs of which each is better than the one before."""
    return {
        name.format(place): values(*((k, 0.004 * (place + 1) * math.log2(k + 1)) for k in CUTOFFS), **options)
        for place in range(n)
    }


def drawn(curves, **options):
    with drawing():
        figure = overlaid_curves(curves, title="recall", **options)
        figure.draw_without_rendering()
        assert overlapping_texts(figure) == []
        assert texts_outside(figure) == []
        assert clipped_markers(figure) == []
    return figure


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def data_lines(figure):
    return [line for line in figure.axes[0].lines if len(line.get_xdata()) == len(CUTOFFS)]


@pytest.mark.parametrize("n", [1, 4, 8, 20])
@pytest.mark.parametrize("name", ["run {}", "a name of more than twenty-four letters {}", "{} " + "long" * 30])
def test_a_line_per_run_and_the_best_eight_in_colour(n, name):
    figure = drawn(runs(n, name), marked=10)
    lines = data_lines(figure)
    styles = {
        (line.get_color(), line.get_marker(), line.get_linestyle()) for line in lines if line.get_marker() != "None"
    }
    assert len(lines) == n
    assert len(styles) == min(n, 8)
    assert len({colour for colour, _, _ in styles}) == len({marker for _, marker, _ in styles}) == min(n, 8)
    assert len(legend(figure)) == min(n, 9)
    if n > 8:
        assert legend(figure)[-1] == f"and {n - 8} more in grey"
        assert legend(figure)[0].startswith(name.format(n - 8)[:20])


def test_the_best_of_a_metric_where_lower_is_better():
    figure = drawn(runs(12, higher_is_better=False))
    assert legend(figure) == [*(f"run {place}" for place in range(8)), "and 4 more in grey"]
    assert figure.axes[0].get_ylabel() == "recall (lower is better)"


def test_the_best_at_the_marked_cutoff():
    curves = {f"run {place}": values((1, place / 10), (10, 1 - place / 10)) for place in range(9)}
    assert "run 0" not in legend(drawn(curves, marked=1))
    assert "run 8" not in legend(drawn(curves, marked=10))
    assert "run 8" not in legend(drawn(curves, marked=7)), "the largest cutoff counts where the marked one is missing"


@pytest.mark.parametrize(("n", "bands"), [(2, 2), (4, 4), (5, 0)])
def test_bands_of_few_runs_only(n, bands):
    assert len(drawn(runs(n)).axes[0].collections) == bands
    assert len(drawn(runs(n, bands=False)).axes[0].collections) == 0


def test_names_of_axes_and_labels_of_cutoffs():
    texts = [text for text, _ in shown_texts(drawn(runs(3), marked=10))]
    assert {"recall", "cutoff k", "1", "5", "10", "20", "50", "100", "run 0", "run 1", "run 2"} <= set(texts)


def test_values_of_zero_and_undefined_values():
    curves = {
        "zero": values((1, 0.0), (10, 0.0)),
        "undefined": values((1, math.nan), (10, 0.5)),
        "nowhere": values((1, math.nan)),
        "no cutoffs": values((None, 0.3)),
        "other cutoffs": values((3, 0.2)),
    }
    assert legend(drawn(curves)) == ["zero", "undefined", "other cutoffs"]


def test_names_are_text(hostile):
    with drawing():
        figure = overlaid_curves({name: values((1, 0.1), (5, 0.2)) for name in hostile[:6]}, title=hostile[0])
        svg = to_svg(figure, name="c", title="c")
    assert "<script" not in svg
    assert "<img" not in svg
