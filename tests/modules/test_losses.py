"""Losses: by hand, by formulas in float64, by torch's own, and where nothing counts."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.modules import ContrastiveLoss, SequenceLoss, VQVAELoss

FLOATS = [torch.float64, torch.float32, torch.bfloat16, torch.float16]
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 0.05, torch.float16: 0.005}


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


# The autoencoder's.


def test_vqvae_by_hand():
    # Squares 0, 4, 1, 9 have the mean 3.5; 3.5 + 0.5 * 2 + 3 * 0.1 = 4.8.
    x, x_recon = torch.tensor([[0.0, 2.0], [1.0, 3.0]]), torch.tensor([[0.0, 0.0], [2.0, 0.0]])
    losses = VQVAELoss(commitment_cost=0.5, beta=3.0)(x, x_recon, torch.tensor(2.0), torch.tensor(0.1))
    assert {name: round(loss.item(), 6) for name, loss in losses.items()} == {
        "total_loss": 4.8,
        "reconstruction_loss": 3.5,
        "commitment_loss": 2.0,
        "embedding_loss": 0.1,
    }


def test_vqvae_defaults():
    losses = VQVAELoss()(torch.zeros(3), torch.zeros(3), 1.0, 10.0)
    assert losses["total_loss"].item() == pytest.approx(0.25 + 10.0)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(1,), (3, 5), (2, 3, 4, 1), (0, 7)])
def test_vqvae_by_formula(shape, dtype, training):
    x, x_recon = drawn(*shape, dtype=dtype), drawn(*shape, seed=1, dtype=dtype)
    losses = VQVAELoss(0.3, 0.7).train(training)(x, x_recon, torch.tensor(1.5, dtype=dtype), 2.0)
    squares = (x_recon.double() - x.double()).numpy() ** 2
    mean = squares.mean() if squares.size else 0.0
    assert losses["reconstruction_loss"].item() == pytest.approx(mean, abs=TOLERANCE[dtype] * 10)
    assert losses["total_loss"].item() == pytest.approx(mean + 0.3 * 1.5 + 0.7 * 2, abs=TOLERANCE[dtype] * 10)
    assert {loss.dtype for loss in losses.values()} == {dtype}
    assert {loss.shape for loss in losses.values()} == {torch.Size()}


@pytest.mark.parametrize("shape", [(2, 3), (0, 3)])
def test_vqvae_gradients(shape):
    arguments = [drawn(*shape), drawn(*shape, seed=1), drawn(1)[0], drawn(1, seed=2)[0]]
    for argument in arguments:
        argument.requires_grad_()
    assert torch.autograd.gradcheck(lambda *tensors: VQVAELoss()(*tensors)["total_loss"], arguments)


def test_vqvae_nan():
    x = torch.tensor([torch.nan, 1.0])
    assert VQVAELoss()(x, torch.ones(2), 0.0, 0.0)["total_loss"].isnan()
    assert VQVAELoss()(torch.ones(2), torch.ones(2), torch.nan, 0.0)["total_loss"].isnan()


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 3), (2, 1), (), ()), r"x has shape \(2, 3\), x_recon \(2, 1\)"),
        (((2, 3), (3,), (), ()), r"x has shape \(2, 3\), x_recon \(3,\)"),
        (((2, 3), (2, 3), (1,), ()), r"commitment_loss has shape \(1,\)"),
        (((2, 3), (2, 3), (), (2,)), r"embedding_loss has shape \(2,\)"),
    ],
)
def test_vqvae_does_not_broadcast(shapes, message):
    with pytest.raises(ValueError, match=message):
        VQVAELoss()(*map(torch.ones, shapes))


# The sequence's.


def sequence_by_formula(logits, labels, mask, *, ignore_index=-100, smoothing=0.0):
    """Loss and accuracy token by token."""
    losses, right = [], []
    for row in range(labels.shape[0]):
        for place in range(labels.shape[1]):
            label = int(labels[row, place])
            if label == ignore_index or (mask is not None and mask[row, place] == 0):
                continue
            scores = logits[row, place].double().numpy()
            log_p = scores - scores.max() - math.log(np.exp(scores - scores.max()).sum())
            losses.append(-(1 - smoothing) * log_p[label] - smoothing * log_p.mean())
            right.append(scores.argmax() == label)
    return (np.mean(losses), np.mean(right)) if losses else (0.0, 0.0)


@settings(max_examples=60, deadline=None)
@given(
    batch=st.integers(0, 3),
    length=st.integers(0, 4),
    vocabulary=st.integers(1, 6),
    smoothing=st.sampled_from([0.0, 0.1, 1.0]),
    ignore_index=st.sampled_from([-100, 0, -1, 3]),
    masked=st.booleans(),
    seed=st.integers(0, 50),
)
def test_sequence_by_formula(batch, length, vocabulary, smoothing, ignore_index, masked, seed):
    logits = drawn(batch, length, vocabulary, seed=seed)
    source = torch.Generator().manual_seed(seed)
    labels = torch.randint(vocabulary, (batch, length), generator=source)
    labels[torch.rand(batch, length, generator=source) < 0.2] = ignore_index
    mask = (torch.rand(batch, length, generator=source) < 0.7).long() if masked else None
    if not 0 <= ignore_index < vocabulary:
        assert ((labels >= 0) | (labels == ignore_index)).all()
    result = SequenceLoss(vocabulary, ignore_index, smoothing)(logits, labels, mask)
    loss, accuracy = sequence_by_formula(logits, labels, mask, ignore_index=ignore_index, smoothing=smoothing)
    assert result["loss"].item() == pytest.approx(loss, abs=1e-12)
    assert result["accuracy"].item() == pytest.approx(accuracy, abs=1e-6)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("dtype", FLOATS)
def test_sequence_is_torchs_own(dtype, smoothing):
    logits, labels = drawn(3, 5, 7, dtype=dtype), torch.randint(7, (3, 5))
    labels[0, 2:] = -100
    result = SequenceLoss(7, label_smoothing=smoothing)(logits, labels)
    theirs = F.cross_entropy(logits.double().view(-1, 7), labels.view(-1), label_smoothing=smoothing)
    assert result["loss"].dtype == dtype
    assert result["loss"].item() == pytest.approx(theirs.item(), abs=TOLERANCE[dtype] * 2)


def test_sequence_by_hand():
    # p = 1/2 at the first and 1/4 at the second: (ln 2 + ln 4) / 2. The third is masked, the fourth ignored.
    logits = torch.tensor([[[0.0, 0.0], [math.log(3), 0.0], [5.0, 0.0], [5.0, 0.0]]])
    result = SequenceLoss(2)(logits, torch.tensor([[0, 1, 1, -100]]), torch.tensor([[1, 1, 0, 1]]))
    assert result["loss"].item() == pytest.approx(1.5 * math.log(2))
    assert result["accuracy"].item() == 0.5


def test_sequence_mask_and_ignore_index_say_the_same():
    logits, labels = drawn(2, 4, 5), torch.tensor([[1, 2, 3, 4], [0, 0, 1, 2]])
    mask = torch.tensor([[1, 1, 0, 0], [0, 1, 1, 1]])
    masked = SequenceLoss(5)(logits, labels, mask)
    ignored = SequenceLoss(5)(logits, labels.masked_fill(mask == 0, -100))
    assert masked == ignored
    for kind in (torch.bool, torch.float32):
        assert SequenceLoss(5)(logits, labels, mask.to(kind)) == masked


def test_sequence_label_under_the_mask_may_be_anything():
    logits, mask = drawn(1, 3, 5), torch.tensor([[1, 0, 1]])
    loss = SequenceLoss(5)(logits, torch.tensor([[1, 99, 2]]), mask)["loss"]
    assert loss == SequenceLoss(5)(logits, torch.tensor([[1, 0, 2]]), mask)["loss"]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("shape", "mask"), [((2, 3), 0), ((0, 3), 1), ((2, 0), 1)], ids=["all masked", "no row", "no position"]
)
def test_sequence_where_nothing_counts(shape, mask, dtype):
    logits = drawn(*shape, 4, dtype=dtype).requires_grad_()
    labels = torch.zeros(shape, dtype=torch.long)
    result = SequenceLoss(4, label_smoothing=0.1)(logits, labels, torch.full(shape, mask))
    assert (result["loss"].item(), result["accuracy"].item()) == (0.0, 0.0)
    result["loss"].backward()
    assert (logits.grad == 0).all()


@pytest.mark.parametrize(
    ("kind", "size"), [(torch.uint8, 256), (torch.int8, 120), (torch.int16, 300), (torch.int32, 300)]
)
def test_sequence_labels_of_any_integer_type(kind, size):
    labels = torch.arange(100, 120).view(2, 10) + (56 if size == 256 else 0)
    logits = drawn(2, 10, size)
    for ignore_index in (-100, 300):
        narrow = SequenceLoss(size, ignore_index)(logits, labels.to(kind))
        assert narrow == SequenceLoss(size, ignore_index)(logits, labels)
    with pytest.raises(ValueError, match="labels holds"):
        SequenceLoss(4)(drawn(1, 1, 4), torch.tensor([[110]], dtype=kind))


def test_sequence_of_logits_that_are_not_contiguous():
    logits = drawn(5, 3, 2).transpose(0, 2)  # (2, 3, 5)
    labels = torch.tensor([[0, 1], [2, 3], [4, 0]]).t()
    assert not logits.is_contiguous()
    assert not labels.is_contiguous()
    assert SequenceLoss(5)(logits, labels) == SequenceLoss(5)(logits.contiguous(), labels.contiguous())


def test_sequence_of_many_tokens_in_half_precision():
    # 40,000 tokens of ln 8 are 83,178 together, past the end of float16.
    logits = torch.zeros(4, 10_000, 8, dtype=torch.float16)
    loss = SequenceLoss(8)(logits, torch.zeros(4, 10_000, dtype=torch.int32))["loss"]
    assert loss.item() == pytest.approx(math.log(8), abs=2e-3)


def test_sequence_nan():
    logits, labels = drawn(2, 3, 4), torch.zeros(2, 3, dtype=torch.long)
    logits[0, 1, 2] = torch.nan
    result = SequenceLoss(4)(logits, labels)
    assert result["loss"].isnan()
    assert result["accuracy"].isnan()
    mask = torch.ones(2, 3)
    mask[0, 1] = 0
    clean = SequenceLoss(4)(logits, labels, mask)
    assert clean["loss"].isfinite()
    assert clean["accuracy"].isfinite()


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_sequence_gradients(smoothing):
    labels, mask = torch.tensor([[1, -100, 2], [0, 3, 1]]), torch.tensor([[1, 1, 1], [0, 1, 1]])
    loss = SequenceLoss(4, label_smoothing=smoothing)
    logits = drawn(2, 3, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda tensor: loss(tensor, labels, mask)["loss"], logits)
    assert torch.autograd.gradcheck(lambda tensor: loss(tensor, labels, mask * 0)["loss"], logits)
    assert not loss(logits, labels)["accuracy"].requires_grad


@pytest.mark.parametrize(
    ("logits", "labels", "mask", "message"),
    [
        ((2, 3, 5), (2, 3), None, r"logits has shape \(2, 3, 5\); .* = \(any, any, 4\)"),
        ((6, 4), (6,), None, r"logits has shape \(6, 4\)"),
        ((2, 3, 4), (3, 2), None, r"labels has shape \(3, 2\); .* = \(2, 3\)"),
        ((2, 3, 4), (1, 3), None, r"labels has shape \(1, 3\); .* = \(2, 3\)"),
        ((2, 3, 4), (2, 3), (2, 1), r"attention_mask has shape \(2, 1\); .* = \(2, 3\)"),
    ],
)
def test_sequence_does_not_broadcast(logits, labels, mask, message):
    with pytest.raises(ValueError, match=message):
        SequenceLoss(4)(
            torch.zeros(logits), torch.zeros(labels, dtype=torch.long), None if mask is None else torch.ones(mask)
        )


def test_sequence_labels_outside_the_vocabulary():
    logits = torch.zeros(1, 2, 4)
    with pytest.raises(ValueError, match="labels holds 4; with vocab_size 4 they lie in 0 … 3, and -100"):
        SequenceLoss(4)(logits, torch.tensor([[0, 4]]))
    with pytest.raises(ValueError, match=r"labels holds -100; with vocab_size 4 .* and 0 does not count"):
        SequenceLoss(4, ignore_index=0)(logits, torch.tensor([[0, -100]]))
    with pytest.raises(ValueError, match=r"labels is of type torch.float32; integers"):
        SequenceLoss(4)(logits, torch.zeros(1, 2))
    with pytest.raises(ValueError, match="vocab_size is 0"):
        SequenceLoss(0)
    with pytest.raises(ValueError, match="ignore_index is None"):
        SequenceLoss(4, ignore_index=None)
    with pytest.raises(ValueError, match=r"label_smoothing is 1.5"):
        SequenceLoss(4, label_smoothing=1.5)


# The contrastive.


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


def test_integers_are_refused_where_they_would_cut_the_loss():
    whole = torch.ones(1, 2, dtype=torch.long)
    with pytest.raises(ValueError, match=r"anchor is of type torch.int64; floating-point"):
        ContrastiveLoss()(whole, whole, whole.unsqueeze(1))
    with pytest.raises(ValueError, match=r"x_recon is of type torch.int64; floating-point"):
        VQVAELoss()(torch.zeros(1, 2), whole, 0.5, 0.25)
    with pytest.raises(ValueError, match=r"logits is of type torch.int64; floating-point"):
        SequenceLoss(2)(whole.unsqueeze(0), torch.zeros(1, 1, dtype=torch.long))


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
