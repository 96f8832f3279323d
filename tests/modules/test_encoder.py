"""The encoder: against float64 loops over real tokens alone, whatever mode, mask and side of the padding."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import transformer as oracle

from harness.modules import PositionalEncoding, TransformerEncoder

LEFT = [[0, 0, 1, 1, 1], [0, 0, 0, 0, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]]
RIGHT = [row[::-1] for row in LEFT]
HOLES = [[1, 0, 1, 0, 1], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0], [1, 1, 0, 1, 1]]
MASKS = {"left": LEFT, "right": RIGHT, "holes": HOLES, "nothing": [[0] * 5] * 4, "everything": [[1] * 5] * 4}
TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-5, torch.bfloat16: 0.15, torch.float16: 0.02}


def made(*, causal=False, dtype=torch.float64, dropout=0.0, **sizes):
    torch.manual_seed(0)
    shape = {"vocab_size": 20, "embedding_dim": 12, "num_heads": 3, "num_layers": 2, "attn_dim": 16} | sizes
    encoder = TransformerEncoder(**shape, dropout=dropout, max_seq_length=9, causal=causal).to(torch.float64)
    # Exact in float64, which a float32 buffer that was widened is not.
    encoder.pos_encoding.pe.copy_(torch.tensor(oracle.positions(9, shape["embedding_dim"])))
    return encoder.to(dtype)


def some_ids(rows=4, length=5, vocabulary=20):
    return torch.randint(vocabulary, (rows, length), generator=torch.Generator().manual_seed(3))


def expected(encoder, ids, mask, *, heads=3, layers=2):
    state = encoder.state_dict()
    return oracle.encode(state, ids.numpy(), np.asarray(mask), heads=heads, layers=layers, causal=encoder.causal)


@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("padding", list(MASKS))
def test_real_tokens_as_if_there_were_no_padding(padding, causal, training, dtype):
    encoder = made(causal=causal, dtype=dtype).train(training)
    ids, mask = some_ids(), MASKS[padding]
    for gradient in (True, False):
        with torch.set_grad_enabled(gradient):
            vectors = encoder(ids, torch.tensor(mask))
        assert vectors.shape == (4, 5, 12)
        assert vectors.dtype == dtype
        assert (vectors[torch.tensor(mask) == 0] == 0).all()
        np.testing.assert_allclose(
            vectors.detach().double().numpy(), expected(encoder, ids, mask), atol=TOLERANCE[dtype], rtol=0
        )


@settings(max_examples=30, deadline=None)
@given(
    causal=st.booleans(),
    training=st.booleans(),
    heads=st.integers(1, 3),
    width=st.integers(1, 3),
    mask=st.integers(1, 4).flatmap(
        lambda rows: st.integers(1, 8).flatmap(
            lambda length: st.lists(
                st.lists(st.integers(0, 1), min_size=length, max_size=length), min_size=rows, max_size=rows
            )
        )
    ),
)
def test_any_mask_and_odd_sizes(causal, training, heads, width, mask):
    encoder = made(causal=causal, num_heads=heads, embedding_dim=heads * width, num_layers=1).train(training)
    ids = some_ids(len(mask), len(mask[0]))
    vectors = encoder(ids, torch.tensor(mask))
    np.testing.assert_allclose(
        vectors.detach().numpy(), expected(encoder, ids, mask, heads=heads, layers=1), atol=1e-10, rtol=0
    )


@pytest.mark.parametrize("causal", [False, True])
def test_no_mask_is_a_mask_of_ones(causal):
    encoder = made(causal=causal).eval()
    ids = some_ids()
    np.testing.assert_allclose(encoder(ids).detach(), expected(encoder, ids, MASKS["everything"]), atol=1e-12)


@pytest.mark.parametrize("kind", [torch.bool, torch.int64, torch.float32, torch.float16])
@pytest.mark.parametrize("causal", [False, True])
def test_a_mask_of_any_type(causal, kind):
    encoder = made(causal=causal).eval()
    mask = torch.tensor(LEFT)
    torch.testing.assert_close(encoder(some_ids(), mask.to(kind)), encoder(some_ids(), mask))


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("padding", ["left", "right", "holes"])
def test_no_row_disturbs_another(padding, causal, training):
    encoder = made(causal=causal, dtype=torch.float32).train(training)
    ids, mask = some_ids(), torch.tensor(MASKS[padding])
    before = encoder(ids, mask)
    other_ids, other_mask = ids.clone(), mask.clone()
    other_ids[1:] = 7
    other_mask[1:] = 0
    assert torch.equal(encoder(other_ids, other_mask)[0], before[0])
    repadded = torch.where(mask != 0, ids, 11)
    torch.testing.assert_close(encoder(repadded, mask), before)


@pytest.mark.parametrize("training", [False, True])
def test_causal_sees_nothing_later(training):
    encoder = made(causal=True).train(training)
    ids = some_ids()
    changed = ids.clone()
    changed[:, 3:] = (ids[:, 3:] + 1) % 20
    before, after = encoder(ids), encoder(changed)
    torch.testing.assert_close(after[:, :3], before[:, :3])
    assert not torch.allclose(after[:, 3:], before[:, 3:])
    both_ways = made(causal=False)
    assert not torch.allclose(both_ways(changed)[:, :3], both_ways(ids)[:, :3])


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("padding", list(MASKS))
def test_gradients_are_numbers_and_padding_has_none(padding, causal):
    encoder = made(causal=causal)
    ids = torch.arange(20).reshape(4, 5)  # each position its own id
    mask = torch.tensor(MASKS[padding])
    with torch.autograd.detect_anomaly(check_nan=True):
        (encoder(ids, mask) ** 3).sum().backward()
    gradient = encoder.embedding.weight.grad
    assert all(parameter.grad.isfinite().all() for parameter in encoder.parameters())
    assert (gradient[ids[mask == 0]] == 0).all()
    assert (gradient[ids[mask != 0]].abs().sum(dim=-1) > 0).all()


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("shape", [(0, 4), (3, 0), (0, 0), (1, 1), (1, 9)])
def test_empty_and_single(shape, causal, training):
    encoder = made(causal=causal).train(training)
    ids = torch.zeros(shape, dtype=torch.int32)
    for mask in (None, torch.ones(shape), torch.zeros(shape)):
        assert encoder(ids, mask).shape == (*shape, 12)


def test_dropout_is_for_training_alone():
    encoder = made(dropout=0.5).train()
    ids = some_ids()
    assert not torch.allclose(encoder(ids), encoder(ids))
    encoder.eval()
    assert torch.equal(encoder(ids), encoder(ids))


def test_weights_that_are_nan_give_nan():
    encoder = made().eval()
    encoder.embedding.weight.data[:] = torch.nan
    mask = torch.tensor(LEFT)
    vectors = encoder(some_ids(), mask)
    assert vectors[mask != 0].isnan().all()
    assert (vectors[mask == 0] == 0).all()


@pytest.mark.parametrize("length", [1, 3, 9])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_attention_that_is_nan_is_never_a_finite_number(causal, masked, length):
    encoder = made(causal=causal, dtype=torch.float32).eval()
    encoder.transformer.layers[0].self_attn.in_proj_weight.data[0, 0] = torch.nan
    ids = some_ids(2, length)
    assert encoder(ids, torch.ones(2, length) if masked else None).isnan().any(dim=-1).all()


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("padding", ["left", "right", "holes"])
def test_padding_that_is_nan_reaches_nobody(padding, causal, training):
    encoder = made(causal=causal).train(training)
    ids, mask = some_ids() % 19, torch.tensor(MASKS[padding])
    before = encoder(ids, mask)
    encoder.embedding.weight.data[19] = torch.nan
    torch.testing.assert_close(encoder(torch.where(mask != 0, ids, 19), mask), before)


@pytest.mark.parametrize("kind", [torch.int8, torch.int16, torch.int32, torch.uint8])
def test_ids_of_any_integer_type(kind):
    encoder = made().eval()
    assert torch.equal(encoder(some_ids().to(kind)), encoder(some_ids()))


@pytest.mark.parametrize(
    ("ids", "mask", "message"),
    [
        (torch.zeros(2, 10, dtype=torch.long), None, "input_ids has 10 positions; max_seq_length is 9"),
        (torch.tensor([[3, 20]]), None, "input_ids holds 20; with vocab_size 20"),
        (torch.tensor([[-1, 3]]), None, "input_ids holds -1; with vocab_size 20"),
        (torch.zeros(2, 5, dtype=torch.long), torch.ones(2, 4), r"attention_mask has shape \(2, 4\); .* = \(2, 5\)"),
        (torch.zeros(2, 5, dtype=torch.long), torch.ones(1, 5), r"attention_mask has shape \(1, 5\); .* = \(2, 5\)"),
        (torch.zeros(2, 5, dtype=torch.long), torch.ones(2, 5, 5), r"attention_mask has shape \(2, 5, 5\)"),
        (torch.zeros(5, dtype=torch.long), None, r"input_ids has shape \(5,\)"),
        (torch.zeros(2, 5), None, "input_ids is of type torch.float32; integers"),
    ],
)
@pytest.mark.parametrize("causal", [False, True])
def test_what_cannot_be_encoded(causal, ids, mask, message):
    with pytest.raises(ValueError, match=message):
        made(causal=causal)(ids, mask)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_heads": 5}, "embedding_dim is 12, which 5 heads"),
        ({"vocab_size": 0}, "vocab_size is 0"),
        ({"num_layers": 0}, "num_layers is 0"),
        ({"attn_dim": -1}, "attn_dim is -1"),
        ({"dropout": 2.0}, "dropout is 2.0"),
        ({"dropout": float("nan")}, "dropout is nan"),
        ({"max_seq_length": 0}, "max_seq_length is 0"),
    ],
)
def test_sizes_that_cannot_be(change, message):
    sizes = {"vocab_size": 20, "embedding_dim": 12, "num_heads": 3, "num_layers": 1, "attn_dim": 16} | change
    with pytest.raises(ValueError, match=message):
        TransformerEncoder(**sizes)


def test_defaults():
    encoder = TransformerEncoder(20, 12, 3, 1, 16)
    assert encoder.dropout.p == encoder.transformer.layers[0].dropout.p == 0.1
    assert encoder.pos_encoding.pe.shape == (1, 1024, 12)
    assert PositionalEncoding(12).pe.shape == (1, 5000, 12)


@pytest.mark.parametrize("width", [1, 2, 5, 8])
def test_positions_are_sines_and_cosines(width):
    table = PositionalEncoding(width, 5000).pe
    assert table.dtype == torch.float32
    rows = [0, 1, 7, 4999]
    np.testing.assert_allclose(table[0, rows], oracle.positions(5000, width)[rows], atol=6e-8)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_positions_are_added(dtype):
    encoding = PositionalEncoding(6, 10)
    x = torch.randn(2, 4, 6, dtype=dtype)
    before = x.clone()
    added = encoding(x)
    assert added.dtype == dtype
    torch.testing.assert_close(added - x, encoding.pe[:, :4].to(dtype).expand(2, 4, 6), atol=0.02, rtol=0)
    assert torch.equal(x, before)
    assert encoding(x[:, :0]).shape == (2, 0, 6)
    assert encoding(torch.full((1, 1, 6), torch.nan)).isnan().all()


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 11, 6), "x has 11 positions; max_seq_length is 10"),
        ((2, 4, 1), r"x has shape \(2, 4, 1\); .* = \(any, any, 6\)"),
        ((4, 6), r"x has shape \(4, 6\)"),
    ],
)
def test_positions_that_cannot_be_added(shape, message):
    with pytest.raises(ValueError, match=message):
        PositionalEncoding(6, 10)(torch.zeros(shape))
    with pytest.raises(ValueError, match="embedding_dim is 0"):
        PositionalEncoding(0)


@pytest.mark.parametrize("causal", [False, True])
def test_attention_weights_are_those_that_the_layers_use(causal):
    torch.manual_seed(0)
    encoder = TransformerEncoder(11, 8, 2, 2, 16, dropout=0.3, max_seq_length=9, causal=causal).eval()
    ids = torch.randint(0, 11, (3, 7))
    weights = encoder.attention_weights(ids)
    assert weights.shape == (3, 2, 2, 7, 7)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(3, 2, 2, 7))
    if causal:
        assert (weights.triu(diagonal=1) == 0).all()
    # By hand, the first layer: softmax of queries times keys over the root of the width of a head.
    hidden = encoder.pos_encoding(encoder.embedding(ids))
    layer = encoder.transformer.layers[0].self_attn
    queries, keys, _ = (hidden @ layer.in_proj_weight.T + layer.in_proj_bias).chunk(3, dim=-1)
    queries, keys = (part.view(3, 7, 2, 4).transpose(1, 2) for part in (queries, keys))
    scores = queries @ keys.transpose(-2, -1) / 2.0
    if causal:
        scores = scores.masked_fill(torch.ones(7, 7, dtype=torch.bool).triu(diagonal=1), -torch.inf)
    torch.testing.assert_close(weights[:, 0], scores.softmax(dim=-1))
    with pytest.raises(ValueError, match="12 positions"):
        encoder.attention_weights(torch.zeros(1, 12, dtype=torch.long))
