"""Accounts, groups and tokens in the admin: what changes who may do what is told in the log."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from crew import audit, logins
from crew.access import actor_of
from crew.admin_rights import ReadOnly
from crew.events import Event
from crew.models import ApiToken
from crew.rules import Capability
from crew.tokens import revoke
from segmentacion.actors import Channel
from segmentacion.http.addresses import address_of, shortened

admin.site.unregister(User)
admin.site.unregister(Group)
NOT_TOLD = frozenset({"last_login", "date_joined", "password"})
PERSONAL = frozenset({"email", "first_name", "last_name"})  # told without their values
ACTS = {"add": "agregar", "change": "modificar", "delete": "eliminar", "view": "ver"}
REMOVAL_PAGE = "admin/crew/remove_account.html"
PASSWORD_PAGE = "auth_user_password_change"  # noqa: S105 the name of an address


def note(request: HttpRequest, event: Event, **what: str) -> None:
    """Tell an event that came through the admin."""
    audit.note(request, event, channel=Channel.ADMIN, **what)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    """Accounts. Each change is told before it is made; a password, without the password."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    delete_confirmation_template = REMOVAL_PAGE
    delete_selected_confirmation_template = REMOVAL_PAGE
    list_display = ("username", "roles", "email", "is_active", "is_staff", "last_login")
    list_filter = ("groups", "is_active", "is_staff")
    # Roles are groups: single permissions are given to nobody here.
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Persona", {"fields": ("first_name", "last_name", "email")}),
        ("Permisos", {"fields": ("groups", "is_active", "is_staff", "is_superuser")}),
        ("Fechas", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")
    actions = ("unlock",)

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """A box to tick per role, not two lists side by side."""
        if db_field.name == "groups":
            kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description="Rol")
    def roles(self, user: User) -> str:
        """A query per row: MongoDB's backend has no prefetch, and accounts are few."""
        return ", ".join(user.groups.values_list("name", flat=True)) or "sin rol"

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        name = obj.get_username()
        if not change:
            note(request, Event.ACCOUNT_CREATED, about=name)
        elif detail := changes_of(form):
            note(request, Event.ACCOUNT_CHANGED, about=name, detail=detail)
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        note(request, Event.ACCOUNT_REMOVED, about=obj.get_username())
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for user in queryset:
            note(request, Event.ACCOUNT_REMOVED, about=user.get_username())
        super().delete_queryset(request, queryset)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Tell a new password too: Django says only here that its own page set one."""
        if request.resolver_match and request.resolver_match.url_name == PASSWORD_PAGE:
            note(request, Event.PASSWORD_CHANGED, about=obj.get_username())
        return super().log_change(request, obj, message)

    @admin.action(description="Quitar la espera por contraseñas equivocadas")
    def unlock(self, request: HttpRequest, users: Any) -> None:
        for user in users:
            note(request, Event.UNLOCKED, about=user.get_username())
            logins.unlock(user.get_username())
        self.message_user(request, f"Cuentas que ya pueden entrar: {len(users)}.")


class PermissionChoice(ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Permissions as `segmentador: eliminar`: Django keeps English names in the database."""

    def label_from_instance(self, obj: Permission) -> str:
        act = ACTS.get(obj.codename.partition("_")[0], obj.name)
        return f"{obj.content_type.name}: {act}"


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    """Groups are roles: their names say what an account may do."""

    filter_horizontal = ()
    delete_confirmation_template = REMOVAL_PAGE
    delete_selected_confirmation_template = REMOVAL_PAGE

    def formfield_for_manytomany(  # type: ignore[override]
        self, db_field: Any, request: Any, **kwargs: Any
    ) -> Any:
        """A box to tick per permission, not two lists side by side."""
        if db_field.name == "permissions":
            kwargs["form_class"] = PermissionChoice
            kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        detail = changes_of(form) if change else "grupo nuevo"
        if detail:
            note(request, Event.ROLE_CHANGED, about=str(obj.name), detail=detail)
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Group) -> None:
        note(request, Event.ROLE_CHANGED, about=str(obj.name), detail="grupo eliminado")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for group in queryset:
            note(request, Event.ROLE_CHANGED, about=str(group.name), detail="grupo eliminado")
        super().delete_queryset(request, queryset)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """Tokens of everybody: seen and revoked here, made on `/cuenta/tokens` or by command."""

    seen_with = Capability.MANAGE_CREW

    list_display = (
        "username", "name", "scope", "created_at", "expires_at", "last_used_at", "revoked_at",
    )  # fmt: skip
    list_filter = ("username", "scope")
    actions: ClassVar[list[str]] = ["revoke"]

    @admin.action(description="Revocar")
    def revoke(self, request: HttpRequest, tokens: Any) -> None:
        place = shortened(address_of(request))
        actor = actor_of(request, Channel.ADMIN)
        count = revoke([token.digest for token in tokens], actor=actor, place=place)
        self.message_user(request, f"Tokens revocados: {count}.")


def changes_of(form: Any) -> str:
    """Return what a form changes, as `Grupos: Lectura → Líder; Activo: sí → no`."""
    return "; ".join(_change(form, name) for name in form.changed_data if name not in NOT_TOLD)


def _change(form: Any, name: str) -> str:
    label = str(form.fields[name].label or name)
    if name in PERSONAL:
        return label
    old, new = form.initial.get(name), form.cleaned_data.get(name)
    return f"{label}: {_told(old)} → {_told(new)}"


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "sí" if value else "no"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(sorted(str(one) for one in value)) or "ninguno"
    return "nada" if value in (None, "") else str(value)
