"""Data sets: fetched or read, filtered, split, described and audited."""

from harness.data.audits import audit
from harness.data.catalogue import MovieLens100K
from harness.data.count_filters import Counts, KCore
from harness.data.describe import describe
from harness.data.duplicate_filters import Duplicates
from harness.data.fetch import Wheel
from harness.data.filters import Filter, FilterResult, apply_filters
from harness.data.id_filters import Items, Users
from harness.data.listing import catalogue_table, fetch, list_sources
from harness.data.rating_filters import MinRating
from harness.data.readers import read_table
from harness.data.source import CatalogueEntry, Source, SourceData, load_source
from harness.data.splits import FixedSplit, GlobalTime, KFold, LeaveLastOut, RandomSplit, UserHoldout, UserTime
from harness.data.time_filters import TimeWindow
from harness.data.write import write_parts

__all__ = [
    "CatalogueEntry",
    "Counts",
    "Duplicates",
    "Filter",
    "FilterResult",
    "FixedSplit",
    "GlobalTime",
    "Items",
    "KCore",
    "KFold",
    "LeaveLastOut",
    "MinRating",
    "MovieLens100K",
    "RandomSplit",
    "Source",
    "SourceData",
    "TimeWindow",
    "UserHoldout",
    "UserTime",
    "Users",
    "Wheel",
    "apply_filters",
    "audit",
    "catalogue_table",
    "describe",
    "fetch",
    "list_sources",
    "load_source",
    "read_table",
    "write_parts",
]
