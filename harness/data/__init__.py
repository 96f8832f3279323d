"""Data sets: fetched or read, filtered, split, described and audited."""

from harness.data.audits import audit
from harness.data.catalogue import MovieLens100K
from harness.data.describe import describe
from harness.data.fetch import Wheel
from harness.data.filters import Filter, FilterResult, KCore, MinRating, apply_filters
from harness.data.listing import catalogue_table, fetch, list_sources
from harness.data.readers import read_table
from harness.data.source import CatalogueEntry, Source, SourceData, load_source
from harness.data.splits import GlobalTime, LeaveLastOut
from harness.data.synthetic import Synthetic
from harness.data.ta_feng import TaFeng
from harness.data.write import write_parts

__all__ = [
    "CatalogueEntry",
    "Filter",
    "FilterResult",
    "GlobalTime",
    "KCore",
    "LeaveLastOut",
    "MinRating",
    "MovieLens100K",
    "Source",
    "SourceData",
    "Synthetic",
    "TaFeng",
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
