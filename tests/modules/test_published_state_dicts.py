"""Checkpoints of models that were built with the documented names load into ours, and ours into them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.modules import MultiHeadAttention, PositionalEncoding, TransformerEncoder


class DocumentedPositions(nn.Module):
    def __init__(self, embedding_dim, max_seq_length):
        super().__init__()
        self.register_buffer("pe", torch.zeros(1, max_seq_length, embedding_dim))

    def forward(self, x):
        return x + self.pe[:, : x.shape[1]]


class DocumentedEncoder(nn.Module):
    """The attributes as the documentation has them, in torch's plainest use of them."""

    def __init__(self, vocab_size, embedding_dim, num_heads, num_layers, attn_dim, dropout=0.1, max_seq_length=1024):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.pos_encoding = DocumentedPositions(embedding_dim, max_seq_length)
        layer = nn.TransformerEncoderLayer(
            d_model=embedding_dim, nhead=num_heads, dim_feedforward=attn_dim, dropout=dropout, batch_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, num_layers)
        self.dropout = nn.Dropout(dropout)

    def forward(self, input_ids):
        return self.transformer(self.dropout(self.pos_encoding(self.embedding(input_ids))))


class DocumentedAttention(nn.Module):
    def __init__(self, embedding_dim):
        super().__init__()
        for name in ("w_q", "w_k", "w_v", "w_o"):
            setattr(self, name, nn.Linear(embedding_dim, embedding_dim))


LAYER = [
    "self_attn.in_proj_weight",
    "self_attn.in_proj_bias",
    "self_attn.out_proj.weight",
    "self_attn.out_proj.bias",
    "linear1.weight",
    "linear1.bias",
    "linear2.weight",
    "linear2.bias",
    "norm1.weight",
    "norm1.bias",
    "norm2.weight",
    "norm2.bias",
]


def test_the_keys_are_pinned():
    assert list(TransformerEncoder(7, 4, 2, 2, 8).state_dict()) == [
        "embedding.weight",
        "pos_encoding.pe",
        *[f"transformer.layers.{layer}.{name}" for layer in range(2) for name in LAYER],
    ]
    assert list(MultiHeadAttention(4, 2).state_dict()) == [
        f"{layer}.{part}" for layer in ("w_q", "w_k", "w_v", "w_o") for part in ("weight", "bias")
    ]
    assert list(PositionalEncoding(4).state_dict()) == ["pe"]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_encoders_exchange_their_weights(training, causal, tmp_path):
    ours = TransformerEncoder(30, 8, 2, 2, 16, dropout=0.0, max_seq_length=12, causal=causal).train(training)
    theirs = DocumentedEncoder(30, 8, 2, 2, 16, dropout=0.0, max_seq_length=12).train(training)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    ours.load_state_dict(torch.load(tmp_path / "theirs.pt", weights_only=True), strict=True)
    ids = torch.randint(30, (3, 6))
    if not causal:
        torch.testing.assert_close(ours(ids), theirs(ids))
    fresh = TransformerEncoder(30, 8, 2, 2, 16, dropout=0.0, max_seq_length=12).train(training)
    theirs.load_state_dict(fresh.state_dict(), strict=True)
    torch.testing.assert_close(fresh(ids), theirs(ids))


def test_attention_exchanges_its_weights():
    ours, theirs = MultiHeadAttention(6, 3), DocumentedAttention(6)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    torch.testing.assert_close(ours.w_o.weight, theirs.w_o.weight)
    assert PositionalEncoding(6, 9).load_state_dict({"pe": torch.ones(1, 9, 6)}, strict=True)


def test_another_architecture_is_refused():
    with pytest.raises(RuntimeError, match=r"size mismatch for embedding.weight"):
        TransformerEncoder(31, 8, 2, 2, 16).load_state_dict(TransformerEncoder(30, 8, 2, 2, 16).state_dict())
