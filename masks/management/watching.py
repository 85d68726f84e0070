"""`sync_masks --watch`: one line for each thing that happens, until SIGTERM or Ctrl+C."""

import os
import signal
import threading
from typing import Any

from django.core.management.base import OutputWrapper
from django.utils import timezone

from masks.presenting import report_json
from masks.services.watching import Happening, News, watch
from segmentacion.http.json import dumps

MODES = {"stream": "por flujo de cambios", "poll": "preguntando cada pocos segundos"}
PARENT_CHECK = 1.0


class Teller:
    """Prints news as text for people, or as one JSON object at the end with the totals."""

    def __init__(self, out: OutputWrapper, *, json: bool) -> None:
        self.out, self.json = out, json
        self.totals = {"runs": 0, "batches_updated": 0, "cleared": 0, "refused": 0, "troubles": 0}
        self.last: tuple[Happening, str] | None = None

    def tell(self, news: News) -> None:
        """Count, and print unless it is what was said last."""
        self._count(news)
        text = _words(news)
        if self.json or not text or (news.what, text) == self.last:
            return
        self.last = (news.what, text)
        self.out.write(f"{timezone.localtime():%H:%M:%S} {text}")
        self.out.flush()

    def _count(self, news: News) -> None:
        self.totals["refused"] += news.what is Happening.REFUSED
        self.totals["troubles"] += news.what is Happening.TROUBLE
        if news.what is Happening.SYNCED and news.report is not None:
            self.totals["runs"] += 1
            self.totals["batches_updated"] += news.report.updated
            self.totals["cleared"] += news.report.cleared


def run(out: OutputWrapper, options: dict[str, Any]) -> None:
    """Watch until told to stop. Started by the site's supervisor, it ends when that is gone."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    supervisor = os.environ.get("SUPERVISOR_PID", "")
    if supervisor.isdigit():
        threading.Thread(target=_end_with, args=(int(supervisor), stop), daemon=True).start()
    teller = Teller(out, json=options["json"])
    watch(tell=teller.tell, stop=stop)
    if options["json"]:
        out.write(dumps({"success": True, **teller.totals}).decode())


def _end_with(parent: int, stop: threading.Event) -> None:
    while os.getppid() == parent:
        if stop.wait(PARENT_CHECK):
            return
    stop.set()


def _words(news: News) -> str:
    if news.what is Happening.SYNCED and news.report is not None:
        shown = report_json(news.report)
        if not (shown["batches_updated"] or shown["cleared"]):
            return ""
        return f"✅ {shown['batches_updated']} actualizados, {shown['cleared']} marcas quitadas"
    return {
        Happening.STANDBY: f"⏸  Otro vigila el almacén ({news.text}): en espera.",
        Happening.FOLLOWING: f"👀 Siguiendo el almacén {MODES.get(news.text, news.text)}…",
        Happening.REFUSED: f"⚠️  {news.text}",
        Happening.TROUBLE: f"❌ {news.text}",
    }.get(news.what, "")
