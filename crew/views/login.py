"""`/login` and `/logout`: limited, and told in the log of accesses."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView as DjangoLoginView
from django.contrib.auth.views import LogoutView as DjangoLogoutView
from django.http import HttpRequest, HttpResponse

from crew import accounts, audit, logins
from crew.events import Event
from segmentacion.http.addresses import address_of


class LoginView(DjangoLoginView):
    """The login page; somebody already logged in goes on to the dashboard.

    Wrong passwords cost growing pauses (crew/logins.py): 429 with Retry-After.
    """

    template_name = "login.html"
    redirect_authenticated_user = True
    attempt: logins.Attempt | None = None

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        username = request.POST.get("username", "")
        if username and request.POST.get("password"):
            try:
                self.attempt = logins.begin(username, address_of(request))
            except logins.TooManyTriesError as error:
                return self._paused(error, username)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        if self.attempt:
            logins.succeed(self.attempt)
        audit.note(self.request, Event.LOGIN, who=form.get_user().get_username())
        return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        if self.attempt:
            self._record_failure(self.attempt, self.request.POST["username"])
        return super().form_invalid(form)

    def _record_failure(self, attempt: logins.Attempt, typed: str) -> None:
        """Tell that a login failed. What was typed is kept only if it is the name of an account:
        people type passwords there too."""
        known = User.objects.filter(username=typed[:150]).exists()
        about = typed if known else "una cuenta que no existe"
        pause = f"espera de {logins.spoken(attempt.pause)}" if attempt.pause else ""
        event = Event.LOGIN_PAUSED if attempt.pause else Event.LOGIN_FAILED
        who = typed if known else ""
        audit.note(self.request, event, about=about, detail=pause, who=who)

    def _paused(self, error: logins.TooManyTriesError, username: str) -> HttpResponse:
        """Say how long to wait. The form is a fresh one: this password is not looked at."""
        form = AuthenticationForm(self.request, initial={"username": username[:150]})
        context = self.get_context_data(form=form, paused=str(error), typed=username[:150])
        response = self.render_to_response(context, status=429)
        response["Retry-After"] = str(error.retry_after)
        response["Cache-Control"] = "no-store"
        return response


class LogoutView(DjangoLogoutView):
    """Logging out, told afterwards."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        name = request.user.get_username()
        response: HttpResponse = super().post(request, *args, **kwargs)
        accounts.tell_logout(request, name)
        return response
