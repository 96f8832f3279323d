"""The building blocks of a generative-recommendation library: encoders, losses, metrics, plots, utilities."""

from harness.modules.attention import MultiHeadAttention
from harness.modules.contrastive_loss import ContrastiveLoss
from harness.modules.encoder import PositionalEncoding, TransformerEncoder
from harness.modules.losses import SequenceLoss, VQVAELoss
from harness.modules.model_utils import ModelUtils
from harness.modules.ranking_metrics import RecommendationMetrics
from harness.modules.visualization import AttentionVisualization

__all__ = [
    "AttentionVisualization",
    "ContrastiveLoss",
    "ModelUtils",
    "MultiHeadAttention",
    "PositionalEncoding",
    "RecommendationMetrics",
    "SequenceLoss",
    "TransformerEncoder",
    "VQVAELoss",
]
