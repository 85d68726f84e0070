"""Settings, read from the environment and from `.env` (the environment wins).

Every setting is listed with its default in `.env.example`. A missing SECRET_KEY
stops the program: no secret has a default. `make run` writes one into `.env`.
"""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

from segmentacion.admin_theme import THEME
from segmentacion.env import database_name_in, parse_rate, parse_weekly, positive
from segmentacion.telemetry import logs

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))

SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "Falta SECRET_KEY. Ejecuta «make run», que genera una en .env, o defínela en el entorno."
    )
DEBUG = env.bool("DEBUG", default=False)
HTTPS = env.bool("HTTPS", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
WORKERS = env.int("WORKERS", default=0)
ADMIN_USERNAME = env.str("ADMIN_USERNAME", default="admin")
ADMIN_PASSWORD = env.str("ADMIN_PASSWORD", default="")

# --- MongoDB -------------------------------------------------------------------------------
# An empty MONGO_URI means the embedded server, started when the first connection is made.
DATA_FOLDER = BASE_DIR / (env.str("STATE_DIRECTORY", default="") or ".data")
EMBEDDED_MONGO_FOLDER = DATA_FOLDER / "mongo"
MONGOD_BINARY = env.str("MONGOD_BINARY", default="") or None
MONGO_URI = env.str("MONGO_URI", default="")
MONGO_DB = env.str("MONGO_DB", default="") or database_name_in(MONGO_URI) or "segmentacion_db"
CREW_DB = env.str("CREW_DB", default="") or MONGO_DB
TRAINING_MONGO_URI = env.str("TRAINING_MONGO_URI", default="")
TRAINING_DB = (
    env.str("TRAINING_DB", default="") or database_name_in(TRAINING_MONGO_URI) or "QUALITY_IEMSA"
)
MASKS_BUCKET = env.str("MASKS_BUCKET", default="training_metrics.masks")
DATA_DIRECTORY = BASE_DIR / (env.str("DATA_DIRECTORY", default="") or "data")
# What a client of ours waits for: a server to answer, a connection, one reply (milliseconds).
MONGO_OPTIONS = {
    "serverSelectionTimeoutMS": 4_000,
    "connectTimeoutMS": 3_000,
    "socketTimeoutMS": 20_000,
    "w": "majority",
    "journal": True,
    "appname": "segmentacion",
}
DATABASES = {
    "default": {
        "ENGINE": "segmentacion.mongo.backend",
        "HOST": MONGO_URI,
        "NAME": MONGO_DB,
        "OPTIONS": MONGO_OPTIONS,
        "CONN_MAX_AGE": None,  # the client is a pool that mends itself
    }
}
DEFAULT_AUTO_FIELD = "django_mongodb_backend.fields.ObjectIdAutoField"
MIGRATION_MODULES = {
    app: f"segmentacion.mongo_migrations.{app}"
    for app in ("admin", "auth", "contenttypes", "sessions")
}

# --- Mask sync: what a run may clear without --force ------------------------------------------
SYNC_MAX_CLEAR_SHARE = env.float("SYNC_MAX_CLEAR_SHARE", default=0.20)
SYNC_MIN_CLEAR_LIMIT = env.int("SYNC_MIN_CLEAR_LIMIT", default=5)
# After how long a run reads the whole store again; whether what is new comes from the store's
# change stream, where there is one; how long a run that died blocks the next.
SYNC_FULL_HOURS = env.float("SYNC_FULL_HOURS", default=24)
SYNC_CHANGE_STREAMS = env.bool("SYNC_CHANGE_STREAMS", default=True)
SYNC_LEASE_SECONDS = env.float("SYNC_LEASE_SECONDS", default=30)

# --- Uploads: the largest archive the upload page takes ----------------------------------------
UPLOAD_MAX_MB = env.int("UPLOAD_MAX_MB", default=2_048)
UPLOAD_FOLDER = DATA_FOLDER / "uploads"  # an archive waits here, without a name, for its verdict

# --- Image intake: what processes an image, within which limits (docs/intake-processing.md) -------
INTAKE_PROCESSOR = env.str(
    "INTAKE_PROCESSOR", default="masks.intake.processing.default.process_image"
)
# Whether `serve` also works through the images that arrive (intake watch).
INTAKE_WATCH = env.bool("INTAKE_WATCH", default=False)
INTAKE_PROCESS_SECONDS = env.float("INTAKE_PROCESS_SECONDS", default=120)
INTAKE_PROCESS_MEMORY_MB = env.int("INTAKE_PROCESS_MEMORY_MB", default=1_024)
# Where the originals go: a bucket of the main database, unless another server or database is named.
INTAKE_MONGO_URI = env.str("INTAKE_MONGO_URI", default="")
INTAKE_DB = env.str("INTAKE_DB", default="") or database_name_in(INTAKE_MONGO_URI)
INTAKE_BUCKET = env.str("INTAKE_BUCKET", default="intake.images")
# A file is taken once it was left alone for so long; failures are tried again so often, after
# pauses that double from the first one; then a person is told.
INTAKE_SETTLE_SECONDS = env.float("INTAKE_SETTLE_SECONDS", default=2.0)
INTAKE_ATTEMPTS = env.int("INTAKE_ATTEMPTS", default=6)
INTAKE_RETRY_SECONDS = env.float("INTAKE_RETRY_SECONDS", default=5.0)
INTAKE_MAIL_TO = env.list("INTAKE_MAIL_TO", default=[])
INTAKE_WEBHOOK_URL = env.str("INTAKE_WEBHOOK_URL", default="")
INTAKE_WEBHOOK_SECRET = env.str("INTAKE_WEBHOOK_SECRET", default="")

# --- The programs beside the web server: following the mask store, the daily backup ------------
SUPERVISE = env.bool("SUPERVISE", default=True)
WATCH_POLL_SECONDS = env.float("WATCH_POLL_SECONDS", default=3.0)

# --- Work: how many open batches a person may hold by asking for the next one ---------------
WIP_LIMIT = env.int("WIP_LIMIT", default=5)

# --- Limits: how often an account may export (30/m: thirty a minute) -------------------------
EXPORT_RATE = env.str("EXPORT_RATE", default="30/m")
EXPORT_LIMIT = parse_rate(EXPORT_RATE)
# ... and for each of the other dear things: syncing, verifying, previews, plans, uploads.
HEAVY_RATE = env.str("HEAVY_RATE", default="120/m")
HEAVY_LIMIT = parse_rate(HEAVY_RATE)

# --- Access: wrong passwords, sessions, the log of who came in and what left --------------------
# So many wrong passwords are free; the next pause lasts this long, then twice as long, and so on.
LOGIN_TRIES = positive("LOGIN_TRIES", env.int("LOGIN_TRIES", default=5))
LOGIN_PAUSE_SECONDS = positive("LOGIN_PAUSE_SECONDS", env.int("LOGIN_PAUSE_SECONDS", default=30))
LOGIN_MAX_PAUSE_SECONDS = positive(
    "LOGIN_MAX_PAUSE_SECONDS", env.int("LOGIN_MAX_PAUSE_SECONDS", default=900)
)
# A session ends after so long without use, and after so long in any case.
SESSION_IDLE_HOURS = positive("SESSION_IDLE_HOURS", env.float("SESSION_IDLE_HOURS", default=72))
SESSION_MAX_DAYS = positive("SESSION_MAX_DAYS", env.float("SESSION_MAX_DAYS", default=14))
PASSWORD_RESET_HOURS = positive(
    "PASSWORD_RESET_HOURS", env.float("PASSWORD_RESET_HOURS", default=2)
)
AUDIT_DAYS = positive("AUDIT_DAYS", env.int("AUDIT_DAYS", default=400))
# How many proxies in front of us write X-Forwarded-For; -1: one with HTTPS, else none.
PROXIES = env.int("PROXIES", default=-1)
PROXY_COUNT = int(HTTPS) if PROXIES < 0 else PROXIES

# --- Backups: where they go, and who is told by e-mail when the automatic one fails -------------
BACKUP_DIRECTORY = DATA_FOLDER / (env.str("BACKUP_DIRECTORY", default="") or "backups")
BACKUP_DAILY = env.bool("BACKUP_DAILY", default=True)
BACKUP_MAIL_TO = env.list("BACKUP_MAIL_TO", default=[])

# --- Applications ---------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "segmentacion.contrib.AdminConfig",
    "segmentacion.contrib.AuthConfig",
    "segmentacion.contrib.ContentTypesConfig",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "django_mongodb_backend",
    "ninja",
    "segmentacion",
    "crew",
    "batches",
    "masks",
    "exports",
]
MIDDLEWARE = [
    "segmentacion.http.tracing.RequestTracingMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "segmentacion.http.headers.SecurityHeadersMiddleware",
    "segmentacion.http.compression.PageCompressionMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "segmentacion.http.deadline.ReadDeadlineMiddleware",
    "segmentacion.http.errors.MethodNotAllowedMiddleware",
    "segmentacion.http.throttling.TooManyRequestsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "segmentacion.http.sessions.SessionAgeMiddleware",
    "crew.tokens.BearerTokenMiddleware",
    "segmentacion.http.login.LoginRequiredMiddleware",
    "segmentacion.http.messages.PageMessagesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "segmentacion.urls"
WSGI_APPLICATION = "segmentacion.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "masks.views.shell.shell_context",
            ],
            "builtins": ["segmentacion.templatetags.spanish"],
        },
    }
]

# --- Language and time ----------------------------------------------------------------------
LANGUAGE_CODE = "es-mx"
TIME_ZONE = env.str("TIME_ZONE", default="America/Mexico_City")
USE_I18N = True
USE_TZ = True

# --- Static files ---------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "segmentacion.http.static.ModuleStorage"
    },
}

# --- What a process keeps ---------------------------------------------------------------------
# Answers and counts under what decides them: the data's version and the server's count of writes.
# Any process can lose it at any time; what processes share is in MongoDB.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 64},
    }
}

# --- Sessions, cookies, headers ---------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["crew.backends.AccountBackend"]
SESSION_ENGINE = "segmentacion.http.session_store"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/dashboard"
LOGOUT_REDIRECT_URL = "/login"
SESSION_COOKIE_AGE = int(SESSION_MAX_DAYS * 24 * 3600)
PASSWORD_RESET_TIMEOUT = int(PASSWORD_RESET_HOURS * 3600)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "segmentacion.http.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None

# --- E-mail -----------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 20  # seconds that the mail server may take for one answer
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("MAIL_FROM", default="segmentacion@localhost")
# Who gets the weekly summary; empty: the leads.
SUMMARY_MAIL_TO = env.list("SUMMARY_MAIL_TO", default=[])
# When `serve` mails workloads and summary, in local time; never by default.
WEEKLY_MAIL = env.str("WEEKLY_MAIL", default="")
WEEKLY_MAIL_AT = parse_weekly(WEEKLY_MAIL)

# --- Logs ---------------------------------------------------------------------------------------
# Empty: a readable line on a terminal, JSON anywhere else.
LOG_FORMAT = env.str("LOG_FORMAT", default="")
try:
    LOGGING = logs.configuration(LOG_FORMAT)
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from error
# From how many milliseconds on a request is kept among the slow ones of /sistema.
SLOW_REQUEST_MS = env.int("SLOW_REQUEST_MS", default=1_000)
# What a monitor sends as bearer token to read /metrics/prometheus, besides tokens of accounts.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
if 0 < len(METRICS_TOKEN) < 32:
    raise ImproperlyConfigured("METRICS_TOKEN debe tener al menos 32 caracteres.")

UNFOLD = THEME  # the admin's look
