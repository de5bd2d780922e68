"""Scripts that train, run while each call of a callback's hook is noted: with Keras' methods, and with ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import keras
import numpy as np

from tests.conformance.graphs import unoptimized

Call = tuple[str, list[Any], dict[str, Any]]
CALL = re.compile(r"\b(\w+)\.(fit|evaluate|predict)\(")


@dataclass
class Seen:
    """What was seen of a script.

    Attributes:
        calls: Each call of a hook: its name, its numbers, and its logs by name.
        histories: Of each `fit`, its epochs, parameters and values by name.
        left: What the script left in a variable `said`.
    """

    calls: list[Call] = field(default_factory=list)
    histories: list[Any] = field(default_factory=list)
    left: Any = None

    def without_batches(self) -> list[Call]:
        """Returns the calls other than those that begin and end batches."""
        return [call for call in self.calls if "batch" not in call[0]]


class EpochWatcher(keras.callbacks.Callback):
    """Notes the calls of hooks, save those of batches, so that ours may run many steps in one call."""

    def __init__(self, calls: list[Call]) -> None:
        super().__init__()
        self._calls = calls

    def _note(self, hook: str, numbers: Sequence[Any], logs: Any) -> None:
        values = {name: value if name == "outputs" else _plain(value) for name, value in (logs or {}).items()}
        if "outputs" in values:
            values["outputs"] = keras.tree.map_structure(np.array, values["outputs"])
        self._calls.append((hook, list(numbers), values))


class BatchWatcher(EpochWatcher):
    """Notes the calls of all hooks."""


def _add_hooks(kind: type[EpochWatcher], names: Sequence[str]) -> None:
    for name in names:

        def hook(self: EpochWatcher, *numbers: Any, logs: Any = None, name: str = name) -> None:
            *numbers, logs = (*numbers, logs) if logs is not None or not numbers else numbers
            if numbers and isinstance(numbers[-1], dict):
                *numbers, logs = numbers
            self._note(name, numbers, logs)

        setattr(kind, name, hook)


_add_hooks(EpochWatcher, [f"on_{kind}_{end}" for kind in ("train", "test", "predict") for end in ("begin", "end")])
_add_hooks(EpochWatcher, ["on_epoch_begin", "on_epoch_end"])
_add_hooks(
    BatchWatcher, [f"on_{kind}_batch_{end}" for kind in ("train", "test", "predict") for end in ("begin", "end")]
)


@contextmanager
def watched(kind: type[EpochWatcher]) -> Iterator[Seen]:
    """Adds a watcher to each list of callbacks that is made."""
    seen, lists = Seen(), []
    original = keras.callbacks.CallbackList.__init__

    def init(self: Any, callbacks: Any = None, *arguments: Any, **named: Any) -> None:
        lists.append(self)
        original(self, [*keras.tree.flatten(callbacks or []), kind(seen.calls)], *arguments, **named)

    with patch.object(keras.callbacks.CallbackList, "__init__", init):
        yield seen
    histories = [each._history for each in lists if getattr(each, "_history", None)]
    seen.histories += [(history.epoch, history.params, history.history) for history in histories]


def run(script: Path, kind: type[EpochWatcher], *, ours: str = "") -> Seen:
    """Returns what was seen of a script.

    Args:
        script: The script.
        kind: Who watches.
        ours: Which of Keras' methods to call ours instead of: the lines that call them are changed, and no others.
    """
    text = script.read_text()
    if ours:
        text = "import pipeline\n" + CALL.sub(
            lambda found: f"pipeline.{found[2]}({found[1]}, " if found[2] in ours.split() else found[0], text
        )
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    namespace: dict[str, Any] = {"__name__": "__main__", "__file__": str(script)}
    with watched(kind) as seen, unoptimized():
        exec(compile(text, str(script), "exec"), namespace)
    seen.left = namespace.get("said")
    return seen


def difference(theirs: Any, ours: Any, where: str = "", *, digits: float = 1e-4) -> str:
    """Returns where and how two nested values differ, numbers by more than rounding; nothing if they do not."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if set(theirs) != set(ours):
            return f"{where}: {list(theirs)} with Keras, {list(ours)} with ours"
        pairs = [(f"{where}.{name}", theirs[name], ours[name]) for name in theirs]
    elif isinstance(theirs, (list, tuple)) and isinstance(ours, (list, tuple)):
        if len(theirs) != len(ours):
            at = next((i for i, pair in enumerate(zip(theirs, ours, strict=False)) if difference(*pair)), "the end")
            return f"{where}: {len(theirs)} with Keras, {len(ours)} with ours; the first that differs is at {at}"
        pairs = [(f"{where}[{i}]", *pair) for i, pair in enumerate(zip(theirs, ours, strict=True))]
    else:
        return "" if _same(theirs, ours, digits) else f"{where}: {theirs!r:.200} with Keras, {ours!r:.200} with ours"
    return next((found for at, a, b in pairs if (found := difference(a, b, at, digits=digits))), "")


def _same(theirs: Any, ours: Any, digits: float) -> bool:
    if isinstance(theirs, str) or theirs is None or type(theirs) is not type(ours):
        return type(theirs) is type(ours) and theirs == ours
    if not isinstance(theirs, (float, np.ndarray)):
        return theirs == ours
    return np.shape(theirs) == np.shape(ours) and np.allclose(theirs, ours, digits, digits / 100, equal_nan=True)


def _plain(value: Any) -> Any:
    """Returns a logged value as a float or an array; which of Keras' and TensorFlow's types it had is of no weight."""
    array = np.asarray(value)
    return float(array) if array.ndim == 0 and array.dtype.kind in "fiub" else array
