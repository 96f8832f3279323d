"""Who knows the order of the stages."""

from harness.pipeline.again import describe_dataset, describe_source, render_again, write_split
from harness.pipeline.attention_picture import Picture
from harness.pipeline.auditing import TieOptions, audit_dataset
from harness.pipeline.checkpoints import Fitted, fit
from harness.pipeline.comparing import Choices, ComparisonResult, compare_runs
from harness.pipeline.explaining import Explanation, explain
from harness.pipeline.foreign import ScoreOptions, export, score
from harness.pipeline.inputs import check_inputs
from harness.pipeline.paired_runs import compare
from harness.pipeline.running import RunResult, predict, run

__all__ = [
    "Choices",
    "ComparisonResult",
    "Explanation",
    "Fitted",
    "Picture",
    "RunResult",
    "ScoreOptions",
    "TieOptions",
    "audit_dataset",
    "check_inputs",
    "compare",
    "compare_runs",
    "describe_dataset",
    "describe_source",
    "explain",
    "export",
    "fit",
    "predict",
    "render_again",
    "run",
    "score",
    "write_split",
]
