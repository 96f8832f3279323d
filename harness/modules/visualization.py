"""Plot attention weights as heat maps."""

# Matplotlib and seaborn are imported where a picture is asked for: encoders and losses do not wait.

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from harness.artifacts.array_types import Float64Array
from harness.errors import did_you_mean
from harness.storage import atomic_write

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from harness.modules.fonts import Labels

_LEGIBLE = 20  # rows or columns up to which cells hold their numbers
_CELL = 0.45  # inches
_SMALLEST_CELL = 0.36  # inches that a number needs
_LABEL = 0.17  # inches that a label needs
_CHARACTER = 0.12  # inches that a wide character needs
_LARGEST = 24.0  # inches of a figure's side


class AttentionVisualization:
    """Heat maps of attention."""

    @staticmethod
    def plot_attention_heatmap(
        attention_weights: torch.Tensor | NDArray[Any] | Sequence[Any],
        input_tokens: Sequence[object],
        output_tokens: Sequence[object],
        save_path: str | Path | None = None,
    ) -> Figure:
        """Draw attention weights: one row per output token, one column per input token; darker is more.

        It needs no display, opens no window and leaves pyplot's figures and settings as they were.
        All heads share one scale, from 0 to the largest weight. NaN stays blank.

        Parameters
        ----------
        attention_weights
            ``(Lout, Lin)``, or ``(H, Lout, Lin)`` for a panel a head; of any type of number, on any
            device. Up to about 20 by 20 the cells hold their numbers.
        input_tokens
            Lin labels of the columns. Labels of any script are drawn in the fonts that are there;
            long ones are cut, and of very many only some are shown.
        output_tokens
            Lout labels of the rows.
        save_path
            Where to write the figure, or None. Its folders are made; the suffix says the format,
            such as ``.png``, ``.svg`` or ``.pdf``. Without a suffix ``.png`` is added.

        Returns
        -------
        matplotlib.figure.Figure
            The figure, for ``savefig`` or a notebook.

        Raises
        ------
        ValueError
            The weights are not of two or three dimensions or are empty, the number of labels does
            not match, or the format is unknown.
        HarnessError
            The file cannot be written.

        References
        ----------
        Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to align and
        translate", ICLR 2015, figure 3, where attention was first drawn so.

        Examples
        --------
        >>> weights = torch.tensor([[0.9, 0.1], [0.4, 0.6]])
        >>> figure = AttentionVisualization.plot_attention_heatmap(weights, ["tea", "milk"], ["tea", "milk"])
        >>> figure.axes[0].get_xlabel(), [label.get_text() for label in figure.axes[0].get_xticklabels()]
        ('input tokens', ['tea', 'milk'])
        """
        weights = _as_heads(attention_weights)
        _check_labels("input_tokens", input_tokens, weights.shape[2], "columns")
        _check_labels("output_tokens", output_tokens, weights.shape[1], "rows")
        target = None if save_path is None else _target(Path(save_path))

        import matplotlib as mpl

        from harness.modules.fonts import drawable

        labels = drawable(_plain(input_tokens), _plain(output_tokens))
        # Fonts that are there, and no LaTeX, which would read names as formulas.
        with mpl.rc_context({"font.family": labels.families, "text.usetex": False}):
            figure = _draw(weights, labels)
            if target is not None:
                with atomic_write(target) as temporary:
                    figure.savefig(temporary, format=target.suffix[1:].lower(), dpi=150)
        return figure


def _as_heads(weights: Any) -> Float64Array:
    """Return float64 ``(H, Lout, Lin)``."""
    try:
        if isinstance(weights, torch.Tensor) and not weights.is_complex():
            weights = weights.detach().to_dense().to("cpu", torch.float64).numpy()
        elif np.iscomplexobj(weights):
            raise TypeError("they are complex")
        array: Float64Array = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"attention_weights is not a table of real numbers: {error}") from error
    if array.ndim not in (2, 3) or array.size == 0:
        raise ValueError(
            f"attention_weights has shape {array.shape}; (Lout, Lin) or (H, Lout, Lin) is needed, 1 or more each"
        )
    return array if array.ndim == 3 else array[None]


def _check_labels(name: str, labels: Sequence[object], length: int, what: str) -> None:
    if len(labels) != length:
        raise ValueError(f"{name} has {len(labels)} labels; attention_weights has {length} {what}")


def _plain(tokens: Any) -> Sequence[object]:
    plain: Sequence[object] = tokens.tolist() if hasattr(tokens, "tolist") else tokens
    return plain


def _target(path: Path) -> Path:
    from matplotlib.figure import Figure

    formats = Figure().canvas.get_supported_filetypes()
    target = path if path.suffix else path.with_name(f"{path.name}.png")
    if target.suffix[1:].lower() not in formats:
        suffixes = [f".{name}" for name in formats]
        raise ValueError(f"save_path ends in {target.suffix!r}. {did_you_mean(target.suffix.lower(), suffixes)}")
    return target


def _draw(weights: Float64Array, labels: Labels) -> Figure:
    from matplotlib.figure import Figure

    heads, rows, columns = weights.shape
    across = math.ceil(math.sqrt(heads))
    down = math.ceil(heads / across)
    cell = min(_CELL, _LARGEST / (across * columns), _LARGEST / (down * rows))
    # Room for labels, titles and the scale beside the cells.
    below = _CHARACTER * _longest(labels.texts[0]) if _is_turned(labels, cell) else _LABEL
    width = max(cell * columns, 1.2) + _CHARACTER * _longest(labels.texts[1]) + 0.8
    height = max(cell * rows, 1.2) + below + 1.0
    figure = Figure(figsize=(across * width + 0.8, down * height + 0.4), layout="constrained")
    figure.suptitle("Attention weights")
    for head, panel in enumerate(figure.subplots(down, across, squeeze=False).flat):
        if head < heads:
            _panel(panel, weights[head], labels, cell=cell, scale=_scale(weights))
            panel.set_title(f"head {head + 1}" if heads > 1 else "")
        else:
            panel.set_axis_off()
    tall, wide = figure.get_figheight(), figure.get_figwidth()
    panels = figure.axes
    scale = figure.colorbar(
        panels[0].collections[0], ax=panels, fraction=0.4 / wide, aspect=tall / 0.2, pad=0.15 / wide
    )
    # Its labels are made at each drawing, which may be after the settings are back.
    scale.ax.tick_params(labelfontfamily=labels.families)
    return figure


def _scale(weights: Float64Array) -> tuple[float, float]:
    finite = weights[np.isfinite(weights)]
    low, high = float(finite.min(initial=0.0)), float(finite.max(initial=0.0))
    return low, high if high > low else low + 1.0


def _panel(axes: Axes, weights: Float64Array, labels: Labels, *, cell: float, scale: tuple[float, float]) -> None:
    import seaborn as sns

    legible = max(weights.shape) <= _LEGIBLE and cell >= _SMALLEST_CELL
    sns.heatmap(
        weights,
        ax=axes,
        cmap="Blues",
        vmin=scale[0],
        vmax=scale[1],
        annot=legible,
        fmt=".2f",
        annot_kws={"size": 7},
        cbar=False,
        xticklabels=False,
        yticklabels=False,
    )
    # A name such as "$x_1$" is a name, not a formula.
    style: dict[str, Any] = {"fontfamily": labels.families, "fontsize": 8, "parse_math": False, "usetex": False}
    step = _step(cell)
    turned = 90 if _is_turned(labels, cell) else 0
    for axis, texts, rotation in ((axes.xaxis, labels.texts[0], turned), (axes.yaxis, labels.texts[1], 0)):
        axis.set_ticks([place + 0.5 for place in range(0, len(texts), step)], texts[::step], rotation=rotation, **style)
    axes.set_xlabel("input tokens")
    axes.set_ylabel("output tokens")


def _step(cell: float) -> int:
    """Return how many cells a label stands for, so that it has room."""
    return max(math.ceil(_LABEL / cell), 1)


def _is_turned(labels: Labels, cell: float) -> bool:
    return _CHARACTER * _longest(labels.texts[0]) > cell * _step(cell)


def _longest(texts: Sequence[str]) -> float:
    """Return the length of the longest label in wide characters, as Chinese ones are; Latin ones are narrower."""
    wide = ("W", "F")
    return max(sum(1.0 if unicodedata.east_asian_width(c) in wide else 0.6 for c in text) for text in texts)
