"""The crew in the admin. Every write goes through crew.services."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin

from crew import account_admin, queries, services
from crew.access import actor_of, may
from crew.events import Event
from crew.forms import RemovalForm, SegmenterForm
from crew.models import Segmenter
from crew.rules import Capability, CrewError
from segmentacion.actors import Channel
from segmentacion.templatetags.spanish import moment


class CrewPermissions:
    """Only those who may manage the crew see it in the admin."""

    def _may(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, Capability.MANAGE_CREW)

    has_module_permission = _may
    has_view_permission = _may
    has_change_permission = _may
    has_delete_permission = _may

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request)


@admin.register(Segmenter)
class SegmenterAdmin(CrewPermissions, ModelAdmin):  # type: ignore[misc]
    """People: add, rename (their batches follow), deactivate, remove."""

    form = SegmenterForm
    list_display = ("name", "role", "email", "is_active", "login", "load", "since")
    list_filter = ("active", "role")
    search_fields = ("name", "email", "login")
    ordering = ("name",)
    list_per_page = 100
    actions: ClassVar[list[str]] = ["deactivate", "activate"]

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer no bulk deletion: each removal asks what becomes of the work."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        self._loads = {member.name: member.load for member in queries.all_members()}
        return super().changelist_view(request, extra_context)

    @admin.display(description="En activo", boolean=True, ordering="active")
    def is_active(self, person: Segmenter) -> bool:
        return person.active is not False

    @admin.display(description="Batches (NS · In · S)")
    def load(self, person: Segmenter) -> str:
        load = self._loads.get(person.name)
        return f"{load.total} ({load.ns} · {load.in_progress} · {load.s})" if load else "0"

    @admin.display(description="Alta")
    def since(self, person: Segmenter) -> str:
        return moment(person.created_at)

    def save_model(self, request: HttpRequest, obj: Segmenter, form: Any, change: bool) -> None:
        actor = actor_of(request, Channel.ADMIN)
        data = form.cleaned_data
        if not change:
            services.add_person(name=data["name"], role=data["role"], email=data["email"])
        old = form.initial["name"] if change else data["name"]
        fields = ("name", "role", "email", "active", "login")
        changes = {field: data[field] for field in fields if field in form.changed_data}
        if "login" in changes:  # whose batches an account may work on
            told = f"{form.initial.get('login') or 'nadie'} → {data['login'] or 'nadie'}"
            about, detail = f"cuenta de {data['name']}", told
            account_admin.note(request, Event.ACCOUNT_CHANGED, about=about, detail=detail)
        moved = services.change_person(old, actor=actor, **changes)
        if moved:
            self.message_user(request, f"Batches cuyo responsable cambió de nombre: {moved:,}.")
        obj.pk = queries.find(data["name"])["_id"]

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Ask what becomes of the person's work, then remove."""
        person = self.get_object(request, object_id)
        if person is None or not self.has_delete_permission(request, person):
            answer: HttpResponse = super().delete_view(request, object_id, extra_context)
            return answer
        posted = request.POST if request.method == "POST" else None
        form = RemovalForm(posted, removed=person.name)
        if request.method == "POST" and form.is_valid():
            try:
                return self._remove(request, person, form)
            except CrewError as error:
                form.add_error(None, str(error))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Eliminar a {person.name}",
            "opts": self.opts,
            "person": person,
            "load": {m.name: m.load for m in queries.all_members()}.get(person.name),
            "form": form,
        }
        return TemplateResponse(request, "admin/crew/remove_person.html", context)

    def _remove(self, request: HttpRequest, person: Segmenter, form: RemovalForm) -> HttpResponse:
        moved = services.remove_person(
            person.name,
            actor=actor_of(request, Channel.ADMIN),
            reassign_to=form.destination,
            unassign=form.unassign,
        )
        self.log_deletions(request, [person])
        suffix = f" Batches que cambiaron de manos: {moved:,}." if moved else ""
        self.message_user(request, f"Segmentador '{person.name}' eliminado.{suffix}")
        return HttpResponseRedirect(reverse("admin:crew_segmenter_changelist"))

    @admin.action(description="Desactivar (conserva nombre e historial)")
    def deactivate(self, request: HttpRequest, people: Any) -> None:
        self._set_active(request, people, active=False)

    @admin.action(description="Reactivar")
    def activate(self, request: HttpRequest, people: Any) -> None:
        self._set_active(request, people, active=True)

    def _set_active(self, request: HttpRequest, people: Any, *, active: bool) -> None:
        actor = actor_of(request, Channel.ADMIN)
        for person in people:
            services.change_person(person.name, actor=actor, active=active)
        word = "reactivadas" if active else "desactivadas"
        self.message_user(request, f"Personas {word}: {len(people)}.", messages.SUCCESS)
