"""Forms of the crew, for the admin and the team page."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldBooleanWidget

from crew import queries
from crew.models import Segmenter
from crew.rules import SCOPES, CrewError, Scope, clean_name
from crew.tokens import MAX_NAME, NewToken


class SegmenterForm(forms.ModelForm):  # type: ignore[type-arg]
    """Adding and changing a person. A new name goes to all of the person's batches."""

    class Meta:
        model = Segmenter
        fields = ("name", "role", "email", "active", "login")

    active = forms.BooleanField(label="En activo", required=False, widget=UnfoldBooleanWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A person of an older program may have no value here: that is active.
        self.initial["active"] = self.instance.active is not False

    def clean_name(self) -> str:
        try:
            name = clean_name(self.cleaned_data.get("name"))
        except CrewError as error:
            raise forms.ValidationError(str(error)) from error
        if name in queries.names() and name != self.initial.get("name"):
            raise forms.ValidationError(f"'{name}' ya existe")
        return name


class RemovalForm(forms.Form):
    """What becomes of the batches of a person who is removed."""

    fate = forms.ChoiceField(
        label="Sus batches",
        choices=[("reassign", "Pasarlos a otra persona"), ("unassign", "Dejarlos sin asignar")],
        widget=forms.RadioSelect,
        required=False,
    )
    reassign_to = forms.ChoiceField(label="Pasarlos a", required=False)

    def __init__(self, *args: Any, removed: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [name for name in queries.names(active_only=True) if name != removed]
        self.fields["reassign_to"].choices = [  # type: ignore[attr-defined]
            ("", "—"),
            *((name, name) for name in others),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("fate") == "reassign" and not data.get("reassign_to"):
            self.add_error("reassign_to", "Elige a quién se pasan.")
        return data

    @property
    def destination(self) -> str | None:
        """Return who gets the batches, or None."""
        chosen = self.cleaned_data.get("fate") == "reassign"
        return self.cleaned_data["reassign_to"] if chosen else None

    @property
    def unassign(self) -> bool:
        return bool(self.cleaned_data.get("fate") == "unassign")


class TokenForm(forms.Form):
    """What a new token is for, what it may do, and until when."""

    name = forms.CharField(
        max_length=MAX_NAME,
        error_messages={"required": "Di para qué es: así sabrás cuál revocar."},
    )
    scope = forms.ChoiceField(
        choices=[(scope.value, label) for scope, label in SCOPES.items()],
        initial=Scope.READ.value,
    )
    days = forms.TypedChoiceField(
        choices=[
            ("30", "30 días"),
            ("90", "90 días"),
            ("365", "Un año"),
            ("", "No caduca"),
        ],
        coerce=int,
        empty_value=None,
        required=False,
        initial="90",
    )
    operation = forms.RegexField(r"^[0-9a-f]{24}$", widget=forms.HiddenInput)

    def __init__(self, *args: Any, monitors: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not monitors:  # the figures are not for this account: a token would open nothing
            choices = self.fields["scope"].choices  # type: ignore[attr-defined]
            self.fields["scope"].choices = [  # type: ignore[attr-defined]
                choice for choice in choices if choice[0] != Scope.PROMETHEUS
            ]

    def wanted(self) -> NewToken:
        """Return what was asked for."""
        data = self.cleaned_data
        return NewToken(data["name"], Scope(data["scope"]), data["days"], data["operation"])
