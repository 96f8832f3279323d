"""Files that are whole or absent, locks, checksums, and the cache."""

from harness.storage.cache import CacheEntry, cache_entries, drop_if_empty, open_entry, prune_cache
from harness.storage.csv_files import plain_cell, write_csv
from harness.storage.digests import changed_file, file_digests
from harness.storage.files import (
    LONG,
    atomic_write,
    cache_folder,
    inside,
    lock,
    path_digests,
    refuse_link,
    remove,
    sha256_file,
    sha256_json,
    sha256_paths,
    whole_folder,
    write_text,
)

__all__ = [
    "LONG",
    "CacheEntry",
    "atomic_write",
    "cache_entries",
    "cache_folder",
    "changed_file",
    "drop_if_empty",
    "file_digests",
    "inside",
    "lock",
    "open_entry",
    "path_digests",
    "plain_cell",
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
