"""The network of ``Generative``: an encoder of histories in codes, and a decoder of the next item's codes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from harness.modules import MultiHeadAttention, TransformerEncoder


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
class Context:
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
class Past:
    """What the decoder keeps of the codes so far: keys and values of each layer.

    Parameters
    ----------
    keys, values
        ``(users x beams, heads, steps, width)`` a layer.
    """

    keys: tuple[torch.Tensor, ...]
    values: tuple[torch.Tensor, ...]

    def of_beams(self, chosen: torch.Tensor) -> Past:
        """Return the past of some beams, int64 ``(n,)``, in the order given."""
        return Past(
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
        self, hidden: torch.Tensor, encoded: torch.Tensor, *, earlier: torch.Tensor, real: torch.Tensor
    ) -> torch.Tensor:
        """Return ``(batch, steps, D)`` of all steps at once, as in training.

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
        """
        normed = self.norms[0](hidden)
        attended, _ = self.self_attention(normed, normed, normed, earlier, need_weights=False)
        hidden = hidden + self.dropout(attended)
        attended, _ = self.cross_attention(self.norms[1](hidden), encoded, encoded, real, need_weights=False)
        hidden = hidden + self.dropout(attended)
        result: torch.Tensor = hidden + self.dropout(self.feed_forward(self.norms[2](hidden)))
        return result


class SemanticTransformer(nn.Module):
    """Encoder-decoder over semantic ids.

    Parameters
    ----------
    sizes
        Of all parts.
    """

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        self.sizes = sizes
        width, levels = sizes.embedding_dim, len(sizes.codes)
        self.encoder = TransformerEncoder(
            sum(sizes.codes),
            width,
            sizes.num_heads,
            sizes.encoder_layers,
            sizes.attn_dim,
            sizes.dropout,
            sizes.max_items * levels,
        )
        self.start = nn.Parameter(torch.randn(width))
        self.steps = nn.Parameter(torch.randn(levels, width) / math.sqrt(width))
        self.layers = nn.ModuleList([DecoderLayer(sizes) for _ in range(sizes.decoder_layers)])
        self.norm = nn.LayerNorm(width)
        self.output = nn.Parameter(torch.randn(levels, max(sizes.codes), width) / math.sqrt(width))
        offsets = torch.tensor([0, *sizes.codes[:-1]]).cumsum(0)
        self.register_buffer("offsets", offsets, persistent=False)  # (levels,): the first token of each level
        outside = torch.arange(max(sizes.codes)) >= torch.tensor(sizes.codes).unsqueeze(1)
        self.register_buffer("outside", outside, persistent=False)  # (levels, widest): codes that a level lacks

    offsets: torch.Tensor
    outside: torch.Tensor

    @property
    def decoder(self) -> list[DecoderLayer]:
        """The decoder's layers."""
        return [layer for layer in self.layers if isinstance(layer, DecoderLayer)]

    def encode(self, codes: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """Return ``(users, items x levels, D)`` of histories.

        Parameters
        ----------
        codes
            int64 ``(users, items, levels)``.
        real
            bool ``(users, items)``.
        """
        tokens = (codes + self.offsets).flatten(1)  # (users, items x levels)
        encoded: torch.Tensor = self.encoder(tokens, real.repeat_interleave(codes.shape[2], dim=1))
        return encoded

    def forward(self, codes: torch.Tensor, real: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return logits ``(batch, levels, widest)`` of each code given those before it, -inf where a level lacks one.

        Parameters
        ----------
        codes, real
            Of the histories, as for ``encode``.
        targets
            int64 ``(batch, levels)``: the codes of the item that comes next.
        """
        encoded, levels = self.encode(codes, real), targets.shape[1]
        before = self.encoder.embedding(targets[:, :-1] + self.offsets[:-1])  # (batch, levels - 1, D)
        start = self.start.expand(len(targets), 1, -1)
        hidden = torch.cat([start, before], dim=1) + self.steps  # (batch, levels, D)
        earlier = torch.ones(levels, levels, dtype=torch.bool, device=codes.device).tril().expand(len(codes), -1, -1)
        tokens = real.repeat_interleave(levels, dim=1).unsqueeze(1).expand(-1, levels, -1)
        for layer in self.decoder:
            hidden = layer(hidden, encoded, earlier=earlier, real=tokens)
        logits = torch.einsum("bld,lcd->blc", self.norm(hidden), self.output)
        return logits.masked_fill(self.outside, -torch.inf)

    def context(self, codes: torch.Tensor, real: torch.Tensor) -> Context:
        """Return what the decoder reads of histories, as for ``encode``."""
        encoded = self.encode(codes, real)
        attentions = [layer.cross_attention for layer in self.decoder]
        tokens = real.repeat_interleave(codes.shape[2], dim=1)  # (users, tokens)
        blind = ~tokens.any(dim=1)
        return Context(
            tuple(self._heads(attention.w_k(encoded)) for attention in attentions),
            tuple(self._heads(attention.w_v(encoded)) for attention in attentions),
            (tokens | blind.unsqueeze(1))[:, None, None],
            blind[:, None, None],
        )

    def step(
        self, level: int, codes: torch.Tensor | None, context: Context, past: Past | None
    ) -> tuple[torch.Tensor, Past]:
        """Return the logits of one level for each beam, and the past with this step in it.

        Parameters
        ----------
        level
            From 0.
        codes
            int64 ``(users, beams)``: the code before it; None at the first level, where there is one beam a user.
        context
            Of the users.
        past
            Of the beams; None at the first level.

        Returns
        -------
        logits : torch.Tensor
            ``(users, beams, codes of the level)``.
        past : Past
        """
        users = len(context.blind)
        if codes is None:
            hidden = self.start.expand(users, 1, -1)
        else:
            hidden = self.encoder.embedding(codes + self.offsets[level - 1])
        hidden = hidden + self.steps[level]  # (users, beams, D)
        keys, values = [], []
        for place, layer in enumerate(self.decoder):
            own = layer.self_attention
            normed = layer.norms[0](hidden).flatten(0, 1).unsqueeze(1)  # (users x beams, 1, D)
            query, key, value = (self._heads(linear(normed)) for linear in (own.w_q, own.w_k, own.w_v))
            if past is not None:
                key = torch.cat([past.keys[place], key], dim=2)
                value = torch.cat([past.values[place], value], dim=2)
            keys.append(key)
            values.append(value)
            # A few steps alone: products of numbers cost less than a call for each beam.
            weights = ((query * key).sum(-1) / math.sqrt(key.shape[-1])).softmax(-1)  # (users x beams, heads, steps)
            attended = (weights.unsqueeze(-1) * value).sum(2).flatten(1)  # (users x beams, D)
            hidden = hidden + own.w_o(attended).view_as(hidden)
            hidden = hidden + self._told(layer.cross_attention, layer.norms[1](hidden), context, place)
            hidden = hidden + layer.feed_forward(layer.norms[2](hidden))
        logits = self.norm(hidden) @ self.output[level, : self.sizes.codes[level]].T
        return logits, Past(tuple(keys), tuple(values))

    def attention_weights(self, codes: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return what the decoder attends to in a history when it writes each code of an item, for pictures.

        Parameters
        ----------
        codes
            int64 ``(1, items, levels)``: of the history, without padding.
        targets
            int64 ``(n, levels)``: the items written.

        Returns
        -------
        torch.Tensor
            ``(layers, n, heads, levels, items)``: of an item's tokens the sum; each row sums to 1.
        """
        n, levels = targets.shape
        encoded = self.encode(codes, torch.ones(codes.shape[:2], dtype=torch.bool, device=codes.device))
        encoded = encoded.expand(n, -1, -1)
        before = self.encoder.embedding(targets[:, :-1] + self.offsets[:-1])  # (n, levels - 1, D)
        hidden = torch.cat([self.start.expand(n, 1, -1), before], dim=1) + self.steps  # (n, levels, D)
        earlier = torch.ones(levels, levels, dtype=torch.bool, device=codes.device).tril().expand(n, -1, -1)
        real = torch.ones((n, levels, encoded.shape[1]), dtype=torch.bool, device=codes.device)
        found = []
        for layer in self.decoder:
            normed = layer.norms[0](hidden)
            attended = hidden + layer.self_attention(normed, normed, normed, earlier, need_weights=False)[0]
            weights = layer.cross_attention(layer.norms[1](attended), encoded, encoded)[1]  # (n, heads, levels, tokens)
            found.append(weights.unflatten(3, (codes.shape[1], levels)).sum(4))
            hidden = layer(hidden, encoded, earlier=earlier, real=real)
        return torch.stack(found)

    def _told(self, attention: MultiHeadAttention, normed: torch.Tensor, context: Context, layer: int) -> torch.Tensor:
        query = self._heads(attention.w_q(normed))  # (users, heads, beams, width), against unexpanded keys
        told = F.scaled_dot_product_attention(
            query, context.keys[layer], context.values[layer], attn_mask=context.allowed
        )
        joined = told.transpose(1, 2).flatten(2).masked_fill(context.blind, 0)  # (users, beams, D)
        result: torch.Tensor = attention.w_o(joined)
        return result

    def _heads(self, projected: torch.Tensor) -> torch.Tensor:
        batch, length, width = projected.shape
        heads = self.sizes.num_heads
        return projected.view(batch, length, heads, width // heads).transpose(1, 2)  # (batch, heads, length, width)
