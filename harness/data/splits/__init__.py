"""Splits of interactions into parts, one file per split."""

from harness.data.splits.fixed_split import FixedSplit
from harness.data.splits.global_time import GlobalTime
from harness.data.splits.k_fold import KFold
from harness.data.splits.leave_last_out import LeaveLastOut
from harness.data.splits.random_split import RandomSplit
from harness.data.splits.user_holdout import UserHoldout
from harness.data.splits.user_time import UserTime

__all__ = ["FixedSplit", "GlobalTime", "KFold", "LeaveLastOut", "RandomSplit", "UserHoldout", "UserTime"]
