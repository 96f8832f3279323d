"""The commands, which know the order of the stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy_exports import LazyExports

if TYPE_CHECKING:
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

# A command imports what it needs and no other command.
_exports = LazyExports(
    {
        "ComparisonOptions": "harness.pipeline.commands.comparison_options",
        "DiffOptions": "harness.pipeline.commands.diff",
        "Explanation": "harness.pipeline.commands.explain",
        "FrozenProtocol": "harness.pipeline.commands.freeze",
        "GateOptions": "harness.pipeline.commands.gate",
        "GateResult": "harness.pipeline.commands.gate",
        "MetricPower": "harness.pipeline.commands.power",
        "ModelCheckpoint": "harness.pipeline.stages.fitting",
        "PictureOptions": "harness.pipeline.commands.attention_picture",
        "PowerOptions": "harness.pipeline.commands.power",
        "RunComparison": "harness.pipeline.commands.compare",
        "RunResult": "harness.pipeline.commands.eval",
        "ScoreOptions": "harness.pipeline.commands.score",
        "SeedResult": "harness.pipeline.commands.seeds",
        "StarterExperiment": "harness.pipeline.commands.init",
        "StarterOptions": "harness.pipeline.commands.init",
        "SyncResult": "harness.pipeline.commands.sync",
        "TieOptions": "harness.pipeline.commands.audit",
        "audit_dataset": "harness.pipeline.commands.audit",
        "check_inputs": "harness.pipeline.commands.validate",
        "compare": "harness.pipeline.commands.paired_runs",
        "compare_runs": "harness.pipeline.commands.compare",
        "describe_dataset": "harness.pipeline.commands.describe",
        "describe_source": "harness.pipeline.commands.describe",
        "diff": "harness.pipeline.commands.diff",
        "explain": "harness.pipeline.commands.explain",
        "export": "harness.pipeline.commands.export",
        "fit": "harness.pipeline.commands.fit",
        "freeze": "harness.pipeline.commands.freeze",
        "gate": "harness.pipeline.commands.gate",
        "init": "harness.pipeline.commands.init",
        "list_results": "harness.pipeline.run_folder.result_index",
        "power": "harness.pipeline.commands.power",
        "predict": "harness.pipeline.commands.predict",
        "render_again": "harness.pipeline.commands.report",
        "run": "harness.pipeline.commands.eval",
        "run_seeds": "harness.pipeline.commands.seeds",
        "score": "harness.pipeline.commands.score",
        "sync": "harness.pipeline.commands.sync",
        "write_split": "harness.pipeline.commands.split",
    }
)
__getattr__ = _exports.get
__dir__ = _exports.names

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
