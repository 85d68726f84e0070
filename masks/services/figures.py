"""The figures of an incremental run: those of the run before, changed by what is new.

They are of the whole store and cost nothing to keep: a doubt leads to a full run, which counts.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from masks.rules import Conflict, MarkPlan
from masks.rules.catalogue import Change, Entry, Names, Touched, conflict_of
from masks.services.runs import SyncReport


def take_over(report: SyncReport, kept: Mapping[str, Any]) -> None:
    """Start with the figures of the run before: nothing changed."""
    report.total_files = kept["total_files"]
    report.batches_with_files = kept["batches_with_files"]
    report.total_batches = kept["total_batches"]
    report.up_to_date = kept["with_masks"]
    report.without_masks = kept["without_masks"]
    report.not_found, report.not_found_count = list(kept["not_found"]), kept["not_found_count"]
    report.unparsed, report.unparsed_count = list(kept["unparsed"]), kept["unparsed_count"]
    report.conflict_count = kept["conflict_count"]
    report.conflicts = [
        Conflict(one["filename"], one["declared"], tuple(one["named"])) for one in kept["conflicts"]
    ]


def fill(
    report: SyncReport,
    plan: MarkPlan,
    changes: Sequence[Change],
    touched: Touched,
    marks: Iterable[Mapping[str, Any]],
) -> None:
    """Change the figures by what the changed files mean. `marks` are the batches touched."""
    with_masks = report.with_masks
    ours = [mark["id"] for mark in marks]
    with_masks += sum(mark in touched.after for mark in ours) - sum(
        mark in touched.had for mark in ours
    )
    report.batches_with_files += len(touched.after) - len(touched.had)
    report.changes, report.cleared = plan.changes, plan.cleared
    report.updated = len(plan.changes) - plan.cleared
    report.up_to_date = with_masks - report.updated
    report.without_masks = report.total_batches - with_masks
    before, after = sorted(touched.had - {*ours}), sorted(touched.after.keys() - {*ours})
    names = Names(tuple(report.not_found), report.not_found_count).changed(before, after)
    report.not_found, report.not_found_count = sorted(names.first), names.count
    _fill_names(report, changes)


def _fill_names(report: SyncReport, changes: Sequence[Change]) -> None:
    old = [change.old for change in changes if change.old is not None and change.was_here]
    new = [change.new for change in changes if change.new is not None]
    unparsed = Names(tuple(report.unparsed), report.unparsed_count)
    unparsed = unparsed.changed(_nameless(old), _nameless(new))
    report.unparsed, report.unparsed_count = list(unparsed.first), unparsed.count
    conflicts = Names(tuple(report.conflicts), report.conflict_count)
    conflicts = conflicts.changed(_disagreeing(old), _disagreeing(new))
    report.conflicts, report.conflict_count = list(conflicts.first), conflicts.count


def _nameless(entries: Iterable[Entry]) -> list[str]:
    return [_text(entry["filename"]) for entry in entries if not entry["batches"]]


def _disagreeing(entries: Iterable[Entry]) -> list[Conflict]:
    return [conflict_of(entry) for entry in entries if entry["conflict"]]


def _text(filename: object) -> str:
    return filename if isinstance(filename, str) else ""
