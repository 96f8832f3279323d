"""The network of ``Generative``: it encodes a history of codes, and decodes the next item's codes."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from harness.models.generative.decoder import DecoderCache, DecoderContext, DecoderLayer, NetworkSizes
from harness.modules import MultiHeadAttention, TransformerEncoder


class SemanticTransformer(nn.Module):
    """Encoder-decoder over semantic ids.

    Parameters
    ----------
    sizes
        Sizes of all parts of the network.
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
        """Encode histories: ``(users, items x levels, D)``.

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
        """Return logits ``(batch, levels, widest)`` of each code given the codes before it; -inf: no such code.

        Parameters
        ----------
        codes, real
            Codes of the histories, as for ``encode``.
        targets
            int64 ``(batch, levels)``: the codes of the item that comes next.
        """
        hidden, _ = self._written(self.encode(codes, real), real, targets, need_weights=False)
        logits = torch.einsum("bld,lcd->blc", self.norm(hidden), self.output)
        return logits.masked_fill(self.outside, -torch.inf)

    def _written(
        self, encoded: torch.Tensor, real: torch.Tensor, targets: torch.Tensor, *, need_weights: bool
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return the output of the last layer, ``(n, levels, D)``, and the attention weights if needed.

        Parameters
        ----------
        encoded
            ``(n, items x levels, D)``.
        real
            bool ``(n, items)``.
        targets
            int64 ``(n, levels)``.
        need_weights
            Whether to return ``(n, heads, levels, items x levels)`` a layer.
        """
        n, levels = targets.shape
        before = self.encoder.embedding(targets[:, :-1] + self.offsets[:-1])  # (n, levels - 1, D)
        hidden = torch.cat([self.start.expand(n, 1, -1), before], dim=1) + self.steps  # (n, levels, D)
        earlier = torch.ones(levels, levels, dtype=torch.bool, device=targets.device).tril().expand(n, -1, -1)
        tokens = real.repeat_interleave(levels, dim=1).unsqueeze(1).expand(-1, levels, -1)
        found = []
        for layer in self.decoder:
            hidden, weights = layer(hidden, encoded, earlier=earlier, real=tokens, need_weights=need_weights)
            if weights is not None:
                found.append(weights)
        return hidden, found

    def context(self, codes: torch.Tensor, real: torch.Tensor) -> DecoderContext:
        """Return the keys and values of histories for the decoder; arguments as for ``encode``."""
        encoded = self.encode(codes, real)
        attentions = [layer.cross_attention for layer in self.decoder]
        tokens = real.repeat_interleave(codes.shape[2], dim=1)  # (users, tokens)
        blind = ~tokens.any(dim=1)
        return DecoderContext(
            tuple(self._heads(attention.w_k(encoded)) for attention in attentions),
            tuple(self._heads(attention.w_v(encoded)) for attention in attentions),
            (tokens | blind.unsqueeze(1))[:, None, None],
            blind[:, None, None],
        )

    def step(
        self, level: int, codes: torch.Tensor | None, context: DecoderContext, past: DecoderCache | None
    ) -> tuple[torch.Tensor, DecoderCache]:
        """Return the logits of one level for each beam, and the cache with this step.

        Parameters
        ----------
        level
            Level of the code to predict, from 0.
        codes
            int64 ``(users, beams)``: the code before it; None at the first level, where there is one beam per user.
        context
            The encoded histories of the users.
        past
            The decoder cache of the beams; None at the first level.

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
            # With only a few steps, elementwise products cost less than one call per beam.
            weights = ((query * key).sum(-1) / math.sqrt(key.shape[-1])).softmax(-1)  # (users x beams, heads, steps)
            attended = (weights.unsqueeze(-1) * value).sum(2).flatten(1)  # (users x beams, D)
            hidden = hidden + own.w_o(attended).view_as(hidden)
            hidden = hidden + self._cross_attended(layer.cross_attention, layer.norms[1](hidden), context, place)
            hidden = hidden + layer.feed_forward(layer.norms[2](hidden))
        logits = self.norm(hidden) @ self.output[level, : self.sizes.codes[level]].T
        return logits, DecoderCache(tuple(keys), tuple(values))

    def attention_weights(self, codes: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the decoder's attention to a history for each code of an item, for figures.

        Parameters
        ----------
        codes
            int64 ``(1, items, levels)``: of the history, without padding.
        targets
            int64 ``(n, levels)``: the items written.

        Returns
        -------
        torch.Tensor
            ``(layers, n, heads, levels, items)``: summed over an item's tokens; each row sums to 1.
        """
        n, items = len(targets), codes.shape[1]
        real = torch.ones((1, items), dtype=torch.bool, device=codes.device)
        encoded = self.encode(codes, real).expand(n, -1, -1)
        _, found = self._written(encoded, real.expand(n, -1), targets, need_weights=True)
        return torch.stack([weights.view(*weights.shape[:3], items, targets.shape[1]).sum(4) for weights in found])

    def _cross_attended(
        self, attention: MultiHeadAttention, normed: torch.Tensor, context: DecoderContext, layer: int
    ) -> torch.Tensor:
        query = self._heads(attention.w_q(normed))  # (users, heads, beams, width), against unexpanded keys
        attended = F.scaled_dot_product_attention(
            query, context.keys[layer], context.values[layer], attn_mask=context.allowed
        )
        joined = attended.transpose(1, 2).flatten(2).masked_fill(context.blind, 0)  # (users, beams, D)
        result: torch.Tensor = attention.w_o(joined)
        return result

    def _heads(self, projected: torch.Tensor) -> torch.Tensor:
        batch, length, width = projected.shape
        heads = self.sizes.num_heads
        return projected.view(batch, length, heads, width // heads).transpose(1, 2)  # (batch, heads, length, width)
