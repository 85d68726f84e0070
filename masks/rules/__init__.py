"""The rules of the masks app in plain Python, a file per topic."""

from masks.rules.sync import (
    EMPTY_FILE_INFO,
    MAX_NAMES,
    MAX_REPORTED,
    Brakes,
    Conflict,
    FileInfo,
    MarkChange,
    MarkPlan,
    MaskFile,
    StoreContents,
    plan_marks,
    refusal,
)

__all__ = [
    "EMPTY_FILE_INFO",
    "MAX_NAMES",
    "MAX_REPORTED",
    "Brakes",
    "Conflict",
    "FileInfo",
    "MarkChange",
    "MarkPlan",
    "MaskFile",
    "StoreContents",
    "plan_marks",
    "refusal",
]
