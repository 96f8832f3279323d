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


def test_integers_are_refused_where_they_would_cut_the_loss():
    whole = torch.ones(1, 2, dtype=torch.long)
    with pytest.raises(ValueError, match=r"anchor is of type torch.int64; floating-point"):
        ContrastiveLoss()(whole, whole, whole.unsqueeze(1))
    with pytest.raises(ValueError, match=r"x_recon is of type torch.int64; floating-point"):
        VQVAELoss()(torch.zeros(1, 2), whole, 0.5, 0.25)
    with pytest.raises(ValueError, match=r"logits is of type torch.int64; floating-point"):
        SequenceLoss(2)(whole.unsqueeze(0), torch.zeros(1, 1, dtype=torch.long))
