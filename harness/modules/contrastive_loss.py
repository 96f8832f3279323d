"""Contrastive loss of anchor, positive and negative vectors."""

from __future__ import annotations

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import nn

from harness.errors import did_you_mean
from harness.modules.checks import at_least_float32, check_floats, check_shape

Mode = Literal["infonce", "margin"]


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
            ``(B, D)`` each. Vectors of any length: only their direction matters.
        negative
            ``(B, N, D)``. Without a negative, as without an anchor, the loss is 0. Negatives that all anchors share
            may be expanded, ``shared.expand(B, N, D)``: they are then multiplied once.
        negative_logits
            ``(B, N)`` or None: what is added to the logit of each negative, such as the logarithm of how much more
            often it is drawn than it should be, turned round; minus infinity leaves a negative out. Only
            for ``mode="infonce"``.

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


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    """Return vectors of length 1; of zeros remain zeros, with a gradient that stays small."""
    wide = vectors.to(at_least_float32(vectors))
    if wide.shape[-1] == 0:
        return wide
    # Squares of very long or short vectors leave the range; the direction does not change with a factor.
    largest = wide.detach().abs().amax(dim=-1, keepdim=True)
    scaled = wide / torch.where(largest == 0, 1.0, largest)
    length = torch.linalg.vector_norm(scaled, dim=-1, keepdim=True)
    return scaled / torch.where(length == 0, 1.0, length)
