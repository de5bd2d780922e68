"""Sends notifications through apprise on separate threads, so that no server delays or breaks a run."""

from __future__ import annotations

import logging
import math
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any
from urllib.parse import unquote

from pipeline.errors import ConfigError, nearest

log = logging.getLogger(__name__)

SECONDS_BETWEEN = 1.0
"""The longest pause between two notifications to one address. Apprise waits over 5 seconds between two mails."""


@dataclass(frozen=True)
class Notification:
    """A message to send.

    Attributes:
        event: The event it reports.
        title: One line.
        message: The text.
        kind: `info`, `success`, `warning` or `failure`, which some services show as a colour or icon.
    """

    event: str
    title: str
    message: str
    kind: str = "info"


class Sender:
    """Sends notifications to addresses, each on its own thread, so that a dead server does not delay the others.

    Args:
        urls: Addresses as apprise writes them. They may hold secrets, so no error or log line repeats one.
        timeout: Seconds that a server may take to answer, and the longest that `finish` waits.

    Raises:
        ConfigError: apprise is not installed, or does not accept an address.
    """

    def __init__(self, urls: Sequence[str], timeout: float) -> None:
        if isinstance(timeout, bool) or not 0 < timeout < math.inf:
            raise ConfigError(f"timeout: expected a number of seconds above 0, got {timeout}")
        if isinstance(urls, str) or not urls:
            raise ConfigError("urls: expected a list of at least one address, such as ['${oc.env:NOTIFY_URL}']")
        self._timeout = timeout
        self._addresses = [_Address(f"urls[{index}]", url, timeout) for index, url in enumerate(urls)]
        self._queues: list[_Queue] = []

    def send(self, notification: Notification) -> None:
        """Sends a notification to all addresses; returns at once."""
        if not self._queues:
            self._queues = [_Queue(address) for address in self._addresses]
        for queue in self._queues:
            queue.put(notification)

    def finish(self) -> None:
        """Waits for unfinished notifications until the timeout, then gives up with a warning."""
        queues, self._queues = self._queues, []
        deadline = time.monotonic() + self._timeout
        for queue in queues:
            queue.close(deadline, self._timeout)


class _Queue:
    """The notifications for one address, and the thread that sends them."""

    def __init__(self, address: _Address) -> None:
        self._address = address
        self._waiting: SimpleQueue[Notification | None] = SimpleQueue()
        self._unsent: list[str] = []
        self._changed = threading.Condition()
        self._given_up = False
        threading.Thread(target=self._send_all, name="notify", daemon=True).start()

    def put(self, notification: Notification) -> None:
        with self._changed:
            self._unsent.append(notification.event)
        self._waiting.put(notification)

    def close(self, deadline: float, timeout: float) -> None:
        self._waiting.put(None)
        with self._changed:
            if not self._changed.wait_for(lambda: not self._unsent, max(0.0, deadline - time.monotonic())):
                self._given_up = True
                events = ", ".join(self._unsent)
                log.warning("notify: %s got no answer in %g s; not sent: %s", self._address.name, timeout, events)

    def _send_all(self) -> None:
        while (notification := self._waiting.get()) is not None:
            failure = self._address.failure(notification)
            with self._changed:
                if self._given_up:
                    return
                self._unsent.pop(0)
                if failure is not None:
                    log.warning("notify: %s failed, not sent: %s%s", self._address.name, notification.event, failure)
                self._changed.notify_all()


class _Address:
    """A recipient.

    Attributes:
        name: Its name in log lines, without secrets.
    """

    def __init__(self, place: str, url: Any, timeout: float) -> None:
        apprise = _apprise()
        if not isinstance(url, str) or "://" not in url:
            raise ConfigError(
                f"{place}: expected a text such as mailto://… or slack://…, got a value that is not an address"
            )
        # A variable read from a file often ends in a line break.
        url = url.strip()
        scheme = url.partition("://")[0]
        with _unheard():
            # No timeout of apprise's own: for that it would start threads that delay the end of the process.
            asset = apprise.AppriseAsset(service_timeout=0)
            service = apprise.Apprise.instantiate(url, asset=asset)
            self._apprise = apprise.Apprise(service, asset=asset)
        if service is None:
            raise ConfigError(f"{place}: {_refusal(apprise, scheme)}")
        service.socket_connect_timeout = service.socket_read_timeout = timeout
        service.request_rate_per_sec = min(service.request_rate_per_sec, SECONDS_BETWEEN)
        host = _host(service)
        self.name = f"{place} ({scheme}{f' at {host}' if host else ''})"
        self._secrets = _secrets(url, {scheme, *host.split(":")} if host else {scheme})

    def failure(self, notification: Notification) -> str | None:
        """Sends the notification. Returns None, or `: ` and the reason it failed if that cannot hold a secret."""
        with _unheard() as said:
            try:
                sent = self._apprise.notify(
                    # Apprise refuses an empty text.
                    body=notification.message or notification.title,
                    title=notification.title,
                    notify_type=notification.kind,
                    body_format="text",
                    interpret_escapes=False,
                )
            except Exception as error:  # noqa: BLE001
                sent = False
                said.append(type(error).__name__)
        if sent:
            return None
        reason = " ".join(said[-1].split()) if said else ""
        if not reason or any(secret in reason.lower() for secret in self._secrets):
            return ""
        return f": {reason}"


def _apprise() -> Any:
    try:
        import apprise
    except ImportError:
        raise ConfigError('needs the package apprise; install it with pip install "pipeline[notify]"') from None
    return apprise


def _refusal(apprise: Any, scheme: str) -> str:
    """Says why no service accepts an address. Repeats only its scheme, and only if that is (nearly) a known one."""
    with _unheard():
        plugins = apprise.Apprise().details()["schemas"]
    known = {
        str(name) for plugin in plugins for kind in ("protocols", "secure_protocols") for name in plugin[kind] or ()
    }
    if scheme.lower() in known:
        return f"apprise does not accept this {scheme}:// address; see apprise's page on the service for its form"
    hint = nearest(scheme, known)
    # A text that resembles no scheme may be anything, if the variable does not hold an address.
    return f"apprise knows no service '{scheme}'{hint}" if "did you mean" in hint else "apprise knows no such service"


def _host(service: Any) -> str | None:
    """Returns the server, for services whose addresses name one; for others that part holds a token or a channel."""
    if not service.host or not all("{host}" in template for template in service.templates):
        return None
    return f"{service.host}:{service.port}" if service.port else str(service.host)


def _secrets(url: str, shown: set[str]) -> set[str]:
    """Returns all parts of an address that may be secret, in lower case: all except those that are shown anyway."""
    parts = {part.lower() for text in (url, unquote(url)) for part in re.split(r"[/:@?&=,#+;\s]+", text) if part}
    return parts - {text.lower() for text in shown}


_said: ContextVar[list[str] | None] = ContextVar("said", default=None)


class _Unheard(logging.Filter):
    """Keeps what libraries log while they handle an address out of all logs, since it may hold secrets."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = _said.get()
        if said is None:
            return True
        if record.name == "apprise" and record.levelno >= logging.WARNING:
            said.append(record.getMessage())
        return False


_UNHEARD = _Unheard()


@contextmanager
def _unheard() -> Iterator[list[str]]:
    """Silences the log of this thread and yields what apprise warned of."""
    # Read the root logger's handlers now: Hydra replaces them for each job.
    for filtered in (logging.getLogger("apprise"), *logging.getLogger().handlers):
        filtered.addFilter(_UNHEARD)
    said: list[str] = []
    token = _said.set(said)
    try:
        yield said
    finally:
        _said.reset(token)
