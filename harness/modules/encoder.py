"""Transformer encoder over token ids, with sinusoidal positions."""

from __future__ import annotations

import math

import torch
from torch import nn

from harness.modules.attention import SHORT, check_heads
from harness.modules.checks import check_ids, check_shape, check_share, check_sizes


class PositionalEncoding(nn.Module):
    r"""Sinusoidal positions, added to embeddings.

    .. math:: \mathrm{pe}_{t, 2i} = \sin(t \cdot 10000^{-2i / D}), \qquad
              \mathrm{pe}_{t, 2i + 1} = \cos(t \cdot 10000^{-2i / D})

    They stand in the buffer ``pe``, ``(1, max_seq_length, D)``, which is part of the state dict.

    Parameters
    ----------
    embedding_dim
        D, even or odd.
    max_seq_length
        Positions that there are, 1 or more.

    Raises
    ------
    ValueError
        A size is below 1.

    References
    ----------
    Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.5.

    Examples
    --------
    >>> PositionalEncoding(embedding_dim=4, max_seq_length=10)(torch.zeros(1, 2, 4)).round(decimals=4)
    tensor([[[0.0000, 1.0000, 0.0000, 1.0000],
             [0.8415, 0.5403, 0.0100, 1.0000]]])
    """

    pe: torch.Tensor

    def __init__(self, embedding_dim: int, max_seq_length: int = 5000) -> None:
        super().__init__()
        check_sizes(embedding_dim=embedding_dim, max_seq_length=max_seq_length)
        # In float64: a late position times a rounded frequency would be off in the fourth decimal.
        positions = torch.arange(max_seq_length, dtype=torch.float64).unsqueeze(1)  # (L, 1)
        even = torch.arange(0, embedding_dim, 2, dtype=torch.float64)
        angles = positions * torch.exp(even * (-math.log(10000.0) / embedding_dim))  # (L, ceil(D / 2))
        encoding = torch.empty(max_seq_length, embedding_dim, dtype=torch.float64)
        encoding[:, 0::2] = angles.sin()
        encoding[:, 1::2] = angles[:, : embedding_dim // 2].cos()
        self.register_buffer("pe", encoding.to(torch.get_default_dtype()).unsqueeze(0))  # (1, L, D)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add the positions 0, 1, … to ``x`` ``(B, L, D)``; the result has its shape and type.

        Raises
        ------
        ValueError
            ``x`` has another width than D, or more than ``max_seq_length`` positions.
        """
        _, available, width = self.pe.shape
        check_shape("x", x, (None, None, width), "(B, L, D)")
        check_length("x", x.shape[1], available)
        return x + self.pe[:, : x.shape[1]].to(x.dtype)


class TransformerEncoder(nn.Module):
    """Token ids to contextual vectors: embedding, positions, dropout, Transformer layers.

    Submodules, hence keys of a state dict: ``embedding`` (``nn.Embedding``), ``pos_encoding``
    (``PositionalEncoding``), ``transformer`` (``nn.TransformerEncoder`` of post-norm ReLU layers)
    and ``dropout``.

    Parameters
    ----------
    vocab_size
        V, the number of token ids.
    embedding_dim
        D, a multiple of ``num_heads``.
    num_heads
        Attention heads a layer.
    num_layers
        Layers, 1 or more.
    attn_dim
        Width of the layers' feed-forward part.
    dropout
        Share that is dropped in training, 0 to 1, after the positions and inside the layers.
    max_seq_length
        Longest sequence.
    causal
        Whether a position sees only itself and earlier positions, as next-item models need it.

    Raises
    ------
    ValueError
        A size is below 1, ``embedding_dim`` is not a multiple of ``num_heads``, or ``dropout`` is
        outside 0 to 1.

    Notes
    -----
    Train and eval mode compute the same but for dropout. A row depends on no other row, and real
    tokens do not depend on what padding holds. Positions count padding: a row that is moved by
    padding before it is another row.

    References
    ----------
    Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3; causal, for next items:
    Kang and McAuley, "Self-attentive sequential recommendation", ICDM 2018.

    Examples
    --------
    >>> encoder = TransformerEncoder(vocab_size=100, embedding_dim=16, num_heads=2, num_layers=1, attn_dim=32)
    >>> ids = torch.tensor([[5, 9, 2, 0], [7, 0, 0, 0]])
    >>> vectors = encoder(ids, attention_mask=torch.tensor([[1, 1, 1, 0], [1, 0, 0, 0]]))
    >>> vectors.shape, vectors[1, 1:].abs().max().item()
    (torch.Size([2, 4, 16]), 0.0)
    """

    def __init__(
        self,
        vocab_size: int,
        embedding_dim: int,
        num_heads: int,
        num_layers: int,
        attn_dim: int,
        dropout: float = 0.1,
        max_seq_length: int = 1024,
        *,
        causal: bool = False,
    ) -> None:
        super().__init__()
        check_sizes(
            vocab_size=vocab_size,
            embedding_dim=embedding_dim,
            num_heads=num_heads,
            num_layers=num_layers,
            attn_dim=attn_dim,
            max_seq_length=max_seq_length,
        )
        check_heads(embedding_dim, num_heads)
        check_share("dropout", dropout)
        self.causal = causal
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.pos_encoding = PositionalEncoding(embedding_dim, max_seq_length)
        layer = nn.TransformerEncoderLayer(
            d_model=embedding_dim,
            nhead=num_heads,
            dim_feedforward=attn_dim,
            dropout=dropout,
            batch_first=True,
            # Not nn.functional.relu, which torch knows and answers in eval mode with another path:
            # other rounding than in training, NaN under masks, and on a CPU half the speed.
            activation=torch.relu,
        )
        # Nested tensors would cut the output at the longest row.
        self.transformer = nn.TransformerEncoder(layer, num_layers=num_layers, enable_nested_tensor=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Encode a batch of sequences.

        Parameters
        ----------
        input_ids
            Integers ``(B, L)`` in 0 … V - 1; padding too holds an id of the vocabulary.
        attention_mask
            ``(B, L)`` of any type, or None: 1 is a real token, 0 is padding.

        Returns
        -------
        torch.Tensor
            ``(B, L, D)``; padded positions are 0, also where a whole row is padding.

        Raises
        ------
        ValueError
            A sequence is longer than ``max_seq_length``, an id is outside the vocabulary, or the
            mask has another shape than the ids; the message names both numbers.
        """
        check_shape("input_ids", input_ids, (None, None), "(B, L)")
        check_length("input_ids", input_ids.shape[1], self.pos_encoding.pe.shape[1])
        if attention_mask is not None:
            check_shape("attention_mask", attention_mask, tuple(input_ids.shape), "(B, L)")
        check_ids("input_ids", input_ids, self.embedding.num_embeddings)
        hidden: torch.Tensor = self.dropout(self.pos_encoding(self.embedding(input_ids.long())))  # (B, L, D)
        if hidden.numel() == 0:
            return hidden
        if attention_mask is None:
            return self._causal(hidden) if self.causal else self._both_ways(hidden, None)
        real = attention_mask != 0  # (B, L)
        # Nothing times NaN is NaN: what padding holds must not reach the others.
        hidden = hidden.masked_fill(~real.unsqueeze(-1), 0)
        encoded = self._causal_padded(hidden, real) if self.causal else self._both_ways(hidden, real)
        return encoded.masked_fill(~real.unsqueeze(-1), 0)

    def attention_weights(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Return the attention weights of each position, for plots.

        Parameters
        ----------
        input_ids
            Integers ``(B, L)`` without padding, L at least 1.

        Returns
        -------
        torch.Tensor
            ``(B, layers, H, L, L)``: of each layer and head, a row a position; each row sums to 1.

        Raises
        ------
        ValueError
            As in ``forward``.
        """
        check_shape("input_ids", input_ids, (None, None), "(B, L)")
        check_length("input_ids", input_ids.shape[1], self.pos_encoding.pe.shape[1])
        check_ids("input_ids", input_ids, self.embedding.num_embeddings)
        hidden = self.pos_encoding(self.embedding(input_ids.long()))  # (B, L, D)
        length = hidden.shape[1]
        later = torch.ones(length, length, dtype=torch.bool, device=hidden.device).triu(diagonal=1)
        mask = later if self.causal else None
        found = []
        for layer in self.transformer.layers:
            _, weights = layer.self_attn(hidden, hidden, hidden, attn_mask=mask, average_attn_weights=False)
            found.append(weights)  # (B, H, L, L)
            hidden = layer(hidden, src_mask=mask)
        return torch.stack(found, dim=1)

    def _both_ways(self, hidden: torch.Tensor, real: torch.Tensor | None) -> torch.Tensor:
        if real is not None:
            # A row of padding alone attends to its padding: a softmax over nothing is NaN.
            padding: torch.Tensor | None = ~real & real.any(dim=1, keepdim=True)
        elif hidden.shape[1] < SHORT:
            padding = torch.zeros(hidden.shape[:2], dtype=torch.bool, device=hidden.device)
        else:
            padding = None
        encoded: torch.Tensor = self.transformer(hidden, src_key_padding_mask=padding)
        return encoded

    def _causal(self, hidden: torch.Tensor) -> torch.Tensor:
        length = hidden.shape[1]
        later = torch.ones(length, length, dtype=torch.bool, device=hidden.device).triu(diagonal=1)
        encoded: torch.Tensor = self.transformer(hidden, mask=later, is_causal=length >= SHORT)
        return encoded

    def _causal_padded(self, hidden: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
        """Encode with the real tokens moved to the front, so that no padding is before them.

        Their positions were added before. Nothing is left for a mask a row to do, which would take
        B H L L bytes, and no position is without a token to attend to.
        """
        order = (~real).to(torch.uint8).argsort(dim=1, stable=True)  # (B, L), real first, in order
        encoded = self._causal(_reordered(hidden, order))
        return _reordered(encoded, order.argsort(dim=1))


def _reordered(hidden: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    return hidden.gather(1, order.unsqueeze(-1).expand_as(hidden))  # (B, L, D)


def check_length(name: str, length: int, available: int) -> None:
    """Check that a sequence is not longer than the number of positions.

    Raises
    ------
    ValueError
        It has.
    """
    if length > available:
        raise ValueError(f"{name} has {length} positions; max_seq_length is {available}")
