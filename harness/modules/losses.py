"""Losses of generative and contrastive recommenders."""

from __future__ import annotations

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import nn

from harness.errors import did_you_mean
from harness.modules.checks import check_floats, check_integers, check_shape, check_share, check_sizes

Mode = Literal["infonce", "margin"]

_IGNORED = -1  # no token, whatever ignore_index is


class VQVAELoss(nn.Module):
    r"""Loss of a vector-quantised autoencoder, as semantic ids are learnt with.

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
            ``x_recon`` has another shape than ``x``, or a loss is no scalar.
        """
        check_floats(x=x, x_recon=x_recon)
        if x.shape != x_recon.shape:
            raise ValueError(f"x has shape {tuple(x.shape)}, x_recon {tuple(x_recon.shape)}; they must be alike")
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
    r"""Cross entropy of the next token, the mean over the tokens that count, and their accuracy.

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
        loss = losses.sum(dtype=_at_least_float32(losses)) / number  # half precision ends at 65,504
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


class ContrastiveLoss(nn.Module):
    r"""Pull an anchor to its positive and away from negatives, by the cosine.

    ``mode="infonce"``, the cross entropy of the positive among positive and negatives:

    .. math:: \mathcal{L} = -\frac{1}{B} \sum_b \log \frac{e^{\cos(a_b, p_b) / \tau}}
              {e^{\cos(a_b, p_b) / \tau} + \sum_n e^{\cos(a_b, n_{bn}) / \tau}}

    ``mode="margin"``, the triplet loss over all negatives:

    .. math:: \mathcal{L} = \frac{1}{B N} \sum_{b, n} \max(0, m - \cos(a_b, p_b) + \cos(a_b, n_{bn}))

    Parameters
    ----------
    temperature
        :math:`\tau` above 0; unused with ``mode="margin"``.
    margin
        m; unused with ``mode="infonce"``.
    mode
        ``"infonce"`` or ``"margin"``.

    Raises
    ------
    ValueError
        ``temperature`` is not above 0, or ``mode`` is unknown.

    References
    ----------
    van den Oord et al., "Representation learning with contrastive predictive coding", arXiv
    1807.03748, section 2.3; Schroff et al., "FaceNet", CVPR 2015, section 3.1 (margin).

    Examples
    --------
    >>> anchor = torch.tensor([[1.0, 0.0]])
    >>> ContrastiveLoss(temperature=1.0)(anchor, anchor, -anchor.unsqueeze(1)).round(decimals=4)
    tensor(0.1269)
    >>> ContrastiveLoss(margin=0.2, mode="margin")(anchor, -anchor, anchor.unsqueeze(1)).round(decimals=4)
    tensor(2.2000)
    """

    def __init__(self, temperature: float = 0.1, margin: float = 0.2, *, mode: Mode = "infonce") -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"temperature is {temperature}; it must be above 0")
        if mode not in get_args(Mode):
            raise ValueError(f"mode is {mode!r}. {did_you_mean(str(mode), get_args(Mode))}")
        self.temperature = temperature
        self.margin = margin
        self.mode = mode

    def forward(
        self,
        anchor: torch.Tensor,
        positive: torch.Tensor,
        negative: torch.Tensor,
        *,
        negative_logits: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the loss, a scalar of the type of ``anchor``.

        Parameters
        ----------
        anchor, positive
            ``(B, D)`` each. Vectors of any length: their direction alone matters.
        negative
            ``(B, N, D)``. Without a negative, as without an anchor, the loss is 0. Negatives that all anchors share
            may be expanded, ``shared.expand(B, N, D)``: they are then multiplied once.
        negative_logits
            ``(B, N)`` or None: what is added to the logit of each negative, such as the logarithm of how much more
            often it is drawn than it should be, turned round; minus infinity leaves a negative out. With
            ``mode="infonce"`` alone.

        Raises
        ------
        ValueError
            A shape does not fit; the message names the argument and both shapes. Or ``negative_logits`` come with
            ``mode="margin"``.

        References
        ----------
        Yi et al., "Sampling-bias-corrected neural modeling for large corpus item recommendations", RecSys 2019,
        section 3 (``negative_logits`` for negatives of the batch).
        """
        check_floats(anchor=anchor, positive=positive, negative=negative)
        check_shape("anchor", anchor, (None, None), "(B, D)")
        batch, width = anchor.shape
        check_shape("positive", positive, (batch, width), "(B, D)")
        check_shape("negative", negative, (batch, None, width), "(B, N, D)")
        anchors = _unit(anchor)
        near = (anchors * _unit(positive)).sum(dim=-1, keepdim=True)  # (B, 1)
        if batch > 1 and negative.stride(0) == 0:  # one set for all anchors
            far = anchors @ _unit(negative[0]).T  # (B, N)
        else:
            far = (_unit(negative) @ anchors.unsqueeze(-1)).squeeze(-1)  # (B, N)
        if negative_logits is not None:
            check_shape("negative_logits", negative_logits, tuple(far.shape), "(B, N)")
            if self.mode == "margin":
                raise ValueError("negative_logits belong to mode 'infonce'; mode is 'margin'")
        if self.mode == "margin":
            losses = (self.margin - near + far).clamp(min=0)  # (B, N)
        else:
            # The positive's logit comes first, so that its cross entropy is that of class 0.
            logits = torch.cat([near, far], dim=1) / self.temperature  # (B, 1 + N)
            if negative_logits is not None:
                logits = logits + F.pad(negative_logits.to(logits.dtype), (1, 0))
            losses = -logits.log_softmax(dim=1)[:, 0]  # (B,)
        return (losses.sum() / max(losses.numel(), 1)).to(anchor.dtype)


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


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    """Return vectors of length 1; of zeros remain zeros, with a gradient that stays small."""
    wide = vectors.to(_at_least_float32(vectors))
    if wide.shape[-1] == 0:
        return wide
    # Squares of very long or short vectors leave the range; the direction does not change with a factor.
    largest = wide.detach().abs().amax(dim=-1, keepdim=True)
    scaled = wide / torch.where(largest == 0, 1.0, largest)
    length = torch.linalg.vector_norm(scaled, dim=-1, keepdim=True)
    return scaled / torch.where(length == 0, 1.0, length)


def _at_least_float32(tensor: torch.Tensor) -> torch.dtype:
    return torch.promote_types(tensor.dtype, torch.float32)
