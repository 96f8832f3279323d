"""The contrastive loss, by hand and by a formula in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from harness.modules import ContrastiveLoss

FLOATS = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 0.05, torch.float16: 0.005}


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def cosine(one, other):
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def contrastive_by_formula(anchor, positive, negative, *, mode, temperature=0.1, margin=0.2):
    anchor, positive, negative = (side.double().numpy() for side in (anchor, positive, negative))
    losses = []
    for row in range(len(anchor)):
        near = cosine(anchor[row], positive[row])
        far = [cosine(anchor[row], other) for other in negative[row]]
        if mode == "margin":
            losses += [max(0.0, margin - near + other) for other in far]
        else:
            powers = [math.exp(value / temperature) for value in (near, *far)]
            losses.append(-math.log(powers[0] / sum(powers)))
    return np.mean(losses) if losses else 0.0


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("mode", ["infonce", "margin"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 4, 5), (2, 0, 3), (0, 2, 3), (5, 1, 2)])
def test_contrastive_by_formula(shape, mode, dtype, training):
    batch, negatives, width = shape
    sides = [drawn(batch, width), drawn(batch, width, seed=1), drawn(batch, negatives, width, seed=2)]
    sides = [side.to(dtype) for side in sides]
    loss = ContrastiveLoss(temperature=0.5, margin=0.3, mode=mode).train(training)(*sides)
    expected = contrastive_by_formula(*sides, mode=mode, temperature=0.5, margin=0.3)
    assert loss.shape == ()
    assert loss.dtype == dtype
    assert loss.item() == pytest.approx(expected, abs=TOLERANCE[dtype])


def test_contrastive_defaults():
    sides = [drawn(3, 4), drawn(3, 4, seed=1), drawn(3, 2, 4, seed=2)]
    assert ContrastiveLoss()(*sides).item() == pytest.approx(contrastive_by_formula(*sides, mode="infonce"), abs=1e-12)
    margin = ContrastiveLoss(mode="margin")(*sides).item()
    assert margin == pytest.approx(contrastive_by_formula(*sides, mode="margin"), abs=1e-12)


def test_contrastive_by_hand():
    # Cosines: positive 0.6, negatives 0 and -1.
    anchor, positive = torch.tensor([[2.0, 0.0]]), torch.tensor([[3.0, 4.0]])
    negative = torch.tensor([[[0.0, 5.0], [-1.0, 0.0]]])
    expected = math.log(1 + math.exp(-0.6) + math.exp(-1.6))
    assert ContrastiveLoss(temperature=1.0)(anchor, positive, negative).item() == pytest.approx(expected)
    # max(0, 1 - 0.6 + 0) = 0.4 and max(0, 1 - 0.6 - 1) = 0.
    assert ContrastiveLoss(margin=1.0, mode="margin")(anchor, positive, negative).item() == pytest.approx(0.2)


@pytest.mark.parametrize(("mode", "unused"), [("infonce", {"margin": 9.0}), ("margin", {"temperature": 9.0})])
def test_contrastive_parameter_of_the_other_mode(mode, unused):
    sides = [drawn(3, 4), drawn(3, 4, seed=1), drawn(3, 2, 4, seed=2)]
    assert torch.equal(ContrastiveLoss(mode=mode, **unused)(*sides), ContrastiveLoss(mode=mode)(*sides))


@pytest.mark.parametrize("mode", ["infonce", "margin"])
def test_contrastive_length_does_not_matter_and_zeros_are_no_nan(mode):
    sides = [drawn(3, 4), drawn(3, 4, seed=1), drawn(3, 2, 4, seed=2)]
    loss = ContrastiveLoss(mode=mode)
    torch.testing.assert_close(loss(sides[0] * 7, sides[1] / 3, sides[2] * 100), loss(*sides))
    for dtype in FLOATS:
        zeros = torch.zeros(1, 3, dtype=dtype)
        # All cosines are 0: ln 3 for a positive among three, or the margin.
        value = loss(zeros, zeros, torch.zeros(1, 2, 3, dtype=dtype)).item()
        assert value == pytest.approx(math.log(3) if mode == "infonce" else 0.2, abs=0.01)


@pytest.mark.parametrize("size", [1e-40, 1e-13, 1e20, 1e30])
@pytest.mark.parametrize("mode", ["infonce", "margin"])
def test_contrastive_very_short_and_very_long_vectors(mode, size):
    sides = [drawn(3, 4), drawn(3, 4, seed=1), drawn(3, 2, 4, seed=2)]
    expected = ContrastiveLoss(mode=mode)(*sides).item()
    for dtype in (torch.float32, torch.bfloat16, torch.float64):
        scaled = [(side * size).to(dtype) for side in sides]
        tolerance = 0.05 if dtype == torch.bfloat16 or size == 1e-40 else 1e-4
        assert ContrastiveLoss(mode=mode)(*scaled).item() == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("mode", ["infonce", "margin"])
def test_contrastive_gradients_at_zero_stay_small(mode):
    sides = [torch.zeros(1, 3), drawn(1, 3, seed=1).float(), drawn(1, 2, 3, seed=2).float()]
    for side in sides:
        side.requires_grad_()
    ContrastiveLoss(mode=mode)(*sides).backward()
    assert all(side.grad.abs().max() < 100 for side in sides)


@pytest.mark.parametrize("mode", ["infonce", "margin"])
def test_contrastive_nan(mode):
    for place in range(3):
        sides = [drawn(3, 4), drawn(3, 4, seed=1), drawn(3, 2, 4, seed=2)]
        sides[place].view(-1)[0] = torch.nan
        assert ContrastiveLoss(mode=mode)(*sides).isnan()


@pytest.mark.parametrize("mode", ["infonce", "margin"])
@pytest.mark.parametrize("negatives", [0, 1, 3])
def test_contrastive_gradients(negatives, mode):
    sides = [drawn(2, 3), drawn(2, 3, seed=1), drawn(2, negatives, 3, seed=2)]
    for side in sides:
        side.requires_grad_()
    assert torch.autograd.gradcheck(ContrastiveLoss(temperature=0.7, margin=0.5, mode=mode), sides)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 3), (1, 3), (2, 4, 3)), r"positive has shape \(1, 3\); .* = \(2, 3\)"),
        (((2, 3), (2, 3), (4, 3)), r"negative has shape \(4, 3\)"),
        (((2, 3), (2, 3), (1, 4, 3)), r"negative has shape \(1, 4, 3\); .* = \(2, any, 3\)"),
        (((2, 3), (2, 3), (2, 4, 1)), r"negative has shape \(2, 4, 1\); .* = \(2, any, 3\)"),
        (((3,), (3,), (1, 4, 3)), r"anchor has shape \(3,\)"),
    ],
)
def test_contrastive_does_not_broadcast(shapes, message):
    with pytest.raises(ValueError, match=message):
        ContrastiveLoss()(*map(torch.ones, shapes))


def test_contrastive_options_that_cannot_be():
    with pytest.raises(ValueError, match=r"mode is 'margn'. Did you mean 'margin'\?"):
        ContrastiveLoss(mode="margn")
    for temperature in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="temperature is"):
            ContrastiveLoss(temperature=temperature)


def test_contrastive_adds_to_the_logits_of_negatives():
    anchor = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    positive = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    shared = torch.tensor([[0.0, 3.0], [1.0, 0.0]])
    offsets = torch.tensor([[0.5, -math.inf], [-math.inf, -1.0]])
    # Each anchor: its positive at cosine 1, one negative at cosine 0, the other left out.
    one = -math.log(math.e**2 / (math.e**2 + math.exp(0.0 + 0.5)))
    other = -math.log(math.e**2 / (math.e**2 + math.exp(0.0 - 1.0)))
    loss = ContrastiveLoss(temperature=0.5)
    for negatives in (shared.expand(2, 2, 2), shared.repeat(2, 1, 1)):
        found = loss(anchor, positive, negatives, negative_logits=offsets)
        assert found.item() == pytest.approx((one + other) / 2, rel=1e-5)
        zero = loss(anchor, positive, negatives, negative_logits=torch.zeros(2, 2))
        assert zero.item() == pytest.approx(loss(anchor, positive, negatives).item())
    with pytest.raises(ValueError, match=r"negative_logits has shape \(2, 3\); \(B, N\) = \(2, 2\) is needed"):
        loss(anchor, positive, shared.expand(2, 2, 2), negative_logits=torch.zeros(2, 3))
    with pytest.raises(ValueError, match="belong to mode 'infonce'"):
        ContrastiveLoss(mode="margin")(anchor, positive, shared.expand(2, 2, 2), negative_logits=offsets)


def test_contrastive_gives_shared_negatives_the_same_gradients():
    torch.manual_seed(0)
    anchor, positive, shared = (torch.randn(5, 4, requires_grad=True) for _ in range(3))
    gradients = []
    for negatives in (shared.expand(5, 5, 4), shared.expand(5, 5, 4).contiguous()):
        loss = ContrastiveLoss()(anchor, positive, negatives)
        gradients.append(torch.autograd.grad(loss, (anchor, positive, shared)))
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)
