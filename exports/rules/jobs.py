"""Long work that a page asks for: its kinds and states. Plain Python, no clock."""

from enum import StrEnum


class JobKind(StrEnum):
    BACKUP = "backup"
    VERIFY = "verify"
    COMPARE = "compare"
    PLAN = "plan"
    RESTORE = "restore"
    READ = "read"  # a file of batches, and its plan
    IMPORT = "import"


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # never stored: seen from outside, its process is gone


# Kinds that read files of others, which may take any amount of memory: the most they are given.
LIMITED = {JobKind.READ: 1 << 30, JobKind.IMPORT: 1 << 30}
UNDER_WAY = (JobState.WAITING, JobState.RUNNING)
# How long a process may take to begin before nobody believes in it any more.
BEGIN_SECONDS = 180


def seen_state(stored: str, *, alive: bool, age: float) -> JobState:
    """Return the state of a job as it is: what is stored, unless its process is gone.

    `alive`: its lease is held; `age`: seconds since it was asked for.
    """
    state = JobState(stored)
    if state not in UNDER_WAY or alive:
        return state
    if state is JobState.WAITING and age < BEGIN_SECONDS:
        return state
    return JobState.INTERRUPTED
