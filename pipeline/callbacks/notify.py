"""The callback that notifies people of how a training goes."""

from __future__ import annotations

import math
import operator
import re
import string
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from numbers import Real
from typing import Any, ClassVar

from pipeline.callbacks.callback import Callback
from pipeline.callbacks.direction import Monitored
from pipeline.callbacks.notification import Notification, Sender, log
from pipeline.errors import ConfigError, nearest, one_line
from pipeline.security.plain_types import Number, Seconds, Whole
from pipeline.training.expected_logs import metrics_of

EVENTS = {"start": "info", "end": "success", "failure": "failure", "threshold": "info"}
"""The events, each with its kind of notification."""
PLACEHOLDERS = ("event", "folder", "metrics", "epoch", "error", "duration", "passed")
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class Notify(Callback):
    """Sends a mail or message when training starts, ends or fails, or when a metric passes a threshold.

    No server can delay or break a training: sending happens on other threads, and a failure is only a warning in the
    log. The log never repeats an address, since it may hold secrets.

        Notify(["json://localhost:8080"], title="{event}", message="{metrics}", thresholds={"val_accuracy": 0.97})

    Args:
        urls: Addresses as apprise writes them, such as `mailto://` or `slack://`.
        title: One line with placeholders in braces, for all events or by event: `event`, `folder`, `metrics` (the last
            values), `epoch` (counted from 1), `error`, `duration` (since training started), `passed` (metrics that have
            just passed their thresholds). A placeholder that does not apply to an event is empty.
        message: The same for the text.
        events: The events to notify of: `start`, `end`, `failure`, `threshold`.
        thresholds: By metric, named as in the history: a number to reach, from below or above depending on the metric
            or its name, or a text such as `'>0.97'` or `'<=0.1'`. Validations within an epoch count too.
        repeat: Notify each time a metric passes its threshold, not only the first time.
        folder: The run folder, for its placeholder.
        timeout: Seconds that a server may take to answer, and the longest that the end of training waits.

    Raises:
        ConfigError: An argument is invalid, an address is not accepted, or apprise is not installed.
    """

    every_batch = False
    # A notification that was sent is not sent again.
    survives_roll_back = True
    state_types: ClassVar = {
        "seconds": Seconds,
        "epoch": Whole,
        "metrics": dict[str, Number],
        "seen": set[str],
        "beyond": set[str],
        "told": set[str],
    }

    def __init__(
        self,
        urls: Sequence[str],
        title: str | Mapping[str, str],
        message: str | Mapping[str, str],
        events: Sequence[str] = tuple(EVENTS),
        thresholds: Mapping[str, float | str] | None = None,
        repeat: bool = False,
        folder: str = "",
        timeout: float = 10.0,
    ) -> None:
        super().__init__()
        if isinstance(events, str):
            raise ConfigError(f"events: expected a list, such as [{events}]")
        for event in events:
            if event not in EVENTS:
                raise ConfigError(f"events: no event '{event}'{nearest(event, EVENTS)}")
        if thresholds and "threshold" not in events:
            raise ConfigError("events: thresholds are set, but the events do not include threshold; add it")
        self._events = set(events)
        self._titles = _templates("title", title, events)
        self._messages = _templates("message", message, events)
        self._thresholds = [_threshold(name, limit) for name, limit in (thresholds or {}).items()]
        self._repeat, self._folder = repeat, str(folder)
        self._sender = Sender(urls, timeout)
        self._reset()

    @property
    def monitors(self) -> dict[str, Monitored]:
        """The monitored metrics, by their place among the arguments."""
        return {f"thresholds.{one.monitored.name}": one.monitored for one in self._thresholds}

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Resets the state, and finds the direction of each metric."""
        metrics = metrics_of(self.model) if self._thresholds else {}
        self._thresholds = [one.settled(metrics) for one in self._thresholds]
        self._reset()

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Notifies of the start before the first epoch, and remembers the epoch."""
        self._tell_of_start()
        self._epoch = epoch + 1

    def on_resume(self, epoch: int, step: int) -> None:  # noqa: ARG002
        """Remembers the epoch."""
        self._epoch = epoch + 1

    def get_state(self) -> dict[str, Any]:
        """Returns the metrics so far, the notifications sent, and the time taken."""
        return {
            "seconds": time.monotonic() - self._started,
            "epoch": self._epoch,
            "metrics": self._metrics,
            "seen": self._seen,
            "beyond": self._beyond,
            "told": self._told,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Continues where a training stopped. Its start has already been notified."""
        self._reset()
        self._begun = True
        self._started -= state["seconds"]
        self._epoch = state["epoch"]
        self._metrics |= state["metrics"]
        self._seen |= state["seen"]
        self._beyond |= state["beyond"]
        self._told |= state["told"]

    def on_validation_end(self, epoch: int, step: int, logs: Mapping[str, float]) -> None:  # noqa: ARG002
        """Checks the thresholds after a validation within an epoch."""
        self._look_at(logs)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Checks the thresholds."""
        self._look_at(logs or {})

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Notifies of the end unless training failed, and waits for unfinished notifications."""
        if self._failed:
            return
        self._tell_of_start()
        for threshold in self._thresholds:
            if self._metrics and threshold.monitored.name not in self._seen:
                hint = nearest(threshold.monitored.name, self._seen)
                log.warning("notify: thresholds.%s: there was no metric of that name%s", threshold.monitored.name, hint)
        self._tell("end")
        self._sender.finish()

    def on_train_failure(self, error: BaseException) -> None:
        """Notifies of the error, and waits for unfinished notifications."""
        # A failure makes a pending notification of the start, and the one of the end, superfluous.
        self._begun = self._failed = True
        said = one_line(error) if str(error).strip() else ""
        self._tell("failure", error=f"{type(error).__name__}: {said}" if said else type(error).__name__)
        self._sender.finish()

    def _tell_of_start(self) -> None:
        if not self._begun:
            self._begun = True
            self._tell("start")

    def _reset(self) -> None:
        # The start is notified once it is known that this training does not continue another one.
        self._begun = self._failed = False
        self._started = time.monotonic()
        self._epoch = 0
        self._metrics: dict[str, float] = {}
        self._seen: set[str] = set()
        self._beyond: set[str] = set()
        self._told: set[str] = set()

    def _look_at(self, logs: Mapping[str, Any]) -> None:
        self._metrics = {name: float(value) for name, value in logs.items() if isinstance(value, Real)}
        self._seen |= set(self._metrics)
        passed = [threshold for threshold in self._thresholds if self._passes(threshold)]
        if passed:
            self._tell(
                "threshold",
                passed=", ".join(f"{t.monitored.name} {self._metrics[t.monitored.name]:.4g} {t}" for t in passed),
            )

    def _passes(self, threshold: _Threshold) -> bool:
        name = threshold.monitored.name
        if name not in self._metrics:
            return False
        was_beyond = name in self._beyond
        if not threshold.holds(self._metrics[name]):
            self._beyond.discard(name)
            return False
        self._beyond.add(name)
        if was_beyond or (name in self._told and not self._repeat):
            return False
        self._told.add(name)
        return True

    def _tell(self, event: str, error: str = "", passed: str = "") -> None:
        if event not in self._events:
            return
        values = {
            "event": event,
            "folder": self._folder,
            "metrics": "  ".join(f"{name} {value:.4g}" for name, value in self._metrics.items()),
            "epoch": self._epoch,
            "error": error,
            "duration": timedelta(seconds=round(time.monotonic() - self._started)),
            "passed": passed,
        }
        title = " ".join(self._titles[event].format_map(values).split())
        self._sender.send(Notification(event, title, self._messages[event].format_map(values), EVENTS[event]))


@dataclass(frozen=True)
class _Threshold:
    """A limit of a metric. As a text, it describes a metric that has passed it, such as `>= 0.97`."""

    monitored: Monitored
    limit: float
    comparison: str | None = None

    def __str__(self) -> str:
        return f"{self._compared} {self.limit:g}"

    def settled(self, metrics: Mapping[str, Any]) -> _Threshold:
        """Returns this threshold with the metric's direction, if it has no comparison."""
        return self if self.comparison else replace(self, monitored=self.monitored.settled(metrics))

    def holds(self, value: float) -> bool:
        return COMPARISONS[self._compared](value, self.limit)

    @property
    def _compared(self) -> str:
        return self.comparison or {"max": ">=", "min": "<="}[self.monitored.mode]


def _threshold(name: str, limit: float | str) -> _Threshold:
    found = re.fullmatch(r"\s*([<>]=?)?\s*(\S+)\s*", str(limit))
    try:
        value = float(found[2]) if found and not isinstance(limit, bool) else math.nan
    except ValueError:
        value = math.nan
    if found is None or not math.isfinite(value):
        raise ConfigError(f"thresholds.{name}: expected a number or a text such as '>0.97' or '<0.1', got {limit!r}")
    # With a comparison, the direction does not matter.
    mode = "max" if found[1] else "auto"
    return _Threshold(Monitored(name, mode, f"'>{found[2]}' or '<{found[2]}'"), value, found[1])


def _templates(key: str, given: str | Mapping[str, str], events: Iterable[str]) -> dict[str, str]:
    """Returns the template of each event, after checking it."""
    if not isinstance(given, (str, Mapping)):
        raise ConfigError(f"{key}: expected a text, or a text per event, got {given!r}")
    by_event = dict.fromkeys(EVENTS, given) if isinstance(given, str) else dict(given)
    for event, template in by_event.items():
        if event not in EVENTS:
            raise ConfigError(f"{key}: no event '{event}'{nearest(event, EVENTS)}")
        _check_template(key if isinstance(given, str) else f"{key}.{event}", template)
    for event in events:
        if event not in by_event:
            raise ConfigError(
                f"{key}.{event}: missing; expected a text, with placeholders such as {{metrics}} if you like"
            )
    return by_event


def _check_template(key: str, template: str) -> None:
    if not isinstance(template, str):
        raise ConfigError(f"{key}: expected a text, got {template!r}")
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ConfigError(f"{key}: {one_line(error)}; write {{{{ and }}}} for literal braces") from None
    for _, name, how, conversion in pieces:
        if name is None:
            continue
        if how or conversion or re.search(r"[.\[]", name):
            raise ConfigError(f"{key}: '{{{name}}}' must be a plain name in braces, without . [ : or !")
        if name not in PLACEHOLDERS:
            raise ConfigError(f"{key}: no placeholder '{{{name}}}'{nearest(name, PLACEHOLDERS)}")
