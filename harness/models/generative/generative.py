"""A generative model: it predicts the next item's semantic id code by code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from pydantic.dataclasses import dataclass

from harness.artifacts import Finding, ListRecommender, Tensors, TrainedModel, TrainingData, TrainingOptions, Vocabulary
from harness.models.generative.generative_options import CodeOptions, GenerativeRecipe

if TYPE_CHECKING:
    from harness.artifacts.array_types import Int32Array
    from harness.models.generative.seq2seq import SemanticTransformer


@dataclass(frozen=True, config={"extra": "forbid", "strict": True})
class Generative(TrainedModel):
    r"""Recommend the items with the most probable semantic ids after the history, by beam search.

    A residual VQ-VAE (``VQVAELoss``) turns a vector of each item into a few codes; one more code distinguishes items
    that share all others. An encoder (``TransformerEncoder``) reads the codes of the last ``max_items`` items, and a
    decoder (``MultiHeadAttention`` over its own codes and over the history) is trained by the cross entropy of
    the next item's codes (``SequenceLoss``)::

        score(u, j) = sum over levels of log P(code of j | codes before it, history of u)

    where P is over all codes of a level, as in training, including codes of no item. The search follows the tree of
    the catalogue's ids, so that no list holds an invalid id, a seen item, or an item twice. A beam as wide as the
    catalogue scores all items. Items outside the beam have no rank, so ``target_ranks.parquet`` has nulls. For users
    without history the model continues an empty one.

    Ties follow the hash of (seed, user id, item id), also at the end of the list. Prefixes that tie where the beam is
    cut follow the hash of the first item below them, in the order of the codes. So among items of equal score, those
    that a narrow beam reaches depend on the user, but not on each item's hash.

    Parameters
    ----------
    codes
        How items get their codes.
    embedding_dim, num_heads, attn_dim, dropout
        Sizes of the encoder and the decoder.
    encoder_layers, decoder_layers
        Number of layers, 1 or more each.
    max_items
        Number of last items of a history that are read.
    targets_per_user
        Number of positions of a user's history that each epoch draws, to predict the next item.
    beam
        Number of prefixes that the search keeps, at least the length of the lists (``runner.k``); None: twice that
        length.
    recipe
        How the encoder and the decoder are trained.
    seed
        Seed of the initial weights, the codes, the order of the examples and dropout; 0 or more.

    References
    ----------
    Rajput et al., "Recommender systems with generative retrieval", NeurIPS 2023.

    Examples
    --------
    >>> Generative(codes=CodeOptions(levels=4, size=256), beam=50).codes.size
    256
    """

    batch_invariant: ClassVar[bool] = True
    ranks_targets: ClassVar[bool] = False

    codes: CodeOptions = CodeOptions()
    embedding_dim: Annotated[int, Field(ge=1)] = 64
    num_heads: Annotated[int, Field(ge=1)] = 4
    attn_dim: Annotated[int, Field(ge=1)] = 256
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    encoder_layers: Annotated[int, Field(ge=1)] = 2
    decoder_layers: Annotated[int, Field(ge=1)] = 2
    max_items: Annotated[int, Field(ge=1)] = 10
    targets_per_user: Annotated[int, Field(ge=1)] = 8
    beam: Annotated[int | None, Field(ge=1)] = None
    recipe: GenerativeRecipe = GenerativeRecipe()
    seed: Annotated[int, Field(ge=0)] = 0

    def __post_init__(self) -> None:
        if self.embedding_dim % self.num_heads:
            raise ValueError(f"embedding_dim is {self.embedding_dim}, which {self.num_heads} heads do not divide")

    @property
    def reads_item_vectors(self) -> bool:
        """Whether the codes come from the vectors of the data set."""
        return self.codes.vectors == "dataset"

    def train(self, data: TrainingData, options: TrainingOptions) -> Tensors:
        """Learn the codes of the items, train the network, and return both.

        The tensors are ``codes``, int32 ``(items, levels)``, all distinct; ``levels``, the number of learnt levels;
        and ``network.…``.

        Raises
        ------
        HarnessError
            The loss is NaN or infinite, no user has two interactions, or the codes need item vectors that the data set
            lacks.
        """
        from harness.models.generative.generative_network import train

        return train(
            self.network,
            data,
            options,
            options=self.codes,
            recipe=self.recipe,
            max_items=self.max_items,
            targets_per_user=self.targets_per_user,
            seed=self.seed,
        )

    def recommender(self, tensors: Tensors, *, users: Vocabulary, items: Vocabulary, device: str) -> ListRecommender:
        """Return the recommender on a device.

        Raises
        ------
        CheckpointError
            The tensors do not come from ``train`` on this catalogue.
        """
        from harness.models.generative.generative_network import recommender

        return recommender(self.network, tensors, users=users, items=items, beam=self.beam, device=device)

    def network(self, codes: Int32Array) -> SemanticTransformer:
        """Return the network for items with codes ``(items, levels)``, with random weights."""
        from harness.models.generative.decoder import NetworkSizes
        from harness.models.generative.seq2seq import SemanticTransformer

        return SemanticTransformer(
            NetworkSizes(
                codes=tuple(int(highest) + 1 for highest in codes.max(axis=0)),
                embedding_dim=self.embedding_dim,
                num_heads=self.num_heads,
                attn_dim=self.attn_dim,
                encoder_layers=self.encoder_layers,
                decoder_layers=self.decoder_layers,
                dropout=self.dropout,
                max_items=self.max_items,
            )
        )

    def audit(self, tensors: Tensors) -> tuple[Finding, ...]:
        """Report how many items share their learnt codes."""
        from harness.models.generative.semantic_ids import n_colliding

        codes = tensors["codes"]
        count = n_colliding(codes[:, : int(tensors["levels"][0])])
        remedy = "distinguished by one more code" if count else "so that no further code is needed"
        sentence = f"{count:,} of {len(codes):,} items share their {int(tensors['levels'][0])} codes, {remedy}."
        return (Finding("semantic_id_collisions", count, len(codes), sentence, "info"),)
