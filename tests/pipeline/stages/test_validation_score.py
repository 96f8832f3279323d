"""What tells a training when to stop is what a run on the validation part measures."""

from __future__ import annotations

import re

import numpy as np
import pytest
from histories import history_of

import harness
from harness.artifacts import RecommendationTask, Truth, UserBatch, Vocabulary
from harness.errors import CheckpointError
from harness.pipeline.stages.validation_score import ndcg_on

RECIPE = "recipe: {epochs: 4, patience: 2, batch_size: 64}"
MODELS = {
    "two_tower": "embedding_dim: 8, hidden_dim: 8",
    "sequential": "embedding_dim: 8, num_layers: 1, attn_dim: 8, max_length: 8",
    "generative": (
        "embedding_dim: 16, attn_dim: 16, num_heads: 2, encoder_layers: 1, decoder_layers: 1, beam: 20, "
        "codes: {dimension: 8, levels: 2, size: 8, steps: 50}"
    ),
}
PROTOCOLS = {
    "as it is": [],
    "users of their own": ["dataset.split={kind: user_holdout, test: 0.2, validation: 0.4, seed: 1}"],
    "seen items too": ["dataset.duplicates=keep", "candidates.exclude=none"],
    "known items alone": ["candidates.items=train"],
    "an allow-list": ["candidates.allow=FOLDER/allow.txt"],
    "rolling": ["dataset.split={kind: global_time, test: 0.3, validation: 0.3, history: rolling}"],
}


@pytest.fixture
def settings(small, tmp_path):
    """Return the settings of a model, trained on train and evaluated on validation, by a protocol."""
    (tmp_path / "allow.txt").write_text("".join(f"i{item:02d}\n" for item in range(20)))

    def of(kind, protocol):
        return [
            f"model={{kind: {kind}, checkpoint: {tmp_path}/{kind}.safetensors, fit: {{on: train}}}}",
            f"model.params={{{MODELS[kind]}, {RECIPE}}}",
            "evaluation.part=validation",
            *[setting.replace("FOLDER", str(tmp_path)) for setting in PROTOCOLS[protocol]],
        ]

    return of


@pytest.mark.parametrize(
    ("kind", "protocol"),
    [
        *[("two_tower", protocol) for protocol in PROTOCOLS],
        ("sequential", "as it is"),
        ("generative", "seen items too"),
    ],
)
def test_training_is_judged_by_the_run_on_validation(kind, protocol, small, settings, caplog):
    with caplog.at_level("INFO", logger="harness"):
        result = harness.run(harness.load_experiment(small, settings(kind, protocol)), quiet=True)
    (said,) = re.findall(r"ndcg@10 on validation was best after epoch \d of \d: (\d\.\d{4})", caplog.text)
    (value,) = [row["value"] for row in result.results["metrics"] if row["label"] == "ndcg@10"]
    assert float(said) > 0
    # With rolling history a run gives each user the mean of their moments, and the judge each moment the same weight.
    assert float(said) == pytest.approx(value, abs=0.03 if protocol == "rolling" else 5.1e-5)


def test_other_candidates_are_reported(small, settings, caplog):
    harness.fit(harness.load_experiment(small, settings("two_tower", "as it is")), quiet=True)
    harness.fit(harness.load_experiment(small, settings("two_tower", "as it is")), quiet=True)
    assert "was stopped by lists with other candidates" not in caplog.text
    harness.fit(harness.load_experiment(small, settings("two_tower", "an allow-list")), quiet=True)
    assert "was stopped by lists with other candidates than those of this experiment" in caplog.text


def test_a_checkpoint_of_other_vectors_is_refused(small, settings, tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "ids.txt").write_text("".join(f"i{item:02d}\n" for item in range(40)))

    def experiment(path):
        np.save(path, rng.normal(size=(40, 6)).astype(np.float32))
        items = f"dataset.items.vectors={{path: {path}, ids: {tmp_path}/ids.txt}}"
        chosen = settings("generative", "as it is")
        chosen[1] = chosen[1].replace("dimension: 8", "vectors: dataset")
        return harness.load_experiment(small, [*chosen, items])

    assert not harness.fit(experiment(tmp_path / "one.npy"), quiet=True).was_there
    with pytest.raises(CheckpointError, match="was fitted on other vectors of items"):
        harness.fit(experiment(tmp_path / "two.npy"), quiet=True)


class Ranked:
    """The same scores for all: item 0 first."""

    def score(self, batch: UserBatch):
        import torch

        return -torch.arange(5.0).expand(len(batch.users), -1)


def test_a_case_by_hand():
    # The one saw item 0 and chose 2, second of what is left; the other saw nothing and chose 0 and 4, at 1 and 5.
    history = history_of([[0], []], 5)
    task = RecommendationTask(
        users=np.arange(2),
        truth=Truth(np.array([0, 1, 3]), np.array([2, 0, 4], dtype=np.int32)),
        history=history,
        user_ids=Vocabulary(np.arange(2)),
        item_ids=Vocabulary(np.arange(5)),
        k=10,
        scored=False,
    )
    first = 1 / np.log2(3)
    second = (1 + 1 / np.log2(6)) / (1 + 1 / np.log2(3))
    assert ndcg_on(task)(Ranked(), "cpu") == pytest.approx((first + second) / 2)
