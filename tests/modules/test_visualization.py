"""Heat maps: what stands where, without a display, in any script, and nothing of the caller's is touched."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import warnings

import matplotlib as mpl
import numpy as np
import pytest
import torch
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from PIL import Image

from harness.errors import HarnessError
from harness.modules import AttentionVisualization, fonts

plot = AttentionVisualization.plot_attention_heatmap
RARE = "\U000f1234"  # of private use: no font has it but the one made below


def weights(*shape, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(shape[-1]), size=shape[:-1])


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def numbers(axes):
    return [text.get_text() for text in axes.texts]


def colours(axes):
    return np.asarray(axes.collections[0].get_array()).reshape(-1)


def test_rows_are_output_and_columns_input_tokens():
    table = weights(2, 3)
    figure = plot(table, ["a", "b", "c"], ["x", "y"])
    assert isinstance(figure, Figure)
    axes, scale = figure.axes
    assert labels(axes.xaxis) == ["a", "b", "c"]
    assert labels(axes.yaxis) == ["x", "y"]
    np.testing.assert_array_equal(colours(axes), table.reshape(-1))
    assert axes.yaxis_inverted()  # the first row is on top
    assert numbers(axes) == [f"{value:.2f}" for value in table.reshape(-1)]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("input tokens", "output tokens")
    assert figure.get_suptitle() == "Attention weights"
    assert axes.collections[0].get_cmap().name == "Blues"
    assert scale.get_ylim() == pytest.approx((0, table.max()))


def test_a_panel_a_head_on_one_scale():
    table = weights(5, 2, 3)
    figure = plot(torch.tensor(table), list("abc"), list("xy"))
    panels = [axes for axes in figure.axes if axes.collections and axes.get_title()]
    assert [axes.get_title() for axes in panels] == [f"head {head}" for head in range(1, 6)]
    for head, axes in enumerate(panels):
        np.testing.assert_array_equal(colours(axes), table[head].reshape(-1))
        assert axes.collections[0].get_clim() == pytest.approx((0, table.max()))


@pytest.mark.parametrize("size", [20, 21])
def test_numbers_only_while_they_are_legible(size):
    axes = plot(weights(size, size), range(size), range(size)).axes[0]
    assert len(numbers(axes)) == (400 if size == 20 else 0)
    assert len(labels(axes.xaxis)) == size


def test_of_very_many_labels_some_are_shown():
    axes = plot(weights(400, 300), range(300), range(400)).axes[0]
    shown = list(map(int, labels(axes.xaxis)))
    assert 20 < len(shown) <= 150
    assert [place - 0.5 for place in axes.get_xticks()] == shown
    assert [place - 0.5 for place in axes.get_yticks()] == list(map(int, labels(axes.yaxis)))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64])
def test_any_type_and_a_gradient(dtype):
    tensor = torch.tensor([[1, 0], [0, 1]], dtype=dtype)
    if tensor.is_floating_point():
        tensor.requires_grad_()
    np.testing.assert_array_equal(colours(plot(tensor, "ab", "xy").axes[0]), [1, 0, 0, 1])
    np.testing.assert_array_equal(colours(plot([[0.25, 0.75]], "ab", "x").axes[0]), [0.25, 0.75])


@pytest.mark.parametrize("table", [np.zeros((2, 2)), np.full((2, 2), np.nan), np.array([[-1.0, np.nan], [2.0, 0.5]])])
def test_nan_is_blank_and_zeros_are_fine(table, tmp_path):
    figure = plot(table, "ab", "xy", tmp_path / "heat.png")
    shown = np.ma.getmaskarray(figure.axes[0].collections[0].get_array()).reshape(-1)
    np.testing.assert_array_equal(shown, np.isnan(table).reshape(-1))
    assert len(numbers(figure.axes[0])) == np.isfinite(table).sum()


@pytest.mark.parametrize(
    ("name", "start"),
    [("heat.png", b"\x89PNG"), ("heat.PDF", b"%PDF"), ("heat.svg", b"<?xml"), ("heat.jpg", b"\xff\xd8")],
)
def test_the_suffix_says_the_format(tmp_path, name, start):
    path = tmp_path / "new" / "folder" / name
    plot(weights(2, 3), "abc", "xy", save_path=path)
    assert path.read_bytes().startswith(start)
    assert [entry.name for entry in path.parent.iterdir()] == [name]


def test_without_a_suffix_it_is_png(tmp_path):
    plot(weights(2, 3), "abc", "xy", save_path=str(tmp_path / "heat"))
    assert pixels(tmp_path / "heat.png").shape[1] > 200


def test_the_picture_is_blue(tmp_path):
    plot(np.array([[1.0, 0.0]]), "ab", "x", tmp_path / "heat.png")
    found = pixels(tmp_path / "heat.png").reshape(-1, 3)
    assert (found == [8, 48, 107]).all(axis=1).mean() > 0.05  # the darkest of matplotlib's Blues
    assert (found == [247, 251, 255]).all(axis=1).mean() > 0.05  # the lightest


def test_pyplot_is_left_as_it_was(tmp_path):
    mine = plt.figure()
    try:
        before = dict(mpl.rcParams), plt.get_fignums(), plt.gcf()
        figure = plot(weights(4, 2, 3), "abc", "xy", tmp_path / "heat.png")
        assert (dict(mpl.rcParams), plt.get_fignums(), plt.gcf()) == before
        assert figure is not mine
        assert not mine.axes
    finally:
        plt.close(mine)


def test_no_display_no_window_no_waiting(tmp_path):
    program = (
        "import sys\n"
        "from harness.modules import AttentionVisualization as A\n"
        "assert not {'matplotlib', 'seaborn'} & set(sys.modules), 'imported before it is needed'\n"
        f"A.plot_attention_heatmap([[0.5, 0.5]], 'ab', 'x', {str(tmp_path / 'heat.png')!r})\n"
    )
    environment = {
        "PATH": "/usr/bin:/bin",
        "MPLBACKEND": "tkagg",
        "HOME": str(tmp_path),
        "PYTHONPATH": ":".join(sys.path),
    }
    finished = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert (tmp_path / "heat.png").stat().st_size > 1000


def test_names_are_never_formulas(tmp_path):
    hostile = ["$x_1$", r"\frac{1}{0}$", "a\nb\tc", "x" * 100, "", "\x00\u202e", "\ud800"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure = plot(weights(1, 7), hostile, [None], tmp_path / "heat.svg")
    shown = labels(figure.axes[0].xaxis)
    assert shown[:3] == ["$x_1$", r"\frac{1}{0}$", "a b c"]
    assert shown[3] == "x" * 23 + "…"
    assert shown[4:6] == ["", ""]
    assert labels(figure.axes[0].yaxis) == ["None"]
    assert len(caught) <= 1  # the half of a surrogate pair has no glyph


@pytest.mark.parametrize(
    ("shape", "columns", "rows", "message"),
    [
        ((2, 3), "ab", "xy", "input_tokens has 2 labels; attention_weights has 3 columns"),
        ((2, 3), "abc", "xyz", "output_tokens has 3 labels; attention_weights has 2 rows"),
        ((4, 2, 3), "abc", "wxyz", "output_tokens has 4 labels; attention_weights has 2 rows"),
        ((3,), "abc", "x", r"attention_weights has shape \(3,\)"),
        ((1, 1, 2, 3), "abc", "xy", r"attention_weights has shape \(1, 1, 2, 3\)"),
        ((0, 3), "abc", "", r"attention_weights has shape \(0, 3\)"),
    ],
)
def test_what_cannot_be_drawn(shape, columns, rows, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        plot(np.ones(shape), columns, rows, tmp_path / "heat.png")
    assert not list(tmp_path.iterdir())


def test_a_format_or_folder_that_cannot_be(tmp_path):
    with pytest.raises(ValueError, match=r"save_path ends in '.pgn'. Did you mean '.png'\?"):
        plot(np.ones((1, 1)), "a", "x", tmp_path / "heat.pgn")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HarnessError, match="cannot write"):
        plot(np.ones((1, 1)), "a", "x", tmp_path / "file" / "heat.png")


@pytest.mark.parametrize("labels_", [["词" * 24] * 3, ["m" * 24] * 3, ["a", "词词词", "m" * 9]])
def test_long_labels_have_room(labels_, tmp_path):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="no font here")
        figure = plot(weights(3, 3), labels_, labels_, tmp_path / "heat.png")
    figure.draw_without_rendering()
    edge = figure.bbox
    for label in (*figure.axes[0].get_xticklabels(), *figure.axes[0].get_yticklabels(), figure.axes[0].xaxis.label):
        box = label.get_window_extent()
        assert edge.x0 <= box.x0
        assert edge.y0 <= box.y0
        assert box.x1 <= edge.x1


def test_settings_of_the_caller_that_do_not_fit(tmp_path, caplog):
    # LaTeX that is not there, and fonts that are not: the usual settings of a Chinese user elsewhere.
    settings = {"text.usetex": True, "font.sans-serif": ["No Such Font", "DejaVu Sans"], "font.family": ["sans-serif"]}
    with mpl.rc_context(settings):
        figure = plot(weights(2, 3), "abc", "xy", tmp_path / "heat.png")
    figure.savefig(tmp_path / "later.pdf")
    assert not [record for record in caplog.records if "findfont" in record.getMessage()]


@pytest.mark.parametrize("table", [np.ones((1, 2)) * 1j, torch.ones(1, 2) * 1j, [["a", "b"]], [[1], [2, 3]]])
def test_what_is_not_a_table_of_numbers(table):
    with pytest.raises(ValueError, match="attention_weights is not a table of real numbers"):
        plot(table, "ab", "x")


# Fonts.


def make_font(path, family, characters):
    """Write a font whose glyphs are all the same square."""
    names = [".notdef", *(f"glyph{place}" for place in range(len(characters)))]
    pen = TTGlyphPen(None)
    for number, point in enumerate([(0, 0), (0, 500), (500, 500), (500, 0)]):
        (pen.lineTo if number else pen.moveTo)(point)
    pen.closePath()
    square = pen.glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(character): name for character, name in zip(characters, names[1:], strict=True)})
    builder.setupGlyf(dict.fromkeys(names, square))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": family, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


@contextlib.contextmanager
def fresh_fonts():
    """Forget what was found out about fonts, before and after."""
    known = list(font_manager.fontManager.ttflist)
    caches = (fonts._glyphs, fonts._new_fonts)
    try:
        for cache in caches:
            cache.cache_clear()
        yield
    finally:
        font_manager.fontManager.ttflist[:] = known
        font_manager.fontManager._findfont_cached.cache_clear()
        for cache in caches:
            cache.cache_clear()


@pytest.fixture
def own_fonts(monkeypatch):
    monkeypatch.setattr(fonts, "CJK_FAMILIES", ("Harness Test Han",))
    with fresh_fonts():
        yield monkeypatch


def test_a_font_that_has_the_characters_is_used(own_fonts, tmp_path):
    make_font(tmp_path / "han.ttf", "Harness Test Han", [RARE])
    font_manager.fontManager.addfont(tmp_path / "han.ttf")
    figure = plot(weights(1, 2), ["plain", f"{RARE}x"], ["y"], tmp_path / "heat.png")
    label = figure.axes[0].get_xticklabels()[1]
    assert label.get_text() == f"{RARE}x"
    assert label.get_fontfamily()[-1] == "Harness Test Han"


def test_a_font_installed_after_matplotlib_made_its_list_is_found(own_fonts, tmp_path):
    make_font(tmp_path / "han.ttf", "Harness Test Han", [RARE])
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    found = [str(tmp_path / "broken.ttf"), str(tmp_path / "han.ttf")]
    own_fonts.setattr(font_manager, "findSystemFonts", lambda *_, **__: found)
    figure = plot(weights(1, 1), [RARE], ["y"], tmp_path / "heat.png")
    assert figure.axes[0].get_xticklabels()[0].get_fontfamily()[-1] == "Harness Test Han"


def test_without_such_a_font_there_is_one_warning_and_boxes(own_fonts, tmp_path):
    own_fonts.setattr(font_manager, "findSystemFonts", lambda *_, **__: [])
    strange = [chr(ord(RARE) + place) for place in range(12)]
    with pytest.warns(UserWarning, match="no font here has 12 of the labels' characters.*Noto Sans CJK") as caught:
        figure = plot(weights(1, 12), strange, ["y"], tmp_path / "heat.png")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert labels(figure.axes[0].xaxis) == ["□"] * 12
    figure.savefig(tmp_path / "again.pdf")  # and no warning at a later drawing


def test_chinese_where_a_font_is_installed(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if fonts.drawable(["苹果牛奶面包"]).texts != [["苹果牛奶面包"]]:
            pytest.skip("no Chinese font is installed")
    with fresh_fonts():
        figure = plot(weights(2, 2), ["苹果", "牛奶"], ["面包", "日本語"], tmp_path / "heat.png")
    assert labels(figure.axes[0].xaxis) == ["苹果", "牛奶"]
    assert len(figure.axes[0].get_xticklabels()[0].get_fontfamily()) == 2


def test_a_font_of_the_users_own_is_kept(tmp_path):
    with mpl.rc_context({"font.family": ["DejaVu Serif"], "text.usetex": False}):
        figure = plot(weights(1, 1), ["a"], ["y"])
    assert figure.axes[0].get_xticklabels()[0].get_fontfamily() == ["DejaVu Serif"]
    with mpl.rc_context({"font.family": ["No Such Font"]}):
        figure = plot(weights(1, 1), ["a"], ["y"])
    assert figure.axes[0].get_xticklabels()[0].get_fontfamily() == ["DejaVu Sans"]
