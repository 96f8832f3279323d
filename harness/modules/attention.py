"""Multi-head attention that returns its weights."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from harness.modules.checks import check_shape, check_share, check_sizes

# Keys: twice the widest vector of a CPU, in float32. Over fewer keys than its vectors are wide, torch's
# kernel for CPUs takes a row of NaN for one that sees nothing, and answers with finite numbers, unless
# it is given a mask.
SHORT = 32


class MultiHeadAttention(nn.Module):
    r"""Scaled dot-product attention in several heads, from queries to keys and values of any length.

    .. math:: \mathrm{head}_h = \mathrm{softmax}\!\left(\frac{Q_h K_h^\top}{\sqrt{D / H}}\right) V_h,
              \qquad \mathrm{output} = [\mathrm{head}_1; \dots; \mathrm{head}_H]\, W_o

    Submodules, hence keys of a state dict: the linear layers ``w_q``, ``w_k``, ``w_v`` and ``w_o``,
    each D to D with bias.

    Parameters
    ----------
    embedding_dim
        D, the width of queries, keys, values and output; a multiple of ``num_heads``.
    num_heads
        H, 1 or more.
    dropout
        Share of the attention weights that is dropped in training, 0 to 1.

    Raises
    ------
    ValueError
        ``embedding_dim`` is not a multiple of ``num_heads``, a size is below 1, or ``dropout`` is
        outside 0 to 1.

    References
    ----------
    Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.2.

    Examples
    --------
    Two queries over five keys; the second query may see only the first three:

    >>> attention = MultiHeadAttention(embedding_dim=8, num_heads=2, dropout=0.0)
    >>> mask = torch.tensor([[[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]])
    >>> output, weights = attention(torch.randn(1, 2, 8), torch.randn(1, 5, 8), torch.randn(1, 5, 8), mask)
    >>> output.shape, weights.shape
    (torch.Size([1, 2, 8]), torch.Size([1, 2, 2, 5]))
    >>> weights[0, :, 1, 3:].abs().max().item()
    0.0
    """

    def __init__(self, embedding_dim: int, num_heads: int, dropout: float = 0.1) -> None:
        super().__init__()
        check_sizes(embedding_dim=embedding_dim, num_heads=num_heads)
        check_heads(embedding_dim, num_heads)
        check_share("dropout", dropout)
        self.embedding_dim = embedding_dim
        self.num_heads = num_heads
        self.w_q = nn.Linear(embedding_dim, embedding_dim)
        self.w_k = nn.Linear(embedding_dim, embedding_dim)
        self.w_v = nn.Linear(embedding_dim, embedding_dim)
        self.w_o = nn.Linear(embedding_dim, embedding_dim)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: torch.Tensor | None = None,
        *,
        need_weights: bool = True,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Attend.

        Parameters
        ----------
        query
            ``(B, Lq, D)``.
        key, value
            ``(B, Lk, D)`` each.
        mask
            ``(B, Lq, Lk)`` of any type, or None: where it is 0, the query does not see the key.
        need_weights
            With False the fused kernel of torch is used, which never writes the weights.

        Returns
        -------
        output : torch.Tensor
            ``(B, Lq, D)``. A query that sees no key gets the bias of ``w_o`` alone.
        weights : torch.Tensor or None
            ``(B, H, Lq, Lk)`` before dropout: each row sums to 1, blocked positions are exactly 0,
            and a row that sees no key is 0 throughout. None without ``need_weights``.

        Raises
        ------
        ValueError
            A shape does not fit; the message names the argument and both shapes.
        """
        self._check(query, key, value, mask)
        queries, keys, values = self._split(self.w_q(query)), self._split(self.w_k(key)), self._split(self.w_v(value))
        blocked = None if mask is None else (mask == 0).unsqueeze(1)  # (B, 1, Lq, Lk)
        # A softmax over nothing is NaN: a query that sees no key sees all, and what it gets is set to 0.
        blind = None if blocked is None else blocked.all(dim=-1, keepdim=True)  # (B, 1, Lq, 1)
        allowed = None if blocked is None or blind is None else ~blocked | blind
        weights = None
        if need_weights:
            weights = self._weights(queries, keys, blocked, allowed)
            heads = self.dropout(weights) @ values
        else:
            dropout = self.dropout.p if self.training else 0.0
            heads = F.scaled_dot_product_attention(queries, keys, values, attn_mask=allowed, dropout_p=dropout)
            if allowed is None and keys.shape[2] < SHORT:
                heads = heads + _unknown(queries, keys)
        if blind is not None:
            heads = heads.masked_fill(blind, 0)
        return self.w_o(self._join(heads)), weights

    @staticmethod
    def _weights(
        queries: torch.Tensor, keys: torch.Tensor, blocked: torch.Tensor | None, allowed: torch.Tensor | None
    ) -> torch.Tensor:
        # Scaled before the product, which half precision could not hold.
        scores = (queries / math.sqrt(queries.shape[-1])) @ keys.transpose(-2, -1)  # (B, H, Lq, Lk)
        if blocked is None or allowed is None:
            return scores.softmax(dim=-1)
        return scores.masked_fill(~allowed, -math.inf).softmax(dim=-1).masked_fill(blocked, 0)

    def _split(self, projected: torch.Tensor) -> torch.Tensor:
        width = self.embedding_dim // self.num_heads
        batch, length, _ = projected.shape
        return projected.view(batch, length, self.num_heads, width).transpose(1, 2)  # (B, H, L, D / H)

    @staticmethod
    def _join(heads: torch.Tensor) -> torch.Tensor:
        return heads.transpose(1, 2).flatten(2)  # (B, L, D)

    def _check(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None) -> None:
        width = self.embedding_dim
        check_shape("query", query, (None, None, width), "(B, Lq, D)")
        batch, queries, _ = query.shape
        check_shape("key", key, (batch, None, width), "(B, Lk, D)")
        check_shape("value", value, (batch, key.shape[1], width), "(B, Lk, D)")
        if mask is not None:
            check_shape("mask", mask, (batch, queries, key.shape[1]), "(B, Lq, Lk)")


def _unknown(queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """Return ``(B, H, Lq, 1)``: NaN where a query, or any key, has NaN, else 0."""
    lost = queries.sum(dim=-1, keepdim=True).isnan() | keys.sum(dim=(-2, -1), keepdim=True).isnan()
    return torch.zeros_like(lost, dtype=queries.dtype).masked_fill(lost, torch.nan)


def check_heads(embedding_dim: int, num_heads: int) -> None:
    """Check that the width divides into the heads.

    Raises
    ------
    ValueError
        It does not.
    """
    if embedding_dim % num_heads:
        raise ValueError(f"embedding_dim is {embedding_dim}, which {num_heads} heads (num_heads) do not divide")
