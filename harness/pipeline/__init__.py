"""The commands, which know the order of the stages."""

from harness.pipeline.commands.attention_picture import PictureOptions
from harness.pipeline.commands.audit import TieOptions, audit_dataset
from harness.pipeline.commands.compare import RunComparison, compare_runs
from harness.pipeline.commands.comparison_options import ComparisonOptions
from harness.pipeline.commands.describe import describe_dataset, describe_source
from harness.pipeline.commands.diff import DiffOptions, diff
from harness.pipeline.commands.eval import RunResult, run
from harness.pipeline.commands.explain import Explanation, explain
from harness.pipeline.commands.export import export
from harness.pipeline.commands.fit import fit
from harness.pipeline.commands.freeze import FrozenProtocol, freeze
from harness.pipeline.commands.gate import GateOptions, GateResult, gate
from harness.pipeline.commands.init import StarterExperiment, StarterOptions, init
from harness.pipeline.commands.paired_runs import compare
from harness.pipeline.commands.power import MetricPower, PowerOptions, power
from harness.pipeline.commands.predict import predict
from harness.pipeline.commands.report import render_again
from harness.pipeline.commands.score import ScoreOptions, score
from harness.pipeline.commands.seeds import SeedResult, run_seeds
from harness.pipeline.commands.split import write_split
from harness.pipeline.commands.sync import SyncResult, sync
from harness.pipeline.commands.validate import check_inputs
from harness.pipeline.run_folder.result_index import list_results
from harness.pipeline.stages.fitting import ModelCheckpoint

__all__ = [
    "ComparisonOptions",
    "DiffOptions",
    "Explanation",
    "FrozenProtocol",
    "GateOptions",
    "GateResult",
    "MetricPower",
    "ModelCheckpoint",
    "PictureOptions",
    "PowerOptions",
    "RunComparison",
    "RunResult",
    "ScoreOptions",
    "SeedResult",
    "StarterExperiment",
    "StarterOptions",
    "SyncResult",
    "TieOptions",
    "audit_dataset",
    "check_inputs",
    "compare",
    "compare_runs",
    "describe_dataset",
    "describe_source",
    "diff",
    "explain",
    "export",
    "fit",
    "freeze",
    "gate",
    "init",
    "list_results",
    "power",
    "predict",
    "render_again",
    "run",
    "run_seeds",
    "score",
    "sync",
    "write_split",
]
