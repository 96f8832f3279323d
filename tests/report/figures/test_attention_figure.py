"""A heat map with a list beside it: anybody's texts stay text, inside their room."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from harness.report.figures.attention_figure import Caption, ListedItem, explanation_svg

HEAT_MAP = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100" viewBox="0 0 150 75"></svg>'
HEADING = Caption("heading")
SVG = "{http://www.w3.org/2000/svg}"


def parsed(listed, held_out=(), caption=HEADING):
    return ET.fromstring(explanation_svg(HEAT_MAP, listed, held_out, caption=caption))  # noqa: S314 - made here


def texts(root):
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


def test_rank_title_and_score():
    root = parsed(
        [ListedItem("tea", 0.5), ListedItem("milk", -1234.56, is_relevant=True)],
        [ListedItem("milk", None, is_relevant=True)],
    )
    assert texts(root) == [
        "heading",
        "Top 2",
        *("1", "tea", "0.5000"),
        *("2", "✓", "milk", "\N{MINUS SIGN}1,234.6"),
        "Held out: 1, of which 1 in the list",
        *("", "✓", "milk", ""),
    ]
    assert (root.get("width"), root.get("height")) == ("720", "210")


def test_nothing_to_recommend_and_much_held_out():
    assert texts(parsed([])) == ["heading", "No item may be recommended"]
    shown = texts(parsed([ListedItem("a", 1.0)], [ListedItem(str(place)) for place in range(1234)]))
    assert "Held out: 1,234, of which 0 in the list" in shown
    assert shown[-1] == "and 1,214 more"


def test_hostile_texts(hostile):
    items = [ListedItem(text, 1.0, is_relevant=True) for text in hostile]
    root = parsed(items, items, Caption(hostile[0], tuple(hostile)))
    names = {element.tag for element in root.iter()}
    assert names == {SVG + name for name in ("svg", "g", "rect", "path", "text", "title")}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]
    shown = texts(root)
    assert "<script>alert(1)</script>" in shown
    assert "{{ 7*7 }}{% raw %}" in shown
    assert any(text.startswith("longlong") and text.endswith("…") for text in shown)
    assert "\u202e" not in "".join(shown)
    # The whole of it shows where one points at it.
    titles = ["".join(element.itertext()) for element in root.iter(f"{SVG}title")]
    assert "long" * 100 in titles


def test_wide_characters_are_cut_earlier():
    root = parsed([ListedItem("中" * 100, 1.0), ListedItem("n" * 100, 1.0)])
    chinese, latin = (text for text in texts(root) if text.endswith("…"))
    assert 20 < len(chinese) < len(latin) < 60
