"""Processing an image of the intake without trusting it: in a process of its own, with limits.

`worker.py` is the caller's side; the processor that `INTAKE_PROCESSOR` names runs in the child
(`__main__.py`), which has neither Django, nor MongoDB, nor secrets.
"""

from masks.intake.processing.protocol import Job, ProcessingError, ProcessingResult, Processor
from masks.intake.processing.worker import process

__all__ = ["Job", "ProcessingError", "ProcessingResult", "Processor", "process"]
