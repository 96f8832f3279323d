"""The modules. Each of them scores what comes next by the last item alone."""

from dataclasses import dataclass

import torch
from torch import nn

PAD = 0
MAX_LENGTH = 8


class NextItem(nn.Module):
    """Tokens from 1 on, padded on the left with 0, to logits over all tokens at each position."""

    def __init__(self, n_items, dim):
        super().__init__()
        self.embedding = nn.Embedding(n_items + 1, dim)
        self.positions = nn.Embedding(MAX_LENGTH, dim)
        self.head = nn.Linear(dim, n_items + 1)

    def forward(self, input_ids, attention_mask):
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        hidden = self.embedding(input_ids) + self.positions(places)
        return {"logits": self.head(hidden), "hidden": hidden * attention_mask[..., None]}

    def of_mean(self, input_ids, attention_mask):
        """Return the logits of the mean of all items, NaN where there are none."""
        hidden = self.embedding(input_ids) * attention_mask[..., None]
        return self.head(hidden.sum(dim=1) / attention_mask.sum(dim=1, keepdim=True))

    def of_anyone(self, input_ids):
        return self.head.bias.expand(len(input_ids), -1)


class TwoTowers(nn.Module):
    """Items from 0 on, padded on the right with what comes after the last, to vectors."""

    def __init__(self, n_items, dim):
        super().__init__()
        self.before = nn.Embedding(n_items + 1, dim)
        self.after = nn.Embedding(n_items + 1, dim)

    def encode(self, basket, count):
        last = basket[torch.arange(len(basket)), (count - 1).clamp(min=0)]
        return self.before(last)


@dataclass
class Generated:
    sequences: torch.Tensor
    sequences_scores: torch.Tensor


class Generator(nn.Module):
    """Tokens from 1 on to the best items, as tokens or as semantic ids behind a token of the start."""

    def __init__(self, n_items, levels, codebook):
        super().__init__()
        self.follows = nn.Parameter(torch.zeros(n_items + 1, n_items))
        self.register_buffer("codes", torch.zeros(n_items, levels, dtype=torch.int64))
        self.codebook = codebook

    def recommend(self, tokens, top=10):
        best = self.follows[tokens[:, -1]].topk(top, dim=1)
        return best.indices + 1, best.values

    def generate(self, input_ids, num_beams=4, num_return_sequences=4):
        assert num_beams == num_return_sequences
        best = self.follows[input_ids[:, -1]].topk(num_beams, dim=1)
        levels = self.codes.shape[1]
        codes = self.codes[best.indices] + 1 + self.codebook * torch.arange(levels)
        start = torch.zeros(*best.indices.shape, 1, dtype=torch.int64)
        sequences = torch.cat([start, codes], dim=2)
        return Generated(sequences.flatten(0, 1), best.values.flatten())


class Follows(nn.Module):
    """Tokens from 1 on, padded on the left, to logits over all tokens: what followed the last one."""

    def __init__(self, n_items):
        super().__init__()
        self.scores = nn.Embedding(n_items + 1, n_items + 1)

    def forward(self, tokens):
        return self.scores(tokens[:, -1])
