"""A real mail server for tests: it takes mail over SMTP, refuses some, breaks off when told."""

import asyncio
import email
import email.policy
import threading
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP


class MailServer:
    """An SMTP server on a free port of loopback; `inbox` is what it took, in order."""

    def __init__(self) -> None:
        self.inbox: list[EmailMessage] = []
        self.refused: set[str] = set()
        self.on_data: Callable[[], None] = lambda: None
        self.breaks_off = False
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._server: Any = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._wait(self._listen())
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def stop(self) -> None:
        """Stop listening and break off every connection."""
        if self._server is not None:
            self._wait(self._close())
            self._server = None

    def recipients(self) -> list[str]:
        return [str(mail["To"]) for mail in self.inbox]

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refused:
            return "550 No existe ese buzón"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.on_data()
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.SMTP)
        assert isinstance(parsed, EmailMessage)
        self.inbox.append(parsed)
        if self.breaks_off:
            server.transport.abort()
        return "250 OK"

    async def _listen(self) -> Any:
        return await self._loop.create_server(
            lambda: SMTP(self, loop=self._loop, enable_SMTPUTF8=True), "127.0.0.1", 0
        )

    async def _close(self) -> None:
        self._server.close()
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0)

    def _wait(self, step: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(step, self._loop).result(30)
