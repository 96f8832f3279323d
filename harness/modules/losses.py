"""Losses of generative recommenders."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from harness.modules.checks import at_least_float32, check_floats, check_integers, check_shape, check_share, check_sizes

_IGNORED = -1  # no token, whatever ignore_index is


class VQVAELoss(nn.Module):
    r"""Loss of a vector-quantised autoencoder, for learning semantic ids.

    .. math:: \mathcal{L} = \frac{1}{n} \lVert \hat{x} - x \rVert^2
              + \gamma \, \mathcal{L}_\mathrm{commitment} + \beta \, \mathcal{L}_\mathrm{embedding}

    Parameters
    ----------
    commitment_cost
        The weight of the commitment loss, which keeps the encoder near its codes.
    beta
        The weight of the embedding loss, which moves the codes to the encoder's outputs.

    References
    ----------
    van den Oord et al., "Neural discrete representation learning", NeurIPS 2017, section 3.2; for
    semantic ids: Rajput et al., "Recommender systems with generative retrieval", NeurIPS 2023.

    Examples
    --------
    >>> losses = VQVAELoss(commitment_cost=0.25)(torch.zeros(2, 3), torch.ones(2, 3), torch.tensor(2.0), 0.5)
    >>> losses["total_loss"].item()
    2.0
    """

    def __init__(self, commitment_cost: float = 0.25, beta: float = 1.0) -> None:
        super().__init__()
        self.commitment_cost = commitment_cost
        self.beta = beta

    def forward(
        self,
        x: torch.Tensor,
        x_recon: torch.Tensor,
        commitment_loss: torch.Tensor | float,
        embedding_loss: torch.Tensor | float,
    ) -> dict[str, torch.Tensor]:
        """Return the total and its parts.

        Parameters
        ----------
        x, x_recon
            Input and reconstruction, of one shape. Where they hold nothing, their part is 0.
        commitment_loss, embedding_loss
            Scalars, from the quantiser.

        Returns
        -------
        dict
            Scalars: ``total_loss``, ``reconstruction_loss`` (the mean squared error), and
            ``commitment_loss`` and ``embedding_loss`` as they came, without their weights.

        Raises
        ------
        ValueError
            ``x_recon`` has another shape than ``x``, or a loss is not a scalar.
        """
        check_floats(x=x, x_recon=x_recon)
        if x.shape != x_recon.shape:
            raise ValueError(f"x has shape {tuple(x.shape)}, x_recon {tuple(x_recon.shape)}; they must be equal")
        commitment = _scalar("commitment_loss", commitment_loss, x_recon)
        embedding = _scalar("embedding_loss", embedding_loss, x_recon)
        reconstruction = F.mse_loss(x_recon, x) if x.numel() else x_recon.sum()
        return {
            "total_loss": reconstruction + self.commitment_cost * commitment + self.beta * embedding,
            "reconstruction_loss": reconstruction,
            "commitment_loss": commitment,
            "embedding_loss": embedding,
        }


class SequenceLoss(nn.Module):
    r"""Mean cross entropy of the next token, and the accuracy, over the tokens that count.

    .. math:: \mathcal{L} = -\frac{1}{|C|} \sum_{t \in C} \Big[(1 - \epsilon) \log p_t(y_t)
              + \frac{\epsilon}{V} \sum_{v=1}^{V} \log p_t(v)\Big]

    C holds the positions whose label is not ``ignore_index`` and whose mask is not 0, and
    :math:`\epsilon` is ``label_smoothing``.

    Parameters
    ----------
    vocab_size
        V, the width of the logits.
    ignore_index
        The label of positions that do not count.
    label_smoothing
        Share of the target that is spread evenly over the vocabulary, 0 to 1.

    Raises
    ------
    ValueError
        An argument is out of its range.

    References
    ----------
    Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016,
    section 7 (label smoothing).

    Examples
    --------
    >>> logits = torch.tensor([[[2.0, 0.0], [9.0, 0.0]]])
    >>> result = SequenceLoss(vocab_size=2)(logits, torch.tensor([[0, 1]]), torch.tensor([[1, 0]]))
    >>> round(result["loss"].item(), 4), result["accuracy"].item()
    (0.1269, 1.0)
    """

    def __init__(self, vocab_size: int, ignore_index: int = -100, label_smoothing: float = 0.0) -> None:
        super().__init__()
        check_sizes(vocab_size=vocab_size)
        if not isinstance(ignore_index, int):
            raise ValueError(f"ignore_index is {ignore_index!r}; a whole number is needed")
        check_share("label_smoothing", label_smoothing)
        self.vocab_size = vocab_size
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(
        self, logits: torch.Tensor, labels: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """Return loss and accuracy.

        Parameters
        ----------
        logits
            ``(B, L, V)``.
        labels
            Integers ``(B, L)``: the token that each position should predict, or ``ignore_index``.
        attention_mask
            ``(B, L)`` of any type, or None: where it is 0, the position does not count, whatever
            its label.

        Returns
        -------
        dict
            Scalars: ``loss``, of the type of the logits, and ``accuracy``, the share of the tokens
            that count whose largest logit is the label's. Where nothing counts both are 0, and the
            loss can still be differentiated. Where a position that counts has NaN, both are NaN.

        Raises
        ------
        ValueError
            A shape does not fit, or a label that counts is outside the vocabulary.
        """
        check_floats(logits=logits)
        check_shape("logits", logits, (None, None, self.vocab_size), "(B, L, V)")
        check_shape("labels", labels, tuple(logits.shape[:2]), "(B, L)")
        check_integers("labels", labels)
        labels = labels.long()  # a small type would wrap ignore_index onto a label
        counted = labels != self.ignore_index
        if attention_mask is not None:
            check_shape("attention_mask", attention_mask, tuple(labels.shape), "(B, L)")
            counted = counted & (attention_mask != 0)
        flat = counted.reshape(-1)  # (B * L,)
        targets = self._targets(labels, counted).reshape(-1)  # (B * L,)
        tokens = logits.reshape(-1, self.vocab_size)  # (B * L, V)
        smoothing = self.label_smoothing
        losses = F.cross_entropy(tokens, targets, ignore_index=_IGNORED, label_smoothing=smoothing, reduction="none")
        number = flat.sum().clamp(min=1)
        loss = losses.sum(dtype=at_least_float32(losses)) / number  # half precision ends at 65,504
        return {"loss": loss.to(logits.dtype), "accuracy": _correct(tokens.detach(), targets, flat).sum() / number}

    def _targets(self, labels: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
        targets = labels.masked_fill(~counted, _IGNORED)
        outside = counted & ((targets < 0) | (targets >= self.vocab_size))
        if outside.any():
            raise ValueError(
                f"labels holds {int(targets[outside][0])}; with vocab_size {self.vocab_size} they lie in "
                f"0 … {self.vocab_size - 1}, and {self.ignore_index} does not count"
            )
        return targets


def _scalar(name: str, loss: torch.Tensor | float, like: torch.Tensor) -> torch.Tensor:
    scalar = loss if isinstance(loss, torch.Tensor) else like.new_tensor(loss)
    if scalar.dim() != 0:
        raise ValueError(f"{name} has shape {tuple(scalar.shape)}; a scalar, of shape (), is needed")
    return scalar


def _correct(tokens: torch.Tensor, targets: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Return 1 for each position that counts and is right, NaN where its logits hold NaN, else 0."""
    largest, predicted = tokens.max(dim=-1)  # NaN counts as the largest
    right = (predicted == targets).float().masked_fill(largest.isnan(), torch.nan)
    return right.masked_fill(~counted, 0)
