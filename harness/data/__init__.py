"""Data sets: fetched or read, filtered, split, described and audited."""

from harness.data.audits import audit
from harness.data.candidates import AllowList, AskedUsers, FoundCandidates, allow_list, lists_from
from harness.data.catalogue import MovieLens100K
from harness.data.count_filters import Counts, KCore
from harness.data.describe import describe
from harness.data.duplicate_filters import Duplicates
from harness.data.fetch import Wheel
from harness.data.files import parts_of
from harness.data.filters import Filter, FilterResult, apply_filters
from harness.data.id_filters import Items, Users
from harness.data.listing import catalogue_table, fetch, list_sources
from harness.data.occasions import Occasions, occasions_of
from harness.data.prediction_checks import Asked
from harness.data.prediction_files import open_predictions, read_predictions
from harness.data.predictions import checked_predictions
from harness.data.rating_filters import MinRating
from harness.data.readers import read_table
from harness.data.sampling import sampled_negatives
from harness.data.source import CatalogueEntry, Source, SourceData, check_source, load_source
from harness.data.splits import FixedSplit, GlobalTime, KFold, LeaveLastOut, RandomSplit, UserHoldout, UserTime
from harness.data.synthetic import Synthetic
from harness.data.ta_feng import TaFeng
from harness.data.table_keys import TableKeys
from harness.data.time_filters import TimeWindow
from harness.data.trec import TrecFiles, write_trec
from harness.data.write import time_column, write_parts

__all__ = [
    "AllowList",
    "Asked",
    "AskedUsers",
    "CatalogueEntry",
    "Counts",
    "Duplicates",
    "Filter",
    "FilterResult",
    "FixedSplit",
    "FoundCandidates",
    "GlobalTime",
    "Items",
    "KCore",
    "KFold",
    "LeaveLastOut",
    "MinRating",
    "MovieLens100K",
    "Occasions",
    "RandomSplit",
    "Source",
    "SourceData",
    "Synthetic",
    "TaFeng",
    "TableKeys",
    "TimeWindow",
    "TrecFiles",
    "UserHoldout",
    "UserTime",
    "Users",
    "Wheel",
    "allow_list",
    "apply_filters",
    "audit",
    "catalogue_table",
    "check_source",
    "checked_predictions",
    "describe",
    "fetch",
    "list_sources",
    "lists_from",
    "load_source",
    "occasions_of",
    "open_predictions",
    "parts_of",
    "read_predictions",
    "read_table",
    "sampled_negatives",
    "time_column",
    "write_parts",
    "write_trec",
]
