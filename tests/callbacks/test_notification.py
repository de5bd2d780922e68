"""Notifications reach real servers; dead and silent ones delay nothing; no log line repeats a secret."""

import asyncio
import json
import logging
import socket
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from pipeline.callbacks.notification import Notification, Sender
from pipeline.errors import ConfigError

NOTE = Notification("end", "Training ended", "loss 0.25\n<b>&{x}", "success")
SECRET = "hush-5f2c9a"


class Web:
    """A web server on loopback, which keeps what it is sent.

    Attributes:
        status: What it answers with.
        open: It answers once this is set; until then it says a little now and then.
    """

    def __init__(self) -> None:
        self.got: SimpleQueue[tuple[str, dict[str, Any]]] = SimpleQueue()
        self.status = 200
        self.open = threading.Event()
        self.open.set()
        web = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                web.got.put((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                self.send_response(web.status)
                self.flush_headers()
                while not web.open.wait(0.1):
                    self.wfile.write(b"X-Slow: 1\r\n")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.place = f"127.0.0.1:{self.server.server_port}"


@pytest.fixture(autouse=True)
def directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asks no proxy for what is on this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    yield web
    web.open.set()
    web.server.shutdown()
    web.server.server_close()


@pytest.fixture
def silent() -> Iterator[str]:
    """Where connections are accepted and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def nobody() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


def sent(*urls: str, timeout: float = 5.0, note: Notification = NOTE) -> float:
    """Sends a notification; returns the seconds until `finish` returned."""
    sender = Sender(urls, timeout)
    start = time.monotonic()
    sender.send(note)
    sender.finish()
    return time.monotonic() - start


def test_a_webhook_gets_title_and_text_as_they_are(web: Web) -> None:
    sent(f"json://{web.place}/hooks/training\n")
    path, content = web.got.get(timeout=5)
    assert path == "/hooks/training"
    assert content["title"] == "Training ended"
    assert content["message"] == "loss 0.25\n<b>&{x}"
    assert content["type"] == "success"


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_mail_reaches_an_smtp_server_that_wants_a_password() -> None:
    mails: SimpleQueue[Any] = SimpleQueue()

    class Keep:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            mails.put((session.auth_data, envelope))
            return "250 kept"

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == SECRET.encode(), auth_data=data)

    loop = asyncio.new_event_loop()

    def speak() -> SMTP:
        return SMTP(Keep(), authenticator=check, auth_required=True, auth_require_tls=False, loop=loop)

    server = loop.run_until_complete(loop.create_server(speak, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        sender = Sender([f"mailto://someone:{SECRET}@{place}?from=run@example.org&to=me@example.org&mode=insecure"], 5)
        sender.send(NOTE)
        sender.send(Notification("end", "Another", "at once"))
        sender.finish()
        login, first = mails.get(timeout=5)
        assert login.login == b"someone"
        assert first.rcpt_tos == ["me@example.org"]
        assert b"Subject: Training ended" in first.content
        assert b"\r\n\r\nloss 0.25\r\n<b>&{x}" in first.content
        assert b"Subject: Another" in mails.get(timeout=5)[1].content
    finally:
        server.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_several_come_in_order(web: Web) -> None:
    sender = Sender([f"json://{web.place}"], timeout=5)
    for number in range(20):
        sender.send(Notification("threshold", str(number), "x"))
    sender.finish()
    assert [web.got.get(timeout=5)[1]["title"] for _ in range(20)] == [str(number) for number in range(20)]


def test_a_finished_sender_can_be_used_again(web: Web) -> None:
    sender = Sender([f"json://{web.place}"], timeout=5)
    for _ in range(2):
        sender.send(NOTE)
        sender.finish()
        web.got.get(timeout=5)
    sender.finish()


def test_where_nobody_listens_is_one_warning(nobody: str, caplog: pytest.LogCaptureFixture) -> None:
    assert sent(f"json://user:{SECRET}@{nobody}/{SECRET}?key={SECRET}") < 4
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith(
        f"notify: urls[0] (json at {nobody}) failed, not sent: end: A Connection error"
    )
    assert SECRET not in caplog.text


def test_sending_does_not_wait_and_finishing_waits_the_timeout(silent: str, caplog: pytest.LogCaptureFixture) -> None:
    before = set(threading.enumerate())
    sender = Sender([f"json://{silent}/{SECRET}"], timeout=0.5)
    start = time.monotonic()
    sender.send(NOTE)
    assert time.monotonic() - start < 0.4
    # No other thread holds up the end of a process.
    assert all(thread.daemon for thread in set(threading.enumerate()) - before)
    sender.finish()
    assert time.monotonic() - start < 3
    assert len(caplog.messages) == 1
    assert f"urls[0] (json at {silent})" in caplog.messages[0]
    assert SECRET not in caplog.text


def test_a_silent_mail_server_is_left_behind(silent: str, caplog: pytest.LogCaptureFixture) -> None:
    assert sent(f"mailto://me:{SECRET}@{silent}?from=a@example.org&to=b@example.org&mode=insecure", timeout=0.5) < 3
    assert len(caplog.messages) == 1
    assert f"urls[0] (mailto at {silent})" in caplog.messages[0]
    assert SECRET not in caplog.text


def test_a_silent_server_delays_none_of_the_others(web: Web, silent: str, nobody: str) -> None:
    sender = Sender([f"json://{silent}", f"json://{nobody}", f"json://{web.place}"], timeout=5)
    sender.send(NOTE)
    assert web.got.get(timeout=4)[1]["title"] == "Training ended"


def test_what_was_given_up_is_not_sent_later(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    web.open.clear()
    before = set(threading.enumerate())
    sender = Sender([f"json://{web.place}"], timeout=0.5)
    sender.send(NOTE)
    sender.send(Notification("threshold", "late", "x"))
    (sending,) = [thread for thread in set(threading.enumerate()) - before if thread.name == "notify"]
    web.got.get(timeout=5)
    sender.finish()
    web.open.set()
    sending.join(5)
    assert not sending.is_alive()
    assert web.got.empty()
    # A thread of another test may still have something to say of its own server.
    assert [message for message in caplog.messages if web.place in message] == [
        f"notify: urls[0] (json at {web.place}) got no answer in 0.5 s; not sent: end, threshold"
    ]


def test_a_refusal_says_why(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    web.status = 401
    sent(f"json://{web.place}")
    assert "401" in caplog.messages[0]


def test_a_reason_that_repeats_part_of_the_address_is_left_out(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    web.status = 401
    sent(f"json://{web.place}/401")
    assert caplog.messages == [f"notify: urls[0] (json at {web.place}) failed, not sent: end"]


def test_libraries_log_nothing_about_an_address_at_any_level(
    web: Web, nobody: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        sent(f"json://me:{SECRET}@{web.place}/{SECRET}", f"json://{nobody}/{SECRET}")
        with pytest.raises(ConfigError):
            Sender([f"slack://{SECRET}"], timeout=1)
    assert SECRET not in caplog.text
    assert {record.name for record in caplog.records} == {"pipeline.callbacks.notification"}


def test_a_token_in_the_place_of_a_host_is_not_shown() -> None:
    sender = Sender([f"discord://1234567890{SECRET}/{SECRET}"], timeout=1)
    assert [address.name for address in sender._addresses] == ["urls[0] (discord)"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"mialto://{SECRET}@example.org", r"urls\[1\]: apprise knows no service 'mialto'; did you mean 'mailto'\?"),
        (f"slack://{SECRET}", r"urls\[1\]: apprise does not accept this slack:// address"),
        (f"{SECRET}://x", r"urls\[1\]: apprise knows no such service"),
        (SECRET, r"urls\[1\]: expected a text such as"),
        (None, r"urls\[1\]: expected a text such as"),
        ("", r"urls\[1\]: expected a text such as"),
    ],
)
def test_no_address_is_told_without_its_secrets(url: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Sender(["json://127.0.0.1", url], timeout=1)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan"), True])
def test_a_timeout_is_above_zero(timeout: float) -> None:
    with pytest.raises(ConfigError, match="timeout: "):
        Sender(["json://127.0.0.1"], timeout)


@pytest.mark.parametrize("urls", [[], "json://127.0.0.1"])
def test_addresses_are_a_list(urls: Any) -> None:
    with pytest.raises(ConfigError, match="urls: expected a list of at least one address"):
        Sender(urls, 1)


def test_without_apprise_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r'pip install "pipeline\[notify\]"'):
        Sender(["json://127.0.0.1"], 1)
