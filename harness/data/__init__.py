"""Data sets: fetched or read, filtered, split, described and audited."""

from harness.artifacts import CatalogueEntry, DataWarning
from harness.data.audits import audit
from harness.data.candidates.allow_lists import AllowList, UserCandidates, allow_list, lists_from
from harness.data.candidates.sampled_negatives import sampled_negatives
from harness.data.describe import describe
from harness.data.filters.counts import Counts
from harness.data.filters.duplicates import Duplicates
from harness.data.filters.filter_chain import Filter, FilterResult, apply_filters
from harness.data.filters.id_lists import ItemFilter, UserFilter
from harness.data.filters.k_core import KCore
from harness.data.filters.min_rating import MinRating
from harness.data.filters.time_window import TimeWindow
from harness.data.predictions.prediction_files import open_predictions, read_predictions
from harness.data.predictions.prediction_lists import checked_predictions
from harness.data.predictions.trec_writer import TrecFiles, write_trec
from harness.data.readers.interaction_files import read_table
from harness.data.readers.parquet_parts import parts_of
from harness.data.readers.table_keys import TableKeys
from harness.data.readers.table_reader import TableReader
from harness.data.sources.catalogue import fetch, list_sources
from harness.data.sources.load_source import check_source, load_source
from harness.data.sources.movielens import MovieLens100K
from harness.data.sources.package_index import Wheel
from harness.data.sources.source import Source, SourceData
from harness.data.sources.synthetic import Synthetic
from harness.data.sources.ta_feng import TaFeng
from harness.data.splits import FixedSplit, GlobalTime, KFold, LeaveLastOut, RandomSplit, UserHoldout, UserTime
from harness.data.splits.rolling_holdout import RollingHoldout, rolling_holdout
from harness.data.splits.split_files import time_column, write_parts

__all__ = [
    "AllowList",
    "CatalogueEntry",
    "Counts",
    "DataWarning",
    "Duplicates",
    "Filter",
    "FilterResult",
    "FixedSplit",
    "GlobalTime",
    "ItemFilter",
    "KCore",
    "KFold",
    "LeaveLastOut",
    "MinRating",
    "MovieLens100K",
    "RandomSplit",
    "RollingHoldout",
    "Source",
    "SourceData",
    "Synthetic",
    "TaFeng",
    "TableKeys",
    "TableReader",
    "TimeWindow",
    "TrecFiles",
    "UserCandidates",
    "UserFilter",
    "UserHoldout",
    "UserTime",
    "Wheel",
    "allow_list",
    "apply_filters",
    "audit",
    "check_source",
    "checked_predictions",
    "describe",
    "fetch",
    "list_sources",
    "lists_from",
    "load_source",
    "open_predictions",
    "parts_of",
    "read_predictions",
    "read_table",
    "rolling_holdout",
    "sampled_negatives",
    "time_column",
    "write_parts",
    "write_trec",
]
