from django.urls import path

from crew.views import access_log, account, login, reset, team, tokens

urlpatterns = [
    path("login", login.LoginView.as_view(), name="login"),
    path("logout", login.LogoutView.as_view(), name="logout"),
    path("team", team.team, name="team"),
    path("cuenta", account.account, name="account"),
    path("cuenta/clave", account.change_password, name="change_password"),
    path("cuenta/sesiones", account.end_sessions, name="end_sessions"),
    path("cuenta/tokens", tokens.token_page, name="tokens"),
    path("cuenta/tokens/<str:digest>/revocar", tokens.revoke, name="revoke_token"),
    path("cuenta/recuperar", reset.AskView.as_view(), name="password_reset"),
    path("cuenta/recuperar/enviado", reset.SentView.as_view(), name="password_reset_done"),
    path("cuenta/recuperar/listo", reset.DoneView.as_view(), name="password_reset_complete"),
    path(
        "cuenta/recuperar/<str:uidb64>/<str:token>",
        reset.NewPasswordView.as_view(),
        name="password_reset_confirm",
    ),
    path("historial/accesos", access_log.access_log, name="access_log"),
    path("historial/accesos/desbloquear", access_log.unlock, name="unlock_login"),
]
