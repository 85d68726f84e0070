"""`/cuenta/recuperar`: a forgotten password, by mail. Nobody learns whether an address is known."""

from typing import Any

from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordResetForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse_lazy
from django.utils.crypto import salted_hmac
from django.utils.decorators import method_decorator

from crew import accounts, audit, logins
from crew.events import Event
from segmentacion.env import Rate
from segmentacion.http.addresses import address_of, household, shortened
from segmentacion.http.throttling import TooManyRequests, check_rate

PER_PLACE = Rate(10, 3600)
PER_ADDRESS = Rate(3, 3600)


class AskView(views.PasswordResetView):
    """Ask for the link. The answer is the same for every address of mail, and takes as long."""

    template_name = "account/reset.html"
    email_template_name = "account/reset_mail.txt"
    subject_template_name = "account/reset_subject.txt"
    success_url = reverse_lazy("password_reset_done")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        check_rate("reset", _digest(household(address_of(request))), PER_PLACE)
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: PasswordResetForm) -> HttpResponse:
        place = shortened(address_of(self.request))
        try:
            check_rate("reset", _digest(form.cleaned_data["email"].casefold()), PER_ADDRESS)
        except TooManyRequests:
            return HttpResponseRedirect(str(self.success_url))  # it says the same as always
        options = {
            "domain_override": self.request.get_host(),
            "use_https": self.request.is_secure(),
            "email_template_name": self.email_template_name,
            "subject_template_name": self.subject_template_name,
        }
        accounts.send_reset(form, place=place, **options)
        return HttpResponseRedirect(str(self.success_url))


class SentView(views.PasswordResetDoneView):
    template_name = "account/reset_sent.html"


@method_decorator(login_not_required, name="dispatch")
class NewPasswordView(views.PasswordResetConfirmView):
    """Where the link leads, once: a new password, which ends all sessions and pauses."""

    template_name = "account/reset_new.html"
    success_url = reverse_lazy("password_reset_complete")

    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().dispatch(*args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"  # the address is a secret
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        name = form.user.get_username()
        audit.note(self.request, Event.PASSWORD_RESET, who=name, about=name)
        logins.unlock(name)
        return super().form_valid(form)


class DoneView(views.PasswordResetCompleteView):
    template_name = "account/reset_done.html"


def _digest(text: str) -> str:
    """Return what is counted of an address: who may read the counts learns neither."""
    return salted_hmac("segmentacion.reset", text).hexdigest()[:32]
