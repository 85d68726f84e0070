"""How the masks app shows its things to programs and commands, a module per topic."""

from masks.presenting.sync import (
    batches_of,
    mask_file_json,
    message_of,
    patterns_of,
    report_json,
)

__all__ = ["batches_of", "mask_file_json", "message_of", "patterns_of", "report_json"]
