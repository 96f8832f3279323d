"""Atomic writes, locks, checksums, the cache, and files that users name."""

from harness.storage.atomic_writes import atomic_write, remove, whole_folder, write_text
from harness.storage.cache import (
    CacheEntry,
    cache_entries,
    cache_folder,
    describe_entry,
    drop_if_empty,
    entry_folder,
    prune_cache,
)
from harness.storage.checksums import (
    changed_file,
    file_digests,
    path_digests,
    sha256_file,
    sha256_json,
    sha256_paths,
)
from harness.storage.csv_files import csv_text, write_csv
from harness.storage.locks import LONG, lock
from harness.storage.safe_paths import inside, refuse_link

__all__ = [
    "LONG",
    "CacheEntry",
    "atomic_write",
    "cache_entries",
    "cache_folder",
    "changed_file",
    "csv_text",
    "describe_entry",
    "drop_if_empty",
    "entry_folder",
    "file_digests",
    "inside",
    "lock",
    "path_digests",
    "prune_cache",
    "refuse_link",
    "remove",
    "sha256_file",
    "sha256_json",
    "sha256_paths",
    "whole_folder",
    "write_csv",
    "write_text",
]
