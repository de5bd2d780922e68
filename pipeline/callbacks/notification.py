"""Notifications through apprise, sent on threads of their own so that no server delays or breaks a run."""

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
"""Longest pause between two notifications to one address; apprise pauses more than 5 seconds between two mails."""


@dataclass(frozen=True)
class Notification:
    """What is sent.

    Attributes:
        event: What it tells of.
        title: One line.
        message: The text.
        kind: `info`, `success`, `warning` or `failure`: the colour or icon where a service has such.
    """

    event: str
    title: str
    message: str
    kind: str = "info"


class Sender:
    """Sends notifications to addresses, each on a thread of its own, so that a dead one delays none of the others.

    Args:
        urls: Addresses as apprise writes them. They may hold secrets, so that no error or log line repeats one.
        timeout: Seconds that a server may take to answer, and that `finish` waits at most.

    Raises:
        ConfigError: apprise is not installed, or does not accept an address.
    """

    def __init__(self, urls: Sequence[str], timeout: float) -> None:
        if isinstance(timeout, bool) or not 0 < timeout < math.inf:
            raise ConfigError(f"timeout: {timeout} seconds; a number above 0 is right")
        if isinstance(urls, str) or not urls:
            raise ConfigError("urls: a list of at least one address is right, such as ['${oc.env:NOTIFY_URL}']")
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
        """Waits for what is underway, at most the timeout; what is then unsent is given up with a warning."""
        queues, self._queues = self._queues, []
        deadline = time.monotonic() + self._timeout
        for queue in queues:
            queue.close(deadline, self._timeout)


class _Queue:
    """What is to be sent to one address, and the thread that sends it."""

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
    """Someone to notify.

    Attributes:
        name: How log lines call it, without secrets.
    """

    def __init__(self, place: str, url: Any, timeout: float) -> None:
        apprise = _apprise()
        if not isinstance(url, str) or "://" not in url:
            raise ConfigError(f"{place}: no address; a text such as mailto://… or slack://… is right")
        # A variable that was read from a file often ends in a line break.
        url = url.strip()
        scheme = url.partition("://")[0]
        with _unheard():
            # Without a limit of apprise's own, for which it would start threads that hold up the end of a process.
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
        """Sends, and returns None, or `: ` and why it failed; nothing where the reason may hold a secret."""
        with _unheard() as said:
            try:
                sent = self._apprise.notify(
                    # apprise refuses an empty text.
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
        raise ConfigError('needs the package apprise; pip install "pipeline[notify]" installs it') from None
    return apprise


def _refusal(apprise: Any, scheme: str) -> str:
    """Says why there is no service for an address; it repeats nothing of it but a scheme that is one, or nearly."""
    with _unheard():
        plugins = apprise.Apprise().details()["schemas"]
    known = {
        str(name) for plugin in plugins for kind in ("protocols", "secure_protocols") for name in plugin[kind] or ()
    }
    if scheme.lower() in known:
        return f"apprise does not accept this {scheme}:// address; its page on the service says what one looks like"
    hint = nearest(scheme, known)
    # What is like no scheme may be anything, if the variable holds no address.
    return f"apprise knows no service '{scheme}'{hint}" if "did you mean" in hint else "apprise knows no such service"


def _host(service: Any) -> str | None:
    """Returns the server of a service whose addresses all name one; elsewhere its place holds a token or a channel."""
    if not service.host or not all("{host}" in template for template in service.templates):
        return None
    return f"{service.host}:{service.port}" if service.port else str(service.host)


def _secrets(url: str, shown: set[str]) -> set[str]:
    """Returns all parts of an address that may be secret, in lower case: all but those that are shown anyway."""
    parts = {part.lower() for text in (url, unquote(url)) for part in re.split(r"[/:@?&=,#+;\s]+", text) if part}
    return parts - {text.lower() for text in shown}


_said: ContextVar[list[str] | None] = ContextVar("said", default=None)


class _Unheard(logging.Filter):
    """Keeps what libraries log while they deal with an address from all logs, as it may hold secrets."""

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
    """Keeps the log of this thread silent; gives what apprise warned of."""
    # The root's own may be others by now: Hydra sets them anew for each job.
    for filtered in (logging.getLogger("apprise"), *logging.getLogger().handlers):
        filtered.addFilter(_UNHEARD)
    said: list[str] = []
    token = _said.set(said)
    try:
        yield said
    finally:
        _said.reset(token)
