"""The work of a run, shard by shard, in other processes."""
