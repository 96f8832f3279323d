"""Splits of interactions into parts, a file a family."""

from harness.data.splits.fixed_split import FixedSplit
from harness.data.splits.global_time import GlobalTime
from harness.data.splits.leave_last_out import LeaveLastOut, UserTime
from harness.data.splits.random_split import KFold, RandomSplit
from harness.data.splits.user_holdout import UserHoldout

__all__ = ["FixedSplit", "GlobalTime", "KFold", "LeaveLastOut", "RandomSplit", "UserHoldout", "UserTime"]
