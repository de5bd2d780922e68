"""The states of Keras' own callbacks: which attributes they are, and what they need beside them."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np

from pipeline.security.plain_types import Array, Number, Whole
from pipeline.training.snapshots.plain_copies import Copies, NotPlain

KINDS = keras.callbacks
MONITORS = tuple(
    getattr(KINDS, name)
    for name in ("EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint", "OrbaxCheckpoint")
    if hasattr(KINDS, name)
)
COMPARISONS = {"less": keras.ops.less, "greater": keras.ops.greater}
BATCHES_SEEN = {"_batches_seen_since_last_saving": Whole, "_last_batch_seen": Whole | None, "_current_epoch": Whole}
STATE: dict[type, dict[str, Any]] = {
    KINDS.BackupAndRestore: BATCHES_SEEN,
    KINDS.CSVLogger: {"keys": list[str] | None},
    KINDS.EarlyStopping: {
        "wait": Whole,
        "stopped_epoch": Whole,
        "best": Number | None,
        "best_epoch": Whole,
        "best_weights": list[Array] | None,
    },
    KINDS.History: {"epoch": list[Whole]},
    KINDS.ModelCheckpoint: {**BATCHES_SEEN, "best": Number | None},
    KINDS.ProgbarLogger: {"seen": Whole, "target": Whole | None},
    KINDS.ReduceLROnPlateau: {"wait": Whole, "cooldown_counter": Whole, "best": Number | None},
    KINDS.SwapEMAWeights: {"_ema_weights_in_model": bool},
    KINDS.TensorBoard: {
        "_global_train_batch": Whole,
        "_global_test_batch": Whole,
        "_should_write_train_graph": bool,
        "_train_accumulated_time": Number,
    },
}
"""The attributes that are the state of each callback, with their types. No others are restored."""
if hasattr(KINDS, "OrbaxCheckpoint"):
    STATE[KINDS.OrbaxCheckpoint] = {**BATCHES_SEEN, "_total_batches_seen": Whole, "best": Number | None}
BESIDE: dict[Any, dict[str, Any]] = {
    **{kind: {"comparison": Literal["less", "greater", "own"] | None} for kind in MONITORS},
    KINDS.CSVLogger: {"text": str | None},
    KINDS.History: {"history": dict[str, list[Number | Array] | Array]},
    KINDS.TensorBoard: {"lengths": dict[str, Whole]},
}
"""Parts of their state that are not attributes."""
SHARED: dict[Any, frozenset[str]] = {KINDS.EarlyStopping: frozenset({"best_weights"})}
"""Lists of arrays that are never changed in place and so need no copies."""


def types_of_state(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Returns the attributes that are the state of a Keras callback, with their types."""
    return _of(STATE, callback)


def types_beside(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Returns the types of the values that `beside` returns for a callback, by name."""
    return _of(BESIDE, callback)


def misfit(callback: keras.callbacks.Callback, attributes: Mapping[str, Any]) -> str | None:
    """Returns which attributes of a state belong to another model; None if none does."""
    best = attributes.get("best_weights")
    if not isinstance(callback, KINDS.EarlyStopping) or best is None:
        return None
    fits = [tuple(weight.shape) for weight in callback.model.weights] == [weight.shape for weight in best]
    return None if fits else "best_weights: expected weights of this model, got those of another"


def shared(callback: keras.callbacks.Callback) -> frozenset[str]:
    """Returns the names of lists of arrays that do not need to be copied."""
    return frozenset().union(*(names for kind, names in SHARED.items() if isinstance(callback, kind)))


@cache
def names_in_code(kind: Any) -> frozenset[str]:
    """Returns the names that Keras' own code of a class uses, including attributes but not those of subclasses."""
    bases = [base for base in kind.__mro__ if base.__module__.startswith("keras.") and base is not KINDS.Callback]
    codes = [getattr(member, "__code__", None) for base in bases for member in vars(base).values()]
    return frozenset().union(*(code.co_names for code in codes if code is not None))


def beside(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """Returns the parts of a callback's state that are not plain attributes: a comparison, text or file lengths."""
    if isinstance(callback, MONITORS):
        return {"comparison": _comparison(callback)}
    if isinstance(callback, KINDS.History):
        return {"history": _history(callback)}
    if isinstance(callback, KINDS.CSVLogger):
        return {"text": _text(callback)}
    if isinstance(callback, KINDS.TensorBoard):
        for writer in callback._writers.values():
            writer.flush()
        return {"lengths": lengths(Path(callback.log_dir), EVENT_FILES)}
    return {}


def set_beside(callback: keras.callbacks.Callback, state: Mapping[str, Any], *, roll_back: bool) -> None:
    """Restores what `beside` returned.

    Args:
        callback: The callback, whose attributes are already restored.
        state: The result of `beside`.
        roll_back: Whether it comes from this process, whose files are open.
    """
    if isinstance(callback, MONITORS):
        _set_comparison(callback, state.get("comparison"))
    elif isinstance(callback, KINDS.History):
        callback.history = {name: _as_list(values) for name, values in state.get("history", {}).items()}
    elif isinstance(callback, KINDS.CSVLogger):
        _set_text(callback, state.get("text"))
    elif isinstance(callback, KINDS.ProgbarLogger):
        # The state has none until an epoch begins, and the resumed epoch has begun.
        callback._maybe_init_progbar()
    elif isinstance(callback, KINDS.TensorBoard):
        callback._epoch_start_time = time.time()
        callback._previous_epoch_iterations = keras.ops.convert_to_tensor(
            callback.model.optimizer.iterations, "float32"
        )
        if not roll_back:
            cut(Path(callback.log_dir), EVENT_FILES, state.get("lengths", {}))


EVENT_FILES = "*/events.out.tfevents.*"


def lengths(folder: Path, pattern: str) -> dict[str, int]:
    """Returns the sizes in bytes of the files in a folder that match a pattern, by their relative path."""
    return {str(path.relative_to(folder)): path.stat().st_size for path in sorted(folder.glob(pattern))}


def cut(folder: Path, pattern: str, known: Mapping[str, int]) -> None:
    """Cuts files back to earlier lengths. They must only have grown since, and must not be open.

    Args:
        folder: The folder.
        pattern: The pattern of files to cut. Others are left alone, whatever `known` says.
        known: Lengths by relative path.
    """
    for path in folder.glob(pattern):
        length = known.get(str(path.relative_to(folder)))
        if length is not None and path.stat().st_size > length >= 0:
            os.truncate(path, length)


def _comparison(callback: Any) -> str | None:
    """Returns how values are compared: None if not yet decided, `own` if it is none of Keras' functions."""
    if callback.monitor_op is None:
        return None
    return next((name for name, one in COMPARISONS.items() if callback.monitor_op is one), "own")


def _set_comparison(callback: Any, name: str | None) -> None:
    """Restores the comparison, and the sign of the minimum change, which Keras flips if lower is better."""
    if name == "own":
        return
    callback.monitor_op = None if name is None else COMPARISONS[name]
    callback.min_delta = -abs(callback.min_delta) if name == "less" else abs(callback.min_delta)


def _history(callback: Any) -> dict[str, Any]:
    """Returns the attributes of a `History` by name, without what user callbacks put there that cannot be kept."""
    found = {}
    for name, values in callback.history.items():
        with suppress(NotPlain):
            found[name] = _as_array(values)
    return found


def _as_array(values: list[Any]) -> Any:
    """Returns numbers as an array: encoding thousands one by one would slow down a snapshot late in training."""
    return np.array(values) if set(map(type, values)) == {float} else Copies().of(values)


def _as_list(values: Any) -> list[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else Copies().of(values)


def _text(callback: Any) -> str | None:
    try:
        # Keeps the line endings as the writer of the file made them.
        with Path(callback.filename).open(newline="", encoding="utf-8") as file:
            return file.read()
    except OSError:
        return None


def _set_text(callback: Any, text: str | None) -> None:
    """Restores the file of a `CSVLogger`, which its `on_train_begin` may have emptied, and continues at its end."""
    if text is None:
        return
    if callback.csv_file and not callback.csv_file.closed:
        callback.csv_file.close()
    # It stays open for the life of the callback, like the file that the callback opens itself.
    callback.csv_file = Path(callback.filename).open("w", newline="", encoding="utf-8")  # noqa: SIM115
    callback.csv_file.write(text)
    callback.csv_file.flush()
    callback.writer, callback.append_header = None, not text


def _of(table: Mapping[Any, Mapping[str, Any]], callback: keras.callbacks.Callback) -> dict[str, Any]:
    return {name: held for kind, types in table.items() if isinstance(callback, kind) for name, held in types.items()}
