"""A Transformer encoder in float64 and plain loops, row by row over real tokens alone, straight from the paper."""

from __future__ import annotations

import math

import numpy as np


def positions(length, width):
    """Sinusoidal positions, cell by cell."""
    table = np.empty((length, width))
    for place in range(length):
        for column in range(width):
            angle = place / 10000 ** (2 * (column // 2) / width)
            table[place, column] = math.sin(angle) if column % 2 == 0 else math.cos(angle)
    return table


def softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def attend(query, key, value, heads, allowed):
    """Attention of projected ``(Lq, D)`` to ``(Lk, D)``: joined heads and weights ``(H, Lq, Lk)``."""
    width = query.shape[1] // heads
    output, weights = np.zeros_like(query), np.zeros((heads, len(query), len(key)))
    for head in range(heads):
        part = slice(head * width, (head + 1) * width)
        for row in range(len(query)):
            seen = np.flatnonzero(allowed[row])
            if len(seen):
                weights[head, row, seen] = softmax(key[seen, part] @ query[row, part] / math.sqrt(width))
                output[row, part] = weights[head, row] @ value[:, part]
    return output, weights


def linear(x, state, name):
    return x @ state[f"{name}.weight"].T + state[f"{name}.bias"]


def normalised(x, state, name, eps=1e-5):
    centred = x - x.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + eps)
    return centred / spread * state[f"{name}.weight"] + state[f"{name}.bias"]


def encode(state, ids, mask, *, heads, layers, causal):
    """Encode ``(B, L)`` ids with the weights of a state dict; 0 where the mask is 0."""
    state = {name: tensor.double().numpy() for name, tensor in state.items()}
    table = state["embedding.weight"]
    out = np.zeros((*ids.shape, table.shape[1]))
    for row in range(len(ids)):
        real = np.flatnonzero(mask[row])
        x = table[ids[row, real]] + positions(ids.shape[1], table.shape[1])[real]
        allowed = np.tril(np.ones((len(real), len(real)))) if causal else np.ones((len(real), len(real)))
        for layer in range(layers):
            at = f"transformer.layers.{layer}"
            joined = x @ state[f"{at}.self_attn.in_proj_weight"].T + state[f"{at}.self_attn.in_proj_bias"]
            query, key, value = np.split(joined, 3, axis=1)
            attended, _ = attend(query, key, value, heads, allowed)
            x = normalised(x + linear(attended, state, f"{at}.self_attn.out_proj"), state, f"{at}.norm1")
            hidden = np.maximum(linear(x, state, f"{at}.linear1"), 0)
            x = normalised(x + linear(hidden, state, f"{at}.linear2"), state, f"{at}.norm2")
        out[row, real] = x
    return out
