"""The direction in which a metric gets better, told by the metric itself or by its name."""

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
"""Words in the names of metrics of which less is better; `false` is that of `false_positives`."""
HIGHER = {
    "accuracy", "acc", "auc", "auroc", "auprc", "roc", "prc", "precision", "recall", "sensitivity", "specificity",
    "f1", "fbeta", "score", "iou", "dice", "jaccard", "r2", "similarity", "correlation", "kappa", "mcc", "psnr",
    "ssim", "bleu", "rouge", "ndcg", "mrr", "map", "true",
}  # fmt: skip
"""Words in the names of metrics of which more is better; `true` is that of `true_positives`."""
SPELLINGS = {"io_u": "iou", "brier_score": "brier"}
WHOLE_WORD = 4
"""Words from this length on are found at the end of others too, as in `f1score`."""


@dataclass(frozen=True)
class Monitored:
    """A metric that a callback decides by.

    Attributes:
        name: Its name in the logs, such as `val_loss`.
        mode: `min` if less is better, `max` if more is; `auto` until that is settled.
        right: What is right where nobody knows the direction.
    """

    name: str
    mode: str
    right: str = "mode=min or max"

    def settled(self, metrics: Mapping[str, Any]) -> Monitored:
        """Returns it with its direction, told by the metric of that name or by the name.

        Args:
            metrics: Metrics by the names that logs of training give them.

        Raises:
            ConfigError: Nobody knows the direction.
        """
        if self.mode != "auto":
            return self
        try:
            return replace(self, mode=direction_among(metrics, self.name))
        except ConfigError:
            raise ConfigError(
                f"callbacks: monitor '{self.name}' does not tell whether less or more of it is better; "
                f"{self.right} is right"
            ) from None

    def better(self, value: float, than: float) -> bool:
        """Whether a value is better than another; NaN never is."""
        return value < than if self.mode == "min" else value > than

    def value(self, logs: Mapping[str, Any]) -> float | None:
        """Returns the metric's value in logs; None if they have none."""
        return float(logs[self.name]) if self.name in logs else None

    def check_validated(self, params: Mapping[str, Any]) -> None:
        """Raises a `ConfigError` if the metric is one of validation, and the parameters of a training say it has none.

        Args:
            params: `keras.callbacks.Callback.params`; without `validates` they do not say.
        """
        if self._of_validation and params.get("validates") is False:
            raise ConfigError(
                f"callbacks: monitor '{self.name}' is measured on validation data, of which there is none; "
                "split.validation=0.1 sets some apart"
            )

    def check_logged(self, logs: Mapping[str, Any]) -> None:
        """Raises a `ConfigError` if the logs of an epoch should have the metric, and have only others.

        A metric of validation is not missed in an epoch without validation.
        """
        alike = [name for name in logs if name.startswith("val_") == self._of_validation]
        if self.name not in logs and alike:
            raise ConfigError(f"callbacks: monitor '{self.name}' is not logged; logged are {', '.join(sorted(logs))}")

    @property
    def _of_validation(self) -> bool:
        return self.name.startswith("val_")


def monitored(name: str, mode: str = "auto") -> Monitored:
    """Returns a metric to decide by.

    Args:
        name: Its name in the logs.
        mode: `min`, `max`, or `auto`, see `direction_among`.

    Raises:
        ConfigError: There is no such mode.
    """
    modes = ("auto", "min", "max")
    if mode not in modes:
        raise ConfigError(f"mode: no mode '{mode}'{nearest(mode, modes)}")
    return Monitored(name, mode)


def direction_among(metrics: Mapping[str, Any], name: str) -> str:
    """Returns `min` or `max`: the direction in which the metric of a name in the logs gets better.

    The metric itself knows best: one of AUC goes up whatever its user calls it. Else its name tells.

    Args:
        metrics: Metrics by the names that logs of training give them; those of validation are `val_<name>` and
            `val_<set>_<name>`.
        name: The name.

    Raises:
        ConfigError: Neither tells.
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
    """Returns `min` or `max`: the direction in which the metric of that name gets better.

    The last word that tells decides, as names are `val_<output>_<metric>`: the `loss` of an output `score` is a loss.

    Raises:
        ConfigError: The name does not tell.
    """
    told = _of_words(name)
    if told is None:
        raise ConfigError(
            f"monitor: '{name}' does not tell whether less or more of it is better; mode=min or max is right"
        )
    return told


def _of_metric(metric: Any) -> str | None:
    """Returns what Keras knows of a metric, or of the one within ours that converts for it."""
    metric = getattr(metric, "inner", metric)
    own = getattr(metric, "_direction", None)
    if own in ("up", "down"):
        return "max" if own == "up" else "min"
    # Of some, such as `FalseNegatives`, only the class tells.
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
