"""Parts of the decoder of ``Generative``: sizes, layers, and cached keys and values."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from harness.modules import MultiHeadAttention


@dataclass(frozen=True)
class NetworkSizes:
    """Sizes of the network.

    Parameters
    ----------
    codes
        Number of codes at each level.
    embedding_dim, num_heads, attn_dim, dropout
        Sizes of the encoder and the decoder, as in ``TransformerEncoder``.
    encoder_layers, decoder_layers
        Number of layers, 1 or more each.
    max_items
        Number of items of a history that are read.
    """

    codes: tuple[int, ...]
    embedding_dim: int
    num_heads: int
    attn_dim: int
    encoder_layers: int
    decoder_layers: int
    dropout: float
    max_items: int


@dataclass(frozen=True, eq=False)
class DecoderContext:
    """Keys and values of the encoded histories for each decoder layer, shared by the beams of a user.

    Parameters
    ----------
    keys, values
        ``(users, heads, tokens, width)`` a layer.
    allowed
        bool ``(users, 1, 1, tokens)``: where there is a token; everywhere for a user without any.
    blind
        bool ``(users, 1, 1)``: users without a token, whose attention is 0.
    """

    keys: tuple[torch.Tensor, ...]
    values: tuple[torch.Tensor, ...]
    allowed: torch.Tensor
    blind: torch.Tensor


@dataclass(frozen=True, eq=False)
class DecoderCache:
    """Cached keys and values of the codes written so far, for each decoder layer.

    Parameters
    ----------
    keys, values
        ``(users x beams, heads, steps, width)`` per layer.
    """

    keys: tuple[torch.Tensor, ...]
    values: tuple[torch.Tensor, ...]

    def of_beams(self, chosen: torch.Tensor) -> DecoderCache:
        """Return the cache of some beams, int64 ``(n,)``, in their order."""
        return DecoderCache(
            tuple(keys.index_select(0, chosen) for keys in self.keys),
            tuple(values.index_select(0, chosen) for values in self.values),
        )


class DecoderLayer(nn.Module):
    """Decoder layer: self-attention, cross-attention and feed-forward, each after a layer norm."""

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        width = sizes.embedding_dim
        self.self_attention = MultiHeadAttention(width, sizes.num_heads, sizes.dropout)
        self.cross_attention = MultiHeadAttention(width, sizes.num_heads, sizes.dropout)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, sizes.attn_dim), nn.ReLU(), nn.Dropout(sizes.dropout), nn.Linear(sizes.attn_dim, width)
        )
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(3)])
        self.dropout = nn.Dropout(sizes.dropout)

    def forward(
        self,
        hidden: torch.Tensor,
        encoded: torch.Tensor,
        *,
        earlier: torch.Tensor,
        real: torch.Tensor,
        need_weights: bool = False,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return all steps at once, ``(batch, steps, D)``, as in training, and their cross-attention weights.

        Parameters
        ----------
        hidden
            ``(batch, steps, D)``.
        encoded
            ``(batch, tokens, D)``.
        earlier
            bool ``(batch, steps, steps)``: which steps each step may attend to.
        real
            bool ``(batch, steps, tokens)``: which tokens are not padding.
        need_weights
            Whether to return ``(batch, heads, steps, tokens)`` too rather than None.
        """
        normed = self.norms[0](hidden)
        attended, _ = self.self_attention(normed, normed, normed, earlier, need_weights=False)
        hidden = hidden + self.dropout(attended)
        attended, weights = self.cross_attention(
            self.norms[1](hidden), encoded, encoded, real, need_weights=need_weights
        )
        hidden = hidden + self.dropout(attended)
        return hidden + self.dropout(self.feed_forward(self.norms[2](hidden))), weights
