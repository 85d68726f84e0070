"""Batches in the admin: looked at, prioritised, moved to the trash.

Nothing is saved through the ORM, which would write whole documents: every write is a call of
batches.services, with its history.
"""

import re
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from batches.access import asker_of
from batches.models import Batch
from batches.queries.histories import newest_events
from batches.queries.selection import documents_with_ids
from batches.rules.states import Priority, Review, Status
from batches.rules.timeline import entries
from batches.rules.verdicts import read_verdict
from batches.services import trash
from batches.services.bulk import change_many
from crew import queries as crew_queries
from crew.access import actor_of, may
from crew.admin_rights import ReadOnly
from crew.rules import Capability
from segmentacion.actors import Channel, new_operation
from segmentacion.templatetags.spanish import day, moment

SHOWN_EVENTS = 500
NAMED_REFUSALS = 5


class ByStatus(admin.SimpleListFilter):
    title, parameter_name = "estatus", "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(status), str(status)) for status in Status]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> QuerySet[Batch]:
        return queryset.filter(status=self.value()) if self.value() else queryset


class ByAssignee(admin.SimpleListFilter):
    """The crew, not the values in use: those would need a scan of the collection."""

    title, parameter_name = "responsable", "assignee"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("-", "Sin asignar"), *((name, name) for name in crew_queries.names())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> QuerySet[Batch]:
        if self.value() == "-":
            return queryset.filter(Q(assignee=None) | Q(assignee=""))
        return queryset.filter(assignee=self.value()) if self.value() else queryset


class ByPriority(admin.SimpleListFilter):
    title, parameter_name = "prioridad", "priority"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(priority), str(priority)) for priority in Priority]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> QuerySet[Batch]:
        wanted = self.value()
        return queryset.filter(metadata__stored_priority=wanted) if wanted else queryset


class ByReview(admin.SimpleListFilter):
    title, parameter_name = "revisión", "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(review), str(review)) for review in Review]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> QuerySet[Batch]:
        wanted = self.value()
        return queryset.filter(metadata__stored_review_status=wanted) if wanted else queryset


class ByMark(admin.SimpleListFilter):
    title, parameter_name = "cargado a Mongo", "uploaded"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Sí"), ("0", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Batch]) -> QuerySet[Batch]:
        return queryset.filter(mongo_uploaded=self.value() == "1") if self.value() else queryset


@admin.register(Batch)
class BatchAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """The list, one batch with its history, and acts on a selection."""

    seen_with = Capability.EDIT

    list_display = (
        "batch_id", "assignee", "status", "priority", "due_date", "review", "uploaded", "updated",
    )  # fmt: skip
    list_filter = (ByStatus, ByAssignee, ByPriority, ByReview, ByMark)
    search_fields = ("batch_id",)
    search_help_text = "Con qué empieza el id: 000129F, T000044"
    ordering = ("batch_id",)
    list_per_page = 100
    show_full_result_count = False
    fields = (
        "batch_id", "folder", "assignee", "status", "priority", "due_date", "review", "comments",
        "uploaded", "files", "version", "updated", "history",
    )  # fmt: skip
    readonly_fields = fields
    actions: ClassVar[list[str]] = ["to_high", "to_medium", "to_low", "to_trash"]

    def has_edit_permission(self, request: HttpRequest) -> bool:
        return may(request.user, Capability.EDIT)

    def has_trash_permission(self, request: HttpRequest) -> bool:
        return may(request.user, Capability.DELETE)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Batch], search_term: str
    ) -> tuple[QuerySet[Batch], bool]:
        """Search ids by how they begin, which the index serves; `batch_` and T may be left out."""
        typed = re.sub(r"^batch[_-]?", "", search_term.strip(), flags=re.IGNORECASE).upper()
        if not typed:
            return queryset, False
        starts = Q(batch_id__startswith=f"batch_{typed}")
        return queryset.filter(starts | Q(batch_id__startswith=f"batch_T{typed}")), False

    @admin.display(description="Prioridad")
    def priority(self, batch: Batch) -> str:
        return str(_section(batch.metadata).get("priority") or "")

    @admin.display(description="Fecha límite")
    def due_date(self, batch: Batch) -> str:
        return day(_section(batch.metadata).get("due_date"))

    @admin.display(description="Revisión")
    def review(self, batch: Batch) -> str:
        return str(_section(batch.metadata).get("review_status") or "")

    @admin.display(description="Cargado a Mongo")
    def uploaded(self, batch: Batch) -> str:
        verdict = read_verdict(batch.mask_verdict)
        if batch.mongo_uploaded is not True:
            return "—"
        if verdict and verdict.is_doubtful:
            return format_html('<span title="{}">⚠️</span>', f"{verdict.label} {verdict.reason}")
        return "✅"

    @admin.display(description="Archivos")
    def files(self, batch: Batch) -> str:
        names = _section(batch.file_info).get("files")
        return ", ".join(map(str, names)) if isinstance(names, list) and names else "—"

    @admin.display(description="Actualizado")
    def updated(self, batch: Batch) -> str:
        return moment(batch.updated_at)

    @admin.display(description="Historial")
    def history(self, batch: Batch) -> str:
        history = newest_events(batch.batch_id, SHOWN_EVENTS)
        shown = entries(history.events, timezone.get_current_timezone())
        context = {"entries": shown, "left_out": history.total - len(history.events)}
        return render_to_string("admin/batches/history.html", context)

    @admin.action(description="Priorizar: alta", permissions=["edit"])
    def to_high(self, request: HttpRequest, batches: QuerySet[Batch]) -> None:
        self._prioritise(request, batches, Priority.HIGH)

    @admin.action(description="Priorizar: media", permissions=["edit"])
    def to_medium(self, request: HttpRequest, batches: QuerySet[Batch]) -> None:
        self._prioritise(request, batches, Priority.MEDIUM)

    @admin.action(description="Priorizar: baja", permissions=["edit"])
    def to_low(self, request: HttpRequest, batches: QuerySet[Batch]) -> None:
        self._prioritise(request, batches, Priority.LOW)

    @admin.action(description="Mover a la papelera", permissions=["trash"])
    def to_trash(self, request: HttpRequest, batches: QuerySet[Batch]) -> None:
        keys = [batch.pk for batch in batches]
        actor = actor_of(request, Channel.ADMIN)
        moved = trash.delete(keys, actor=actor, operation=new_operation(), reason="eliminado")
        self.message_user(request, f"Batches en la papelera: {moved:,}.", messages.SUCCESS)
        if moved < len(keys):
            left = f"{len(keys) - moved:,} cambiaron mientras tanto y siguen en su lugar."
            self.message_user(request, left, messages.WARNING)

    def _prioritise(
        self, request: HttpRequest, batches: QuerySet[Batch], priority: Priority
    ) -> None:
        report = change_many(
            documents_with_ids([batch.batch_id for batch in batches]),
            {"priority": str(priority)},
            asker=asker_of(request.user),
            actor=actor_of(request, Channel.ADMIN),
        )
        said = f"Prioridad {priority} en {report.changed:,} batches."
        self.message_user(request, said, messages.SUCCESS)
        if report.refused:
            named = "; ".join(f"{name}: {why}" for name, why in report.refused[:NAMED_REFUSALS])
            said = f"No se cambiaron {len(report.refused):,}: {named}"
            self.message_user(request, said, messages.WARNING)


def _section(value: Any) -> dict[str, Any]:
    """Return metadata or file_info; older programs left other things in their place."""
    return value if isinstance(value, dict) else {}
