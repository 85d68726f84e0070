"""How gunicorn serves the site: several workers, a few threads each.

`manage.py serve` becomes gunicorn with this file. No MongoDB client is open when workers are
forked: each opens its own. With the embedded MongoDB, a guard process keeps mongod alive while
the master lives, and stops it when it was the last to use it.
"""

import os
import sys
import threading
import time
from typing import Any

from django.conf import settings

from segmentacion import supervisor
from segmentacion.mongo.clients import close_clients
from segmentacion.mongo.embedded import spawn_guard
from segmentacion.mongo.server import embedded_server, is_embedded, leave_to_guard
from segmentacion.mongo.tallies import keep_handing_on, stop_handing_on

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "segmentacion.settings")

wsgi_app = "segmentacion.wsgi:application"
bind = f"{settings.HOST}:{settings.PORT}"
workers = settings.WORKERS or min(2 * (os.cpu_count() or 1) + 1, 9)
threads = 4
worker_class = "gthread"
timeout = 120
graceful_timeout = 30
keepalive = 5
# The application is loaded before the fork: workers share its memory, and start at once.
preload_app = True
# Workers are replaced now and then, not all at once, so that no leak grows for ever.
max_requests = 20_000
max_requests_jitter = 2_000
accesslog = None
errorlog = "-"
loglevel = "warning"
logconfig_dict = settings.LOGGING  # its own lines look like all others
control_socket_disable = True
proc_name = "segmentacion"
forwarded_allow_ips = "127.0.0.1,::1"
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108

GUARD_SECONDS = 60
SUPERVISOR_CHECK = 2.0
SWITCH_SECONDS = 0.02
_guard: Any = None
_leaving = threading.Event()
# Starting a program waits until its end of a pipe is closed. A worker forked meanwhile would keep
# that end open for as long as it lives, so no fork happens while one is being started.
_starting = threading.Lock()
os.register_at_fork(
    before=_starting.acquire,
    after_in_parent=_starting.release,
    after_in_child=_starting.release,
)
_keeper: threading.Thread | None = None


def on_starting(server: Any) -> None:
    """Leave the embedded server to a guard for as long as this master lives."""
    global _guard
    if not is_embedded():
        return
    _guard = spawn_guard(settings.EMBEDDED_MONGO_FOLDER, binary=settings.MONGOD_BINARY)
    deadline = time.monotonic() + GUARD_SECONDS
    while (status := embedded_server().status()).uri is None or not status.users:
        if time.monotonic() > deadline or _guard.poll() is not None:
            raise RuntimeError("El MongoDB incluido no arrancó.")
        time.sleep(0.1)
    leave_to_guard(status.uri)


def when_ready(server: Any) -> None:
    """Close what the preparation opened, since nothing may be shared across the fork, start the
    other programs of the site, and say where it is."""
    global _keeper
    close_clients()
    if settings.SUPERVISE:
        _keeper = threading.Thread(target=_keep_supervisor, name="supervisor", daemon=True)
        _keeper.start()
    if announcement := os.environ.pop("ANNOUNCEMENT", ""):
        print(announcement, flush=True)  # noqa: T201


def post_worker_init(worker: Any) -> None:
    """Have each worker hand on what it counts, and its threads take turns where they wait anyway.

    A request asks the database every millisecond or so. Threads that are stopped in between wake
    each other more often than they work.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    keep_handing_on()


def worker_exit(server: Any, worker: Any) -> None:
    """Hand on what a worker that ends has counted last."""
    stop_handing_on()


def _keep_supervisor() -> None:
    """Keep the supervisor running until this master leaves; started again when it is killed."""
    while not _leaving.is_set():
        with _starting:
            process = supervisor.spawn(
                mail=settings.WEEKLY_MAIL_AT is not None,
                backup=settings.BACKUP_DAILY,
                intake=settings.INTAKE_WATCH,
            )
        while process.poll() is None:
            if _leaving.wait(SUPERVISOR_CHECK):
                process.terminate()
                process.wait()
                return
        _leaving.wait(SUPERVISOR_CHECK)


def on_exit(server: Any) -> None:
    """Stop the other programs, then let the guard go: it stops mongod if nobody else uses it."""
    _leaving.set()
    if _keeper is not None:
        _keeper.join(supervisor.STOP_SECONDS + 10)
    if _guard is not None:
        _guard.terminate()
        _guard.wait(timeout=60)
