"""Residual vector-quantised autoencoder: turns item vectors into a few codes each."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import scipy.cluster.vq
import torch
from torch import nn

from harness.artifacts import stream
from harness.artifacts.array_types import BoolArray, Float32Array, Int32Array
from harness.execution import progress
from harness.models.generative.generative_options import CodeOptions
from harness.models.neural.random_seed import seeded
from harness.modules import VQVAELoss

logger = logging.getLogger("harness")

_LEARNING_RATE = 1e-3
_DEAD_EVERY = 50  # steps between two searches for unused codes
_KMEANS_STEPS = 10


class ResidualQuantiser(nn.Module):
    """Encoder, codebooks and decoder; each level codes the residual of the levels before it.

    Parameters
    ----------
    width
        Dimension of the vectors.
    hidden
        Hidden size of the encoder and the decoder.
    latent
        Dimension of the coded vectors.
    levels
        Number of codes per item.
    codes
        Number of entries of each codebook.
    """

    def __init__(self, *, width: int, hidden: int, latent: int, levels: int, codes: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, latent))
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, width))
        self.books = nn.Parameter(torch.empty(levels, codes, latent))
        nn.init.normal_(self.books, std=0.02)

    def nearest(self, residual: torch.Tensor, level: int) -> torch.Tensor:
        """Return the nearest code of a level for ``(items, latent)``: int64 ``(items,)``, the first of equals."""
        return torch.cdist(residual, self.books[level]).argmin(dim=1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return the reconstruction ``(items, width)``, two losses, and codes ``(items, levels)``."""
        latent = self.encoder(x)  # (items, latent)
        residual, found = latent, []
        commitment = embedding = latent.new_zeros(())
        quantised = torch.zeros_like(latent)
        for level in range(len(self.books)):
            chosen = self.nearest(residual.detach(), level)
            code = self.books[level][chosen]  # (items, latent)
            commitment = commitment + (residual - code.detach()).square().mean()
            embedding = embedding + (residual.detach() - code).square().mean()
            quantised, residual = quantised + code, residual - code.detach()
            found.append(chosen)
        # Straight-through estimator: the quantised values pass their gradient to the encoded values.
        through = latent + (quantised - latent).detach()
        return self.decoder(through), commitment, embedding, torch.stack(found, dim=1)


def learnt_codes(vectors: Float32Array, options: CodeOptions, *, seed: int, device: str, quiet: bool) -> Int32Array:
    """Train a quantiser, and return the codes of items: int32 ``(items, levels)``.

    All items form one batch. Codebooks start at the k-means centres of their inputs. Every few steps a code that no
    item uses moves to an item with a large error.

    Parameters
    ----------
    vectors
        float32 ``(items, dimension)``; NaN rows are replaced by the mean of the others.
    options
        Sizes of the quantiser, and the number of its training steps.
    seed
        Seed of the weights, the centres and the moves.
    device, quiet
        Device of the training, and whether its progress is hidden.
    """
    x = torch.from_numpy(_standardised(vectors)).to(device)
    draw = np.random.default_rng(stream(seed, "codes"))
    with seeded(stream(seed, "quantiser"), device):
        module = ResidualQuantiser(
            width=x.shape[1],
            hidden=options.hidden_dim,
            latent=options.latent_dim,
            levels=options.levels,
            codes=options.size,
        ).to(device)
        _start_books(module, x, draw)
        loss, optimizer = VQVAELoss(), torch.optim.Adam(module.parameters(), lr=_LEARNING_RATE)
        with progress("training the codes", options.steps, unit="steps", quiet=quiet) as advance:
            for step in range(options.steps):
                restored, commitment, embedding, codes = module(x)
                result = loss(x, restored, commitment, embedding)
                optimizer.zero_grad(set_to_none=True)
                result["total_loss"].backward()
                optimizer.step()
                if step % _DEAD_EVERY == _DEAD_EVERY - 1 and step < options.steps * 3 // 4:
                    _revive(module, x, codes, draw)
                advance(1)
    with torch.inference_mode():
        restored, _, _, codes = module(x)
    variance = float(x.square().mean())
    if variance == 0:
        logger.warning("codes: the vectors of all items are equal, and so are their codes")
    else:
        left = float((x - restored).square().mean())
        logger.info("codes: %.1f%% of the vectors' variance is left over", 100 * left / variance)
    learnt: Int32Array = codes.cpu().numpy().astype(np.int32)
    return learnt


def _standardised(vectors: Float32Array) -> Float32Array:
    """Return vectors of mean 0 and mean square 1; NaN rows become 0."""
    known: BoolArray = np.asarray(np.isfinite(vectors).all(axis=1, keepdims=True))
    filled = np.where(known, vectors, 0).astype(np.float64)
    filled = np.where(known, filled - filled.sum(axis=0) / max(1, int(known.sum())), 0)
    scale = np.sqrt(np.mean(filled[known[:, 0]] ** 2)) if known.any() else 0.0
    return (filled / (scale if scale > 0 else 1.0)).astype(np.float32)


def _start_books(module: ResidualQuantiser, x: torch.Tensor, draw: np.random.Generator) -> None:
    """Initialise the codebooks with the k-means centres of their inputs."""
    with torch.no_grad():
        residual = module.encoder(x)
        for level in range(len(module.books)):
            points = residual.cpu().numpy()
            codes = min(module.books.shape[1], len(points))
            centres = points if len(points) <= codes else _centres(points, codes, draw)
            module.books[level, : len(centres)] = torch.from_numpy(centres).to(x.device)
            residual = residual - module.books[level][module.nearest(residual, level)]


def _centres(points: Float32Array, codes: int, draw: np.random.Generator) -> Float32Array:
    start = _start(points, codes, draw)
    with warnings.catch_warnings():
        # With repeated points a cluster may be empty: its centre stays, and moves when unused codes are searched.
        warnings.filterwarnings("ignore", message="One of the clusters is empty")
        centres, _ = scipy.cluster.vq.kmeans2(points, start, iter=_KMEANS_STEPS, minit="matrix")
    return np.asarray(centres, dtype=np.float32)


def _start(points: Float32Array, codes: int, draw: np.random.Generator) -> Float32Array:
    """Return initial centres by k-means++: each is drawn by its squared distance to those before it."""
    chosen = [int(draw.integers(len(points)))]
    nearest = np.square(points - points[chosen[0]]).sum(axis=1, dtype=np.float64)
    while len(chosen) < codes:
        total = nearest.sum()
        share = nearest / total if total > 0 else None
        chosen.append(int(draw.choice(len(points), p=share)))
        nearest = np.minimum(nearest, np.square(points - points[chosen[-1]]).sum(axis=1))
    return points[chosen]


def _revive(module: ResidualQuantiser, x: torch.Tensor, codes: torch.Tensor, draw: np.random.Generator) -> None:
    """Move each unused code to the residual of an item with a large error."""
    with torch.no_grad():
        residual = module.encoder(x)
        for level in range(len(module.books)):
            used = torch.bincount(codes[:, level], minlength=module.books.shape[1])
            dead = torch.nonzero(used == 0).ravel()
            left = residual - module.books[level][codes[:, level]]
            if len(dead):
                far = left.square().sum(dim=1).cpu().numpy()
                share = far / far.sum() if far.sum() > 0 else None
                chosen = draw.choice(
                    len(x), size=min(len(dead), len(x)), replace=False, p=share if _many(share, len(dead)) else None
                )
                module.books[level, dead[: len(chosen)]] = residual[torch.from_numpy(chosen).to(x.device)]
            residual = left


def _many(share: np.ndarray | None, wanted: int) -> bool:
    """Return whether at least ``wanted`` different items can be drawn by their shares."""
    return share is not None and int((share > 0).sum()) >= wanted
