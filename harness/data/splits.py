"""Splits of interactions into parts, a file a family."""

from harness.data.fixed_splits import FixedSplit
from harness.data.last_splits import LeaveLastOut, UserTime
from harness.data.random_splits import KFold, RandomSplit
from harness.data.time_splits import GlobalTime
from harness.data.user_splits import UserHoldout

__all__ = ["FixedSplit", "GlobalTime", "KFold", "LeaveLastOut", "RandomSplit", "UserHoldout", "UserTime"]
