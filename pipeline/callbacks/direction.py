"""The direction in which a metric gets better, according to the metric itself or its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.errors import ConfigError, nearest

LOWER = {
    "loss", "error", "errors", "mse", "mae", "mape", "msle", "rmse", "crossentropy", "entropy", "divergence", "hinge",
    "poisson", "logcosh", "cosh", "huber", "perplexity", "nll", "brier", "false", "wer", "cer", "fid",
}  # fmt: skip
"""Words in the names of metrics where lower is better. `false` is for `false_positives`."""
HIGHER = {
    "accuracy", "acc", "auc", "auroc", "auprc", "roc", "prc", "precision", "recall", "sensitivity", "specificity",
    "f1", "fbeta", "score", "iou", "dice", "jaccard", "r2", "similarity", "correlation", "kappa", "mcc", "psnr",
    "ssim", "bleu", "rouge", "ndcg", "mrr", "map", "true",
}  # fmt: skip
"""Words in the names of metrics where higher is better. `true` is for `true_positives`."""
SPELLINGS = {"io_u": "iou", "brier_score": "brier"}
WHOLE_WORD = 4
"""Words of at least this length are also found at the end of other words, as in `f1score`."""


@dataclass(frozen=True)
class Monitored:
    """A metric that a callback bases its decisions on.

    Attributes:
        name: Its name in the logs, such as `val_loss`.
        mode: `min` if lower is better, `max` if higher is better, `auto` until that is known.
        expected: What the user should write if the direction is unknown.
    """

    name: str
    mode: str
    expected: str = "mode=min or mode=max"

    def settled(self, metrics: Mapping[str, Any]) -> Monitored:
        """Returns this metric with its direction, taken from the metric of that name or from the name.

        Args:
            metrics: The metrics, by their names in the training logs.

        Raises:
            ConfigError: The direction is unknown.
        """
        if self.mode != "auto":
            return self
        try:
            return replace(self, mode=direction_among(metrics, self.name))
        except ConfigError:
            raise ConfigError(
                f"callbacks: cannot tell whether lower or higher values of monitor '{self.name}' are better; "
                f"expected {self.expected}"
            ) from None

    def better(self, value: float, than: float) -> bool:
        """Whether one value is better than another. NaN never is."""
        return value < than if self.mode == "min" else value > than

    def value(self, logs: Mapping[str, Any]) -> float | None:
        """Returns the metric's value in the logs, or None if it is missing."""
        return float(logs[self.name]) if self.name in logs else None

    def check_validated(self, params: Mapping[str, Any]) -> None:
        """Raises a `ConfigError` if this is a validation metric and the training has no validation data.

        Args:
            params: `keras.callbacks.Callback.params`. Without the key `validates`, nothing is checked.
        """
        if self._of_validation and params.get("validates") is False:
            raise ConfigError(
                f"callbacks: monitor '{self.name}' needs validation data, but there is none; "
                "set split.validation, such as split.validation=0.1"
            )

    def check_logged(self, logs: Mapping[str, Any]) -> None:
        """Raises a `ConfigError` if the logs of an epoch should contain the metric but do not.

        A validation metric may be missing in an epoch without validation.
        """
        alike = [name for name in logs if name.startswith("val_") == self._of_validation]
        if self.name not in logs and alike:
            raise ConfigError(f"callbacks: monitor '{self.name}' is not logged; logged are {', '.join(sorted(logs))}")

    @property
    def _of_validation(self) -> bool:
        return self.name.startswith("val_")


def monitored(name: str, mode: str = "auto") -> Monitored:
    """Returns a metric to base decisions on.

    Args:
        name: Its name in the logs.
        mode: `min`, `max`, or `auto`, see `direction_among`.

    Raises:
        ConfigError: The mode does not exist.
    """
    modes = ("auto", "min", "max")
    if mode not in modes:
        raise ConfigError(f"mode: no mode '{mode}'{nearest(mode, modes)}")
    return Monitored(name, mode)


def direction_among(metrics: Mapping[str, Any], name: str) -> str:
    """Returns `min` or `max`: the direction in which the metric with this name in the logs gets better.

    The metric object decides if it can: an AUC should rise whatever its user calls it. Otherwise its name decides.

    Args:
        metrics: The metrics, by their names in the training logs. Validation metrics are `val_<name>` and
            `val_<set>_<name>`.
        name: The name.

    Raises:
        ConfigError: Neither the metric nor its name shows the direction.
    """
    parts = name.split("_")
    ends = ("_".join(parts[first:]) for first in range(len(parts)))
    metric = next((metrics[end] for end in ends if end in metrics), None)
    known = None if metric is None else _of_metric(metric)
    if known is not None:
        return known
    try:
        return direction(name)
    except ConfigError:
        told = None if metric is None else _of_words(_snake_case(type(metric).__name__))
        if told is None:
            raise
        return told


def direction(name: str) -> str:
    """Returns `min` or `max`: the direction in which the metric with this name gets better.

    Names have the form `val_<output>_<metric>`, so the last known word decides: the `loss` of an output `score` is a
    loss.

    Raises:
        ConfigError: The name does not show the direction.
    """
    told = _of_words(name)
    if told is None:
        raise ConfigError(
            f"monitor: cannot tell whether lower or higher values of '{name}' are better; expected mode=min or mode=max"
        )
    return told


def _of_metric(metric: Any) -> str | None:
    """Returns the direction that Keras knows for a metric, or for the one inside our converting metric."""
    metric = getattr(metric, "inner", metric)
    own = getattr(metric, "_direction", None)
    if own in ("up", "down"):
        return "max" if own == "up" else "min"
    # For some metrics, such as `FalseNegatives`, only the class name shows the direction.
    of_keras = (kind.__name__ for kind in type(metric).__mro__ if kind.__module__.partition(".")[0] == "keras")
    return next((told for name in of_keras if (told := _of_words(_snake_case(name)))), None)


def _of_words(name: str) -> str | None:
    text = name.lower()
    for spelling, word in SPELLINGS.items():
        text = text.replace(spelling, word)
    for word in reversed(re.findall(r"[a-z0-9]+", text)):
        for words, mode in ((LOWER, "min"), (HIGHER, "max")):
            if any(word == known or (len(known) >= WHOLE_WORD and word.endswith(known)) for known in words):
                return mode
    return None


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
