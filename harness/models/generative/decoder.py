"""The parts of the decoder of ``Generative``: its sizes, its layers, and what it keeps while it writes."""

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
        How many codes there are at each level.
    embedding_dim, num_heads, attn_dim, dropout
        Of encoder and decoder, as in ``TransformerEncoder``.
    encoder_layers, decoder_layers
        1 or more each.
    max_items
        How many items of a history are read.
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
    """Encoded histories: keys and values of each decoder layer, once a user whatever the beams.

    Parameters
    ----------
    keys, values
        ``(users, heads, tokens, width)`` a layer.
    allowed
        bool ``(users, 1, 1, tokens)``: where there is a token; everywhere for a user without any.
    blind
        bool ``(users, 1, 1)``: users without a token, to whom nothing is told.
    """

    keys: tuple[torch.Tensor, ...]
    values: tuple[torch.Tensor, ...]
    allowed: torch.Tensor
    blind: torch.Tensor


@dataclass(frozen=True, eq=False)
class DecoderCache:
    """What the decoder keeps of the codes so far: keys and values of each layer.

    Parameters
    ----------
    keys, values
        ``(users x beams, heads, steps, width)`` a layer.
    """

    keys: tuple[torch.Tensor, ...]
    values: tuple[torch.Tensor, ...]

    def of_beams(self, chosen: torch.Tensor) -> DecoderCache:
        """Return the past of some beams, int64 ``(n,)``, in the order given."""
        return DecoderCache(
            tuple(keys.index_select(0, chosen) for keys in self.keys),
            tuple(values.index_select(0, chosen) for values in self.values),
        )


class DecoderLayer(nn.Module):
    """Self-attention, attention to the context, feed-forward; each with its norm before it."""

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
        """Return ``(batch, steps, D)`` of all steps at once, as in training, and what each attends to in the context.

        Parameters
        ----------
        hidden
            ``(batch, steps, D)``.
        encoded
            ``(batch, tokens, D)``.
        earlier
            bool ``(batch, steps, steps)``: which steps a step may see.
        real
            bool ``(batch, steps, tokens)``: which tokens there are.
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
