"""Who knows the order of the stages."""

from harness.pipeline.commands.attention_picture import Picture
from harness.pipeline.commands.audit import TieOptions, audit_dataset
from harness.pipeline.commands.compare import Choices, ComparisonResult, compare_runs
from harness.pipeline.commands.explain import Explanation, explain
from harness.pipeline.commands.fit import Fitted, fit
from harness.pipeline.commands.paired_runs import compare
from harness.pipeline.commands.report import describe_dataset, describe_source, render_again, write_split
from harness.pipeline.commands.run import RunResult, predict, run
from harness.pipeline.commands.score import ScoreOptions, export, score
from harness.pipeline.commands.validate import check_inputs

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
