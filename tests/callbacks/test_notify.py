"""What `Notify` tells of and when, and whole runs whose secrets stay out of the run folder."""

import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from pipeline.callbacks import build_callbacks
from pipeline.callbacks.notify import Notify
from pipeline.errors import ConfigError

SECRET = "hush-5f2c9a"
RUN = ("+experiment=quickstart", "trainer.epochs=2", "report=false", "callbacks=[notify]")
BROKEN = """
import keras


class Broken(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            raise RuntimeError("the disk is full\\nand more")
"""


class Web:
    """A webhook on loopback.

    Attributes:
        url: Its address, as apprise writes it, with a secret.
    """

    def __init__(self) -> None:
        got: SimpleQueue[dict[str, Any]] = SimpleQueue()

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                got.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self._got = got
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.url = f"json://me:{SECRET}@127.0.0.1:{self.server.server_port}/{SECRET}"

    def titles(self) -> list[str]:
        return [content["title"] for content in self.all()]

    def all(self) -> list[dict[str, Any]]:
        found = []
        while not self._got.empty():
            found.append(self._got.get())
        return found


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    web = Web()
    yield web
    web.server.shutdown()
    web.server.server_close()


def notify(*urls: str, **arguments: Any) -> Notify:
    """Builds the callback as a config would."""
    node = {"urls": list(urls or ["json://127.0.0.1:1"]), "title": "{event} {passed}", "message": "{metrics}"}
    (callback,) = build_callbacks(
        {"notify": {"_target_": "pipeline.callbacks.notify.Notify", "timeout": 5, **node, **arguments}},
        Path("outputs"),
    )
    assert isinstance(callback, Notify)
    return callback


def told(web: Web, values: list[dict[str, float]], **arguments: Any) -> list[str]:
    """Returns the titles of what a training is told of whose epochs measure these values."""
    callback = notify(web.url, events=["threshold"], **arguments)
    callback.on_train_begin()
    for epoch, logs in enumerate(values):
        callback.on_epoch_begin(epoch)
        callback.on_epoch_end(epoch, logs)
    callback.on_train_end()
    return web.titles()


def test_start_and_end_are_told_with_what_there_is_to_say(web: Web) -> None:
    text = "{event}|{folder}|{metrics}|{epoch}|{error}|{duration}|{passed}|{{}}"
    callback = notify(web.url, title="{event}\n{epoch}", message=text, folder="outputs/x")
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    callback.on_epoch_end(0, {"loss": 0.123456, "val_loss": 1.0})
    callback.on_train_end()
    start, end = web.all()
    assert (start["title"], start["message"], start["type"]) == ("start 0", "start|outputs/x||0||0:00:00||{}", "info")
    assert (end["title"], end["type"]) == ("end 1", "success")
    assert end["message"].startswith("end|outputs/x|loss 0.1235  val_loss 1|1||0:00:0")


def test_a_failure_is_told_with_its_error_in_one_line(web: Web) -> None:
    callback = notify(web.url, title="{event}", message="{error}", events=["failure"])
    for error in (ValueError("no\nsuch thing"), KeyboardInterrupt()):
        callback.on_train_begin()
        callback.on_train_failure(error)
    assert [content["message"] for content in web.all()] == ["ValueError: no", "KeyboardInterrupt"]


def test_end_of_a_training_that_failed_is_no_good_end(web: Web) -> None:
    callback = notify(web.url)
    callback.on_train_begin()
    callback.on_train_failure(ValueError("no"))
    callback.on_train_end()
    assert web.titles() == ["failure"]
    callback.on_train_begin()
    callback.on_train_end()
    assert web.titles() == ["start", "end"]


def test_resumed_training_tells_neither_of_a_start_nor_of_what_was_told(web: Web) -> None:
    arguments: dict[str, Any] = {"thresholds": {"val_accuracy": 0.9, "loss": "<0.1"}, "message": "{duration}"}
    first, again = notify(web.url, **arguments), notify(web.url, **arguments)
    first.on_train_begin()
    first.on_epoch_begin(0)
    first.on_epoch_end(0, {"val_accuracy": 0.95, "loss": 0.5})
    state = {**first.get_state(), "seconds": 3600.0}
    first.on_train_failure(KeyboardInterrupt())
    assert [title.strip() for title in web.titles()] == ["start", "threshold val_accuracy 0.95 >= 0.9", "failure"]
    again.on_train_begin()
    again.set_state(state)
    again.on_resume(1, 3)
    again.on_epoch_end(1, {"val_accuracy": 0.8, "loss": 0.5})
    again.on_epoch_begin(2)
    again.on_epoch_end(2, {"val_accuracy": 0.96, "loss": 0.05})
    again.on_train_end()
    passed, end = web.all()
    assert [passed["title"], end["title"].strip()] == ["threshold loss 0.05 < 0.1", "end"]
    assert end["message"].startswith("1:00:0")


def test_only_the_chosen_events_are_told(web: Web) -> None:
    callback = notify(web.url, events=["end"], title={"end": "over"}, message={"end": ""})
    callback.on_train_begin()
    callback.on_train_end()
    assert web.titles() == ["over"]


def test_a_threshold_is_told_once(web: Web) -> None:
    values = [{"val_accuracy": v} for v in (0.9, 0.98, 0.9, 0.99)]
    assert told(web, values, thresholds={"val_accuracy": 0.97}) == ["threshold val_accuracy 0.98 >= 0.97"]


def test_a_threshold_is_told_each_time_it_is_passed(web: Web) -> None:
    values = [{"val_accuracy": v} for v in (0.9, 0.98, 0.985, 0.9, 0.99)]
    assert told(web, values, thresholds={"val_accuracy": 0.97}, repeat=True) == [
        "threshold val_accuracy 0.98 >= 0.97",
        "threshold val_accuracy 0.99 >= 0.97",
    ]


@pytest.mark.parametrize(
    ("metric", "limit", "not_yet", "now"),
    [
        ("val_accuracy", 0.97, 0.96, 0.97),
        ("val_accuracy", 1, 0.99, 1.0),
        ("accuracy_loss", 0.5, 0.51, 0.5),
        ("val_digit_mae", "0.5", 0.51, 0.5),
        ("anything", ">0.97", 0.97, 0.98),
        ("anything", " < 1e-1", 0.1, 0.09),
        ("anything", "<=-1", 0.0, -1.0),
        ("val_accuracy", "<0.5", 0.5, 0.4),
        ("loss", "<1", float("nan"), 0.5),
    ],
)
def test_the_direction_is_that_of_the_name_or_of_the_text(
    web: Web, metric: str, limit: Any, not_yet: float, now: float
) -> None:
    assert told(web, [{metric: not_yet}], thresholds={metric: limit}) == []
    assert len(told(web, [{metric: now}], thresholds={metric: limit})) == 1


def test_thresholds_that_are_passed_together_are_one_notification(web: Web) -> None:
    titles = told(web, [{"loss": 0.1, "val_loss": 0.2}], thresholds={"loss": "<1", "val_loss": "<1"})
    assert titles == ["threshold loss 0.1 < 1, val_loss 0.2 < 1"]


def test_a_validation_within_an_epoch_counts(web: Web) -> None:
    callback = notify(web.url, events=["threshold"], thresholds={"val_loss": 0.5}, message="{epoch}: {metrics}")
    callback.on_train_begin()
    callback.on_epoch_begin(2)
    callback.on_validation_end(2, 100, {"val_loss": 0.4})
    callback.on_epoch_end(2, {"val_loss": 0.3})
    callback.on_train_end()
    assert [content["message"] for content in web.all()] == ["3: val_loss 0.4"]


def test_a_metric_that_never_was_is_told_at_the_end(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    told(web, [{"val_accuracy": 0.5}], thresholds={"val_acuracy": ">0.9"})
    assert caplog.messages == [
        "notify: thresholds.val_acuracy: there was no metric of that name; did you mean 'val_accuracy'?"
    ]


def test_a_second_training_starts_anew(web: Web) -> None:
    callback = notify(web.url, events=["threshold"], thresholds={"loss": 0.5})
    for _ in range(2):
        callback.on_train_begin()
        callback.on_epoch_end(0, {"loss": 0.1})
        callback.on_train_end()
    assert len(web.titles()) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"events": ["end", "fail"]}, r"events: no event 'fail'; did you mean 'failure'\?"),
        ({"events": "end"}, r"events: expected a list, such as \[end\]"),
        ({"events": ["end"], "thresholds": {"loss": 1}}, r"the events do not include threshold"),
        ({"title": "{metrcs}"}, r"title: no placeholder '\{metrcs\}'; did you mean 'metrics'\?"),
        ({"message": {"end": "{}"}}, r"message.end: no placeholder '\{\}'; valid: duration"),
        ({"message": "{error.__class__}"}, r"message: '\{error.__class__\}' must be a plain name"),
        ({"message": "{metrics[loss]}"}, r"message: '\{metrics\[loss\]\}' must be a plain name"),
        ({"message": "{error!r}"}, r"message: '\{error\}' must be a plain name"),
        ({"message": "{epoch:{epoch}}"}, r"message: '\{epoch\}' must be a plain name"),
        ({"message": "{epoch"}, r"message: .*for literal braces"),
        ({"message": 3}, r"message: expected a text, or a text per event, got 3"),
        ({"message": {"ends": "x"}}, r"message: no event 'ends'; did you mean 'end'\?"),
        ({"message": {"end": "x"}}, r"message.start: missing"),
        ({"message": {"end": 5}}, r"message.end: expected a text, got 5"),
        ({"thresholds": {"loss": "low"}}, r"thresholds.loss: expected a number or .*, got 'low'"),
        ({"thresholds": {"loss": "=>1"}}, r"thresholds.loss: expected a number or .*, got '=>1'"),
        ({"thresholds": {"loss": True}}, r"thresholds.loss: expected a number or .*, got True"),
        ({"thresholds": {"loss": float("nan")}}, r"thresholds.loss: expected a number or .*, got nan"),
        ({"timeout": 0}, r"timeout: expected a number of seconds above 0, got 0"),
    ],
)
def test_a_mistake_is_one_line_before_training(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        notify(**arguments)
    assert str(caught.value).startswith("callbacks.notify: ")
    assert "\n" not in str(caught.value)


def test_threshold_of_a_metric_that_does_not_tell_which_way_is_better_is_told() -> None:
    callback = notify(thresholds={"mine": 3})
    with pytest.raises(ConfigError, match=r"monitor 'mine' are better; expected '>3' or '<3'"):
        callback.on_train_begin()


def test_without_apprise_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(
        ConfigError, match=r'^callbacks.notify: needs the package apprise; install it with pip install "pipeline\[not'
    ):
        notify()


def test_a_whole_run_tells_and_its_secret_is_nowhere(
    command: Callable[..., Any], web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_URL", web.url)
    done = command(*RUN, "callbacks.notify.thresholds={val_loss: '<100'}", "hydra.verbose=true")
    assert done.code == 0
    titles = web.titles()
    assert titles[:2] == ["Training started", "val_loss 2.065 < 100"]
    assert titles[2].startswith("Training ended after 0:00:")
    assert "${oc.env:NOTIFY_URL}" in (done.folder / ".hydra" / "config.yaml").read_text()
    assert_nowhere(done)


def test_a_run_with_dead_and_silent_servers_ends_well_and_soon(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    command(*RUN, "callbacks=[]")
    start = time.monotonic()
    command(*RUN, "callbacks=[]")
    without = time.monotonic() - start
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as gone:
        places = [f"127.0.0.1:{server.getsockname()[1]}" for server in (silent, gone)]
        gone.close()
        monkeypatch.setenv("SILENT", f"json://{places[0]}/{SECRET}")
        monkeypatch.setenv(
            "GONE", f"mailto://me:{SECRET}@{places[1]}?from=a@example.org&to=b@example.org&mode=insecure"
        )
        start = time.monotonic()
        done = command(
            *RUN, "callbacks.notify.urls=['${oc.env:SILENT}', '${oc.env:GONE}']", "callbacks.notify.timeout=1"
        )
        took = time.monotonic() - start
    assert done.code == 0
    assert took < without + 4
    log = (done.folder / "pipeline.log").read_text()
    assert f"urls[0] (json at {places[0]})" in log
    assert f"urls[1] (mailto at {places[1]}) failed, not sent: end" in log
    assert_nowhere(done)


def test_a_run_that_fails_is_told(
    command: Callable[..., Any], web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NOTIFY_URL", web.url)
    (tmp_path / "breaks_in_the_second_epoch.py").write_text(BROKEN)
    done = command(*RUN, "+callbacks.broken._target_=breaks_in_the_second_epoch.Broken")
    assert done.code == 2
    start, failure = web.all()
    assert start["title"] == "Training started"
    assert failure["type"] == "failure"
    assert failure["message"].startswith("epoch 2: RuntimeError: the disk is full\n")
    assert_nowhere(done)


def test_a_missing_variable_is_one_line(command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_URL", raising=False)
    done = command(*RUN)
    assert done.code == 2
    assert len(done.errors) == 1
    assert done.errors[0].startswith("callbacks.notify.urls[0]: ")
    assert "NOTIFY_URL" in done.errors[0]


def test_a_wrong_address_is_one_line_without_its_secret(
    command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_URL", f"slack://{SECRET}/{SECRET}")
    done = command(*RUN, "hydra.verbose=true")
    assert done.code == 2
    assert done.errors == [
        "callbacks.notify: urls[0]: apprise does not accept this slack:// address; "
        "see apprise's page on the service for its form"
    ]
    assert done.folder is None
    assert SECRET not in done.out + done.err


def assert_nowhere(done: Any) -> None:
    """Asserts that the secret is neither in the run folder nor in what the command said."""
    files = [Path(folder) / name for folder, _, names in os.walk(done.folder) for name in names]
    assert any(path.name == "run.json" for path in files)
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    assert SECRET not in done.out + done.err


def test_the_log_of_the_libraries_is_heard_again_after_sending(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    told(web, [{"loss": 0.1}], thresholds={"loss": 1})
    logging.getLogger("apprise").warning("still here")
    assert caplog.messages == ["still here"]
