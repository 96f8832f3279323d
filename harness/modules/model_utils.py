"""Count, freeze and initialise the parameters of a model."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from harness.errors import did_you_mean

_MEBIBYTE = 1 << 20


class ModelUtils:
    """Functions for any model: count parameters, freeze layers, initialise weights.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3))
    >>> ModelUtils.count_parameters(model)
    21
    >>> ModelUtils.freeze_layers(model, ["1."])
    >>> ModelUtils.count_parameters(model)
    15
    """

    @staticmethod
    def count_parameters(model: nn.Module) -> int:
        """Return the number of trainable parameters; shared ones count once.

        Examples
        --------
        >>> ModelUtils.count_parameters(nn.Linear(4, 3, bias=False))
        12
        """
        return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)

    @staticmethod
    def get_model_size(model: nn.Module) -> str:
        """Return the size of parameters and buffers in MiB, as text; shared ones count once.

        Examples
        --------
        >>> ModelUtils.get_model_size(nn.Linear(1024, 1024, bias=False))
        '4.00 MB'
        """
        tensors = [*model.parameters(), *model.buffers()]
        return f"{sum(tensor.numel() * tensor.element_size() for tensor in tensors) / _MEBIBYTE:.2f} MB"

    @staticmethod
    def freeze_layers(model: nn.Module, layer_names: Iterable[str]) -> None:
        """Exclude parameters from training: each whose dotted name contains one of the strings.

        Parameters
        ----------
        model
            It is changed in place.
        layer_names
            Parts of names, such as ``["embedding", "transformer.layers.0."]``.

        Raises
        ------
        ValueError
            A string is part of no parameter's, buffer's or submodule's name, or one string was
            passed in place of a list; nothing has been changed then.

        Examples
        --------
        >>> model = nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3))
        >>> ModelUtils.freeze_layers(model, ["0.weight"])
        >>> [name for name, parameter in model.named_parameters() if parameter.requires_grad]
        ['0.bias', '1.weight', '1.bias']
        """
        _set_trainable(model, layer_names, trainable=False)

    @staticmethod
    def unfreeze_layers(model: nn.Module, layer_names: Iterable[str]) -> None:
        """Include parameters in training again; parameters and errors as for ``freeze_layers``.

        Examples
        --------
        >>> model = nn.Linear(4, 3).requires_grad_(False)
        >>> ModelUtils.unfreeze_layers(model, ["bias"])
        >>> ModelUtils.count_parameters(model)
        3
        """
        _set_trainable(model, layer_names, trainable=True)

    @staticmethod
    def initialize_weights(
        model: nn.Module, init_type: str = "xavier", *, generator: torch.Generator | None = None
    ) -> None:
        """Draw new weights and set the biases to 0.

        Weights of normalisation layers become 1; others of one dimension keep what they are. The
        padding row of an embedding becomes 0, also where another layer shares its weights. A
        parameter is a weight or a bias by the last part of its name; others stay as they are.

        Parameters
        ----------
        model
            It is changed in place, frozen parameters too.
        init_type
            ``"xavier"`` (uniform), ``"kaiming"`` (uniform) or ``"normal"`` (standard deviation 0.02).
        generator
            Where the numbers come from; None for torch's own, as ``torch.manual_seed`` sets it.

        Raises
        ------
        ValueError
            ``init_type`` is unknown; nothing has been changed then.

        References
        ----------
        Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
        networks", AISTATS 2010; He et al., "Delving deep into rectifiers", ICCV 2015; Radford et
        al., "Language models are unsupervised multitask learners" (2019) for 0.02.

        Examples
        --------
        >>> model = nn.Sequential(nn.Embedding(3, 2, padding_idx=0), nn.LayerNorm(2))
        >>> ModelUtils.initialize_weights(model, "normal")
        >>> model[0].weight[0].tolist(), model[1].weight.tolist(), model[1].bias.tolist()
        ([0.0, 0.0], [1.0, 1.0], [0.0, 0.0])
        """
        if not isinstance(init_type, str) or init_type not in _INITIALIZERS:
            raise ValueError(f"init_type is {init_type!r}. {did_you_mean(str(init_type), _INITIALIZERS)}")
        draw = functools.partial(_INITIALIZERS[init_type], generator=generator)
        with torch.no_grad():
            for module in model.modules():
                for name, parameter in module.named_parameters(recurse=False):
                    _initialize(module, name, parameter, draw)
            # At the end: a layer with shared weights may have drawn them again.
            for module in model.modules():
                padding = getattr(module, "padding_idx", None)
                if isinstance(module, (nn.Embedding, nn.EmbeddingBag)) and padding is not None:
                    module.weight[padding] = 0


_INITIALIZERS: dict[str, Callable[..., torch.Tensor]] = {
    "xavier": nn.init.xavier_uniform_,
    "kaiming": nn.init.kaiming_uniform_,
    "normal": functools.partial(nn.init.normal_, std=0.02),
}
_NORMALISATION = (nn.LayerNorm, nn.RMSNorm, nn.GroupNorm, nn.modules.batchnorm._NormBase)


def _initialize(
    module: nn.Module, name: str, parameter: nn.Parameter, draw: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    if "bias" in name:
        parameter.zero_()
    elif "weight" in name and isinstance(module, _NORMALISATION):
        parameter.fill_(1)
    elif "weight" in name and parameter.dim() > 1 and parameter.numel():
        draw(parameter)


def _set_trainable(model: nn.Module, layer_names: Iterable[str], *, trainable: bool) -> None:
    if isinstance(layer_names, str):
        raise ValueError(f"layer_names is {layer_names!r}; a list is needed, such as [{layer_names!r}]")
    wanted = list(layer_names)
    for part in wanted:
        if not isinstance(part, str):
            raise ValueError(f"layer_names holds {part!r}; parts of names are needed, as text")
    names = [name for names in _names(model) for name in names]
    for part in wanted:
        if not any(part in name for name in names):
            raise ValueError(
                f"layer_names holds {part!r}, but no parameter, buffer or submodule has it as a part of its name. "
                f"{did_you_mean(part, _parts(names))}"
            )
    # A shared parameter has several names, and each counts.
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if any(part in name for part in wanted):
            parameter.requires_grad_(trainable)


def _names(model: nn.Module) -> list[list[str]]:
    lists: list[Any] = [
        model.named_parameters(remove_duplicate=False),
        model.named_buffers(remove_duplicate=False),
        model.named_modules(remove_duplicate=False),
    ]
    return [[name for name, _ in named] for named in lists]


def _parts(names: Iterable[str]) -> set[str]:
    """Return the names that stand before a dot, which are those of layers."""
    return {part for name in names for part in name.split(".")[:-1] if not part.isdigit()}
