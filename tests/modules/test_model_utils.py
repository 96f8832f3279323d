"""Counting, freezing, initialising."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from harness.modules import ModelUtils, MultiHeadAttention, TransformerEncoder


def encoder():
    return TransformerEncoder(vocab_size=10, embedding_dim=4, num_heads=2, num_layers=2, attn_dim=6, max_seq_length=5)


# In a layer: attention 3 * (4 * 4 + 4) + (4 * 4 + 4), feed-forward 4 * 6 + 6 + 6 * 4 + 4, norms 4 * 4.
LAYER = 80 + 58 + 16
PARAMETERS = 10 * 4 + 2 * LAYER


def test_parameters_by_hand():
    assert ModelUtils.count_parameters(encoder()) == PARAMETERS
    assert ModelUtils.count_parameters(MultiHeadAttention(4, 2)) == 4 * 20
    assert ModelUtils.count_parameters(nn.Dropout()) == 0


def test_frozen_parameters_do_not_count_and_shared_ones_once():
    model = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False))
    model[1].weight = model[0].weight
    assert ModelUtils.count_parameters(model) == 9
    assert ModelUtils.get_model_size(model) == "0.00 MB"
    model[0].weight.requires_grad_(False)
    assert ModelUtils.count_parameters(model) == 0


@pytest.mark.parametrize(
    ("dtype", "size"), [(torch.float64, "12.34 MB"), (torch.float32, "6.17 MB"), (torch.bfloat16, "3.08 MB")]
)
def test_size_counts_parameters_and_buffers(dtype, size):
    # 1,617,428 values of 8 bytes are 12.34 MiB, a quarter of them in a buffer.
    model = nn.Module()
    model.register_parameter("a", nn.Parameter(torch.zeros(1_213_071)))
    model.register_buffer("b", torch.zeros(404_357))
    assert ModelUtils.get_model_size(model.to(dtype)) == size


def test_size_of_a_frozen_model_is_the_same():
    model = nn.Linear(1024, 1024, bias=False)
    assert ModelUtils.get_model_size(model) == ModelUtils.get_model_size(model.requires_grad_(False)) == "4.00 MB"


def trainable(model):
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def test_freeze_by_a_part_of_the_dotted_name():
    model = encoder()
    everything = trainable(model)
    ModelUtils.freeze_layers(model, ["embedding", "layers.0."])
    frozen = everything - trainable(model)
    assert frozen == {name for name in everything if "embedding" in name or "layers.0." in name}
    assert len(frozen) == 13
    ModelUtils.freeze_layers(model, ["bias"])
    assert not any("bias" in name for name in trainable(model))
    ModelUtils.unfreeze_layers(model, ["layers.0.linear1"])
    assert {"transformer.layers.0.linear1.weight", "transformer.layers.0.linear1.bias"} <= trainable(model)
    ModelUtils.unfreeze_layers(model, ("transformer", "embedding"))
    assert trainable(model) == everything


def test_a_frozen_layer_does_not_learn():
    model = encoder()
    ModelUtils.freeze_layers(model, ["embedding"])
    model(torch.tensor([[1, 2]])).sum().backward()
    assert model.embedding.weight.grad is None
    assert model.transformer.layers[0].linear1.weight.grad is not None


@pytest.mark.parametrize("change", [ModelUtils.freeze_layers, ModelUtils.unfreeze_layers])
def test_a_string_that_matches_nothing(change):
    model = encoder()
    before = trainable(model)
    with pytest.raises(ValueError, match=r"layer_names holds 'embeding'.*Did you mean 'embedding'"):
        change(model, ["transformer", "embeding"])
    with pytest.raises(ValueError, match=r"layer_names is 'embedding'; a list is needed, such as \['embedding'\]"):
        change(model, "embedding")
    assert trainable(model) == before
    with pytest.raises(ValueError, match="layer_names holds 3; parts of names are needed"):
        change(model, ["transformer", 3])
    change(model, ["pos_encoding"])  # has a buffer alone
    change(model, ["dropout"])  # has nothing
    change(model, [])
    assert trainable(model) == before


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 4, padding_idx=0)
        self.head = nn.Linear(4, 5)
        self.head.weight = self.embedding.weight


def test_shared_weights_have_several_names():
    model = Tied()
    ModelUtils.freeze_layers(model, ["head."])
    assert ModelUtils.count_parameters(model) == 0
    ModelUtils.unfreeze_layers(model, ["head.weight"])
    assert ModelUtils.count_parameters(model) == 20


@pytest.mark.parametrize("kind", ["xavier", "kaiming", "normal"])
def test_the_padding_row_of_shared_weights_stays_0(kind):
    model = Tied()
    ModelUtils.initialize_weights(model, kind)
    assert (model.embedding.weight[0] == 0).all()
    assert (model.embedding.weight[1:] != 0).any()


def test_normalisation_of_two_dimensions_becomes_1():
    model = nn.LayerNorm((3, 4))
    nn.init.normal_(model.weight)
    ModelUtils.initialize_weights(model, "normal")
    assert (model.weight == 1).all()


class Padded(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(50, 40, padding_idx=3)
        self.bag = nn.EmbeddingBag(50, 40, padding_idx=0)
        self.conv = nn.Conv1d(40, 30, 3)
        self.norm = nn.LayerNorm(30)
        self.batch = nn.BatchNorm1d(30)
        self.rms = nn.RMSNorm(30)
        self.slope = nn.PReLU(init=0.125)
        self.linear = nn.Linear(200, 100)
        self.recurrent = nn.GRU(30, 30)
        self.empty = nn.Linear(0, 3)
        self.scale = nn.Parameter(torch.full((5,), 7.0))


def rattled():
    torch.manual_seed(0)
    with pytest.warns(UserWarning, match="zero-element"):
        model = Padded()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name not in ("scale", "slope.weight"):
                parameter.copy_(torch.randn_like(parameter) + 5)
    return model


@pytest.mark.parametrize("kind", ["xavier", "kaiming", "normal"])
def test_initialise(kind):
    model = rattled()
    model.linear.requires_grad_(False)
    ModelUtils.initialize_weights(model, kind)
    for name, parameter in model.named_parameters():
        if "bias" in name:
            assert (parameter == 0).all(), name
    for layer in (model.norm, model.batch, model.rms):
        assert (layer.weight == 1).all()
    assert (model.embedding.weight[3] == 0).all()
    assert (model.bag.weight[0] == 0).all()
    assert (model.embedding.weight[4] != 0).any()
    assert model.slope.weight.item() == 0.125
    assert (model.scale == 7).all()
    weight = model.linear.weight  # (100, 200)
    spread = {"xavier": math.sqrt(2 / 300), "kaiming": math.sqrt(2 / 200), "normal": 0.02}[kind]
    assert weight.std().item() == pytest.approx(spread, rel=0.03)
    assert weight.mean().item() == pytest.approx(0.0, abs=spread / 30)
    if kind != "normal":  # uniform: nothing beyond the square root of three spreads
        assert weight.abs().max().item() == pytest.approx(math.sqrt(3) * spread, rel=0.01)
    assert model.recurrent.weight_hh_l0.abs().max() < 1


def test_xavier_is_the_default_and_torchs_own():
    model, other = nn.Linear(6, 5), nn.Linear(6, 5)
    ModelUtils.initialize_weights(model, generator=torch.Generator().manual_seed(4))
    nn.init.xavier_uniform_(other.weight, generator=torch.Generator().manual_seed(4))
    assert torch.equal(model.weight, other.weight)
    torch.manual_seed(5)
    ModelUtils.initialize_weights(model, "kaiming")
    torch.manual_seed(5)
    nn.init.kaiming_uniform_(other.weight)
    assert torch.equal(model.weight, other.weight)


@pytest.mark.parametrize("kind", ["xavier", "kaiming", "normal"])
def test_the_building_blocks_initialise(kind):
    for model in (encoder(), MultiHeadAttention(4, 2)):
        ModelUtils.initialize_weights(model, kind)
        assert all(parameter.isfinite().all() for parameter in model.parameters())
    vectors = encoder()
    ModelUtils.initialize_weights(vectors, kind)
    assert vectors(torch.tensor([[1, 2, 3]])).std() > 0.1


def test_an_unknown_kind():
    model = nn.Linear(3, 3)
    before = model.weight.clone()
    with pytest.raises(ValueError, match=r"init_type is 'xaver'. Did you mean 'xavier'\?"):
        ModelUtils.initialize_weights(model, "xaver")
    with pytest.raises(ValueError, match="init_type is"):
        ModelUtils.initialize_weights(model, ["xavier"])
    assert torch.equal(model.weight, before)
