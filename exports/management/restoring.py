"""How a restore's plan is asked for and shown by the command."""

from collections.abc import Iterator
from typing import Any

from exports.rules.restoring import RestorePlan, SectionPlan, Selection
from exports.services.restoring.selecting import selection_of as chosen


def selection_of(options: dict[str, Any]) -> Selection:
    """Return what the options select. Raises FilterError naming what is not understood."""
    return chosen(
        only_crew=options["only_crew"], assignees=options["assignee"], batches=options["batches"]
    )


def plan_lines(plan: RestorePlan) -> Iterator[str]:
    """Yield the plan for people: counts of each collection, and the first differences."""
    yield f"📋 {plan.file} (versión {plan.version}, {plan.created_at or 'sin fecha'})"
    for section in plan.sections.values():
        yield from _section_lines(section)
    for warning in plan.warnings:
        yield f"⚠️  {warning}"


def _section_lines(section: SectionPlan) -> Iterator[str]:
    yield (
        f"{section.name}: {section.added:,} nuevos, {section.changed:,} cambian, "
        f"{section.removed:,} se quitan, {section.unchanged:,} iguales"
    )
    for mark, names, number in (
        ("+", section.added_names, section.added),
        ("-", section.removed_names, section.removed),
    ):
        yield from (f"   {mark} {name}" for name in names)
        if number > len(names):
            yield f"   {mark} … y {number - len(names):,} más"
    for difference in section.differences:
        fields = "; ".join(f"{n}: {old} → {new}" for n, (old, new) in difference.fields.items())
        yield f"   ~ {difference.name}: {fields}"
    if section.changed > len(section.differences):
        yield f"   ~ … y {section.changed - len(section.differences):,} más"


def plan_json(plan: RestorePlan) -> dict[str, Any]:
    """Return the plan for programs."""
    return {
        "file": plan.file,
        "version": plan.version,
        "created_at": plan.created_at,
        "warnings": plan.warnings,
        "sections": {
            section.name: {
                "how": str(section.how),
                "added": section.added,
                "changed": section.changed,
                "removed": section.removed,
                "unchanged": section.unchanged,
                "added_names": section.added_names,
                "removed_names": section.removed_names,
                "differences": [
                    {"name": d.name, "fields": {n: list(pair) for n, pair in d.fields.items()}}
                    for d in section.differences
                ],
            }
            for section in plan.sections.values()
        },
    }
