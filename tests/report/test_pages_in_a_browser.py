"""Pages in a real browser: they sort, filter, copy, search and print; axe, the console and the network are silent."""

from __future__ import annotations

import csv
import io
import shutil

import pytest

import harness
from harness.pipeline import ComparisonOptions, compare_runs, render_again

pytestmark = pytest.mark.slow
WIDTHS = [(1280, False), (390, True)]


@pytest.fixture(scope="module")
def pages(ml_100k_runs, tmp_path_factory, pages_with_figures):
    """Return a run page, a comparison page and the index, of real data, with drawn figures."""
    folder = tmp_path_factory.mktemp("pages")
    names = ("random", "popularity", "item_knn", "ease")
    for name in names:
        shutil.copytree(ml_100k_runs[name].folder, folder / "ml-100k" / name)
        render_again(folder / "ml-100k" / name)
    sources = [str(folder / "ml-100k" / name) for name in names]
    options = ComparisonOptions(baseline="ml-100k/popularity", name="small", quiet=True, track=False)
    result = compare_runs(sources, overrides=[f"report.directory={folder}"], options=options)
    return {
        "run": folder / "ml-100k/ease/report.html",
        "comparison": result.folder / "comparison.html",
        "index": folder / "index.html",
    }


@pytest.mark.parametrize(("width", "dark"), WIDTHS)
@pytest.mark.parametrize("kind", ["run", "comparison", "index"])
def test_a_page_is_silent_and_accessible(pages, browser, kind, width, dark):
    with browser.visit(pages[kind], width=width, dark=dark) as visit:
        visit.page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        assert visit.violations() == []
        assert visit.messages == []
        assert visit.requests == [pages[kind].resolve().as_uri()]
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("kind", ["run", "comparison"])
def test_a_page_can_be_read_without_a_script(pages, browser, kind):
    with browser.visit(pages[kind], script=False) as visit:
        assert visit.page.locator("button").count() == 0
        assert visit.shows("table")
        assert visit.shows("summary")
        visit.page.locator("details.user > summary").first.click()
        assert visit.shows("details.user ol.listed")


def column(table, place):
    return table.locator(f"tbody tr:not([hidden]) > :nth-child({place})").all_inner_texts()


def test_tables_sort_by_numbers_and_names(pages, browser):
    with browser.visit(pages["comparison"]) as visit:
        board = visit.page.locator("table.board")
        heading = board.locator("thead th").nth(1)

        def values():
            return [float(text.split("\n")[0]) for text in column(board, 2)]

        heading.locator("button").click()
        assert values() == sorted(values(), reverse=True)
        heading.locator("button").click()
        assert values() == sorted(values())
        assert heading.get_attribute("aria-sort") == "ascending"
        board.locator("thead th button").first.click()
        names = column(board, 1)
        assert names == sorted(names)


def test_rows_are_filtered_by_text_and_family(pages, browser):
    with browser.visit(pages["run"]) as visit:
        tools = visit.page.locator("section").first.locator(".tools").first
        tools.locator("input[type=search]").fill("ndcg")
        table = visit.page.locator("section").first.locator("table").first
        assert column(table, 1) == ["ndcg"]
        assert "1 of" in tools.inner_text()
        tools.locator("input[type=search]").fill("")
        tools.get_by_label("family").select_option("diversity")
        assert column(table, 1) == ["diversity"]


def test_a_cutoff_is_chosen(pages, browser):
    with browser.visit(pages["run"]) as visit:
        visit.page.get_by_label("cutoff").first.select_option("@10")
        shown = visit.page.locator("section").first.locator("table").first.locator("thead th:visible")
        assert [text.strip("↕\n ") for text in shown.all_inner_texts()] == ["metric", "@10"]


@pytest.mark.parametrize("name", ["Markdown", "LaTeX", "CSV"])
def test_a_table_is_copied_as_text(pages, browser, name):
    with browser.visit(pages["comparison"]) as visit:
        tools = visit.page.locator("section").first.locator(".tools").first
        tools.get_by_role("button", name=name).click()
        text = visit.page.evaluate("navigator.clipboard.readText()")
        assert "ease" in text
        if name == "CSV":
            rows = list(csv.reader(io.StringIO(text)))
            assert len({len(row) for row in rows}) == 1
            assert len(rows) == 5
        elif name == "Markdown":
            lines = text.splitlines()
            assert lines[1].replace("|", "").replace("-", "").strip() == ""
            assert {line.count("|") for line in lines} == {lines[0].count("|")}
        else:
            assert text.startswith(r"\begin{tabular}")
            assert "item\\_knn" in text


def test_cells_that_begin_like_formulas_are_defused(browser, tmp_path, hostile_page):
    with browser.visit(hostile_page) as visit:
        visit.page.locator("section:has(#slices) details > summary").click()
        visit.page.locator("section:has(#slices)").get_by_role("button", name="CSV").click()
        cells = [
            cell
            for row in csv.reader(io.StringIO(visit.page.evaluate("navigator.clipboard.readText()")))
            for cell in row
        ]
        assert any("=cmd" in cell for cell in cells)
        assert not any(cell.startswith(("=", "@")) for cell in cells)
        assert not any(cell.startswith(("+", "-")) and not cell[1:2].isdigit() for cell in cells)


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory, pages_with_figures):
    """Return the page of a run whose titles and ids are hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    titles = [
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "+1",
        "-1+2",
        "@SUM(A1)",
        "\u202egpj.exe",
        "😀 中文",
        "x" * 10_000,
    ]
    items = [f"i{place}" for place in range(len(titles))]
    rows = [f'"u{user}<b>",{items[(user + step) % len(items)]},{step}' for user in range(12) for step in range(5)]
    (folder / "data.csv").write_text("user,item,timestamp\n" + "\n".join(rows))
    quoted = [title.replace('"', '""') for title in titles]
    (folder / "items.csv").write_text(
        "item,title,kind\n"
        + "\n".join(f'{item},"{title}","{title[:40]}"' for item, title in zip(items, quoted, strict=True))
    )
    path = folder / "hostile.yaml"
    path.write_text(f"""
name: hostile
dataset:
  path: {folder}/data.csv
  items: {{path: {folder}/items.csv, attributes: [kind]}}
  split: {{kind: leave_last_out, validation: false}}
model: {{kind: popularity, checkpoint: {folder}/p.safetensors, fit: {{on: train}}}}
runner: {{k: 5}}
evaluation: {{cutoffs: [1, 5], primary: "ndcg@5", slices: [{{by: item_column, column: kind}}]}}
tracking: {{enabled: false}}
report: {{directory: {folder}/reports}}
""")
    return harness.run(harness.load_experiment(path), quiet=True).folder / "report.html"


def test_hostile_titles_run_nothing_and_can_be_read_whole(browser, hostile_page):
    with browser.visit(hostile_page, width=390) as visit:
        visit.page.on("dialog", lambda dialog: visit.messages.append(dialog.message))
        visit.page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        assert visit.messages == []
        assert visit.violations() == []
        assert visit.page.locator("body script").count() == 1
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert "x" * 10_000 in visit.page.locator("details.long").first.inner_text().replace("\n", "")
        assert "<script>alert(1)</script>" in visit.page.locator("body").inner_text()


def test_users_are_searched_by_id_and_title(pages, browser):
    with browser.visit(pages["run"]) as visit:
        part = visit.page.locator("[data-users]")
        users = part.locator("details.user")
        first = users.first.get_attribute("data-user")
        box = part.locator("input[type=search]")
        box.fill(first)
        assert part.locator("details.user:visible").count() == 1
        assert visit.shows("details.user ol.listed")
        box.fill("987654321")
        assert part.locator("details.user:visible").count() == 0
        assert "User 987654321 is not on this page." in part.inner_text()
        box.fill("no such user")
        assert part.locator("details.user:visible").count() == 0
        assert "report.examples=[ID]" in part.inner_text()
        box.fill("")
        part.get_by_label("outcome").select_option("hit")
        assert set(part.locator("details.user:visible").evaluate_all("all => all.map(one => one.dataset.outcome)")) == {
            "hit"
        }


def test_the_theme_is_switched_and_remembered(pages, browser):
    with browser.visit(pages["run"]) as visit:

        def background():
            return visit.page.evaluate("getComputedStyle(document.body).backgroundColor")

        light = background()
        visit.page.get_by_role("button", name="dark theme").click()
        assert background() != light
        visit.page.reload()
        assert background() != light
        assert visit.messages == []


def test_a_mark_of_the_trust_strip_opens_what_explains_it(pages, browser):
    with browser.visit(pages["run"]) as visit:
        visit.page.locator(".trust a[href='#every-value']").first.click()
        assert visit.shows("#every-value table")


def test_a_note_is_shown_on_hover_and_focus(pages, browser):
    with browser.visit(pages["run"]) as visit:
        target = visit.page.locator("[data-tip]").first
        target.hover()
        assert visit.shows("#tip")
        visit.page.keyboard.press("Escape")
        assert not visit.shows("#tip")
        target.focus()
        assert visit.page.locator("#tip").inner_text() == target.get_attribute("data-tip")


def test_the_command_that_reproduces_the_run_is_copied(pages, browser):
    with browser.visit(pages["run"]) as visit:
        visit.page.locator("#reproduce").locator("xpath=..").get_by_role("button", name="copy").first.click()
        assert "harness eval" in visit.page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("script", [True, False])
def test_paper_shows_the_folded_parts(pages, browser, script):
    with browser.visit(pages["run"], script=script) as visit:
        assert not visit.shows("#every-value table")
        visit.page.emulate_media(media="print")
        assert visit.shows("#every-value table")
        assert not visit.shows("nav")
        assert len(visit.page.pdf(print_background=True)) > 50_000


def test_the_index_leads_to_pages_and_is_filtered(pages, browser):
    with browser.visit(pages["index"]) as visit:
        runs = visit.page.locator("section:has(#runs)")
        runs.get_by_label("model").select_option("ease")
        assert runs.locator("tbody tr:visible").count() == 1
        runs.get_by_role("link", name="ml-100k/ease").click()
        assert visit.page.locator("h1").inner_text() == "ml-100k/ease"
        visit.page.go_back()
        visit.page.get_by_role("link", name="small").click()
        assert visit.page.locator("h1").inner_text() == "3 runs against popularity"
        visit.page.locator("table.board").get_by_role("link", name="ease").click()
        assert visit.page.locator("h1").inner_text() == "ml-100k/ease"
