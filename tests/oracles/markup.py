"""Markup read by the standard library's own parsers, for what must hold of any page."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import harness

PAGE_SCRIPT = (Path(harness.__file__).parent / "report" / "pages" / "templates" / "page.js").read_text(encoding="utf-8")
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Reader(HTMLParser):
    """Reads a page and keeps its elements, attributes and text; an element that is not closed is an error."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.attributes, self.words = [], [], [], []
        self.feed(page)
        self.close()
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes.extend((tag, key, value) for key, value in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes.extend((tag, key, value) for key, value in attrs)

    def handle_endtag(self, tag):
        assert self.open, f"closed without being open: {tag}"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))

    @property
    def ids(self):
        return [value for _, key, value in self.attributes if key == "id"]

    def references(self):
        """Return what attributes load or point to."""
        for _, key, value in self.attributes:
            if key in ("src", "href", "xlink:href", "action", "data", "poster", "srcset"):
                yield value
            if key in ("style", "clip-path", "fill", "filter", "mask"):
                yield from re.findall(r"url\(([^)]*)\)", value)


def check_self_contained(page, *, links=()):
    """Assert that a page runs only its own script, loads nothing, and that its references lead to its own ids.

    ``links`` are the addresses outside the page that it may name.
    """
    read = Reader(page)
    (script,) = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert script == PAGE_SCRIPT
    (policy,) = [value for tag, key, value in read.attributes if tag == "meta" and "default-src" in value]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert read.elements.count("script") == 1
    assert not {"iframe", "object", "embed", "link", "img", "base", "form"} & set(read.elements)
    assert not [key for _, key, _ in read.attributes if key.startswith("on")]
    assert len(read.ids) == len(set(read.ids)), "an id stands twice"
    for reference in read.references():
        if reference in links:
            continue
        assert reference.startswith("#"), reference
        assert reference[1:] in read.ids, reference
    styles = re.findall(r"<style>(.*?)</style>", page, flags=re.DOTALL)
    assert len(styles) == 1
    assert not re.search(r"url\(|@import|expression", styles[0])
    return read
