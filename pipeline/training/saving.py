"""Finds out before training whether a model can be saved and loaded, and writes the files of a trained model."""

from __future__ import annotations

import inspect
import json
import logging
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from keras.src.backend.common import global_state
from keras.src.saving.serialization_lib import SafeModeScope

from pipeline.data.randomness import random_state, set_random_state
from pipeline.run.atomic_files import write_atomically
from pipeline.run.file_errors import file_error
from pipeline.run.memory_errors import memory_error
from pipeline.run.names import MODEL, WEIGHTS

log = logging.getLogger(__name__)
COUNTED = ("object_name_uids", "uninitialized_variables")
"""What Keras counts and collects about all objects that are created."""


@dataclass(frozen=True)
class Savable:
    """Whether a model can be saved and loaded.

    Attributes:
        saves: Whether it can be saved.
        reason: Why it cannot be saved or loaded; None if both work.
    """

    saves: bool = True
    reason: str | None = None


def own_classes(target: str) -> dict[str, Any]:
    """Returns, by name, the classes of objects that a model may contain, registered with Keras or not.

    Args:
        target: What builds the model. Classes of Keras' kinds that are defined in its module count.
    """
    module = sys.modules.get(target.rpartition(".")[0])
    if module is None:
        return {}
    kinds = (keras.Layer, keras.initializers.Initializer, keras.regularizers.Regularizer, keras.constraints.Constraint)
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, kinds) and value.__module__ == module.__name__
    }


def check_savable(model: keras.Model, target: str) -> Savable:
    """Finds out before training what parts of a compiled model cannot be saved. Changes no values or random numbers.

    If only the loss, metrics or optimizer cannot be saved, the file leaves them out: each task compiles the model anew.

    Args:
        model: The model.
        target: What built it, see `own_classes`.
    """
    _leave_out_what_cannot_be_compiled_again(model)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = json.dumps(keras.saving.serialize_keras_object(model))
    except Exception as error:  # noqa: BLE001
        found = Savable(False, _reason(error))
    else:
        # A model of Keras' own parts loads as it was saved.
        found = Savable(True, None if _is_of_keras(json.loads(text)) else _loading_mistake(model, text, target))
    if found.reason is not None:
        log.warning(
            "model: cannot be %s: %s; training continues and saves only its weights, as %s",
            "loaded after saving" if found.saves else "saved", found.reason, WEIGHTS,
        )  # fmt: skip
    return found


def save_trained(model: keras.Model, folder: Path, savable: Savable) -> str | None:
    """Writes `model.keras`, or only the weights if that fails or the file could not be loaded.

    Args:
        model: The trained model.
        folder: The run folder.
        savable: What was found out before training.

    Returns:
        What went wrong unexpectedly; None if nothing did.

    Raises:
        OSError: A file cannot be written, as on a full disk.
    """
    failure = None
    if savable.saves:
        try:
            write_atomically(folder / MODEL, model.save)
        except Exception as error:
            if file_error(error, folder) is not None or memory_error(error) is not None:
                raise
            failure = f"model: cannot be saved: {_reason(error)}"
    if failure is not None or savable.reason is not None:
        write_atomically(folder / WEIGHTS, model.save_weights)
        log.warning("model: only its weights are saved, in '%s'", folder / WEIGHTS)
    return None if failure is None else f"{failure}; its weights are in '{folder / WEIGHTS}'"


def _leave_out_what_cannot_be_compiled_again(model: keras.Model) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            json.dumps(model.get_compile_config())
    except Exception as error:  # noqa: BLE001
        with suppress(AttributeError):
            del model._compile_config
            log.warning(
                "model: is saved without its losses, metrics and optimizer, which cannot be saved: %s", _reason(error)
            )


def _loading_mistake(model: keras.Model, text: str, target: str) -> str | None:
    config = json.loads(text)
    config.pop("compile_config", None)
    for scope in (keras.StatelessScope(initialize_variables=False), None):
        try:
            with (
                _unnoticed(),
                scope or nullcontext(),
                SafeModeScope(safe_mode=True),
                keras.saving.CustomObjectScope(own_classes(target)),
            ):
                again = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)), safe_mode=True)
                found = [tuple(weight.shape) for weight in again.weights]
        except Exception as error:  # noqa: BLE001
            # Some layers compute with values when they are created, which fails without memory for the values.
            reason = _reason(error)
            continue
        right = [tuple(weight.shape) for weight in model.weights]
        return (
            None
            if found == right
            else f"only {len(found)} of its {len(right)} weights exist when they are loaded; "
            "create all of them in a method build"
        )
    return reason


@contextmanager
def _unnoticed() -> Iterator[None]:
    """Lets objects be created without affecting random numbers or the names of later objects."""
    random, counted = random_state(), {name: global_state.get_global_attribute(name) for name in COUNTED}
    kept = {name: None if value is None else value.copy() for name, value in counted.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, value in kept.items():
            global_state.set_global_attribute(name, value)
        set_random_state(random)


def _is_of_keras(config: Any) -> bool:
    """Whether a config contains only Keras objects and no user code."""
    if isinstance(config, Mapping):
        named = "class_name" in config and "config" in config
        home = str(config.get("module") or "").partition(".")[0]
        return not (named and home != "keras") and all(map(_is_of_keras, config.values()))
    return all(map(_is_of_keras, config)) if isinstance(config, list) else True


def _reason(error: BaseException) -> str:
    """Returns the first sentence of the error that caused the others."""
    while error.__cause__ is not None:
        error = error.__cause__
    # Keras quotes the error that it caught inside its own message.
    text = " ".join(str(error).split()).rpartition("Exception encountered: ")[2]
    return re.split(r"(?<=\w)\. ", text)[0].rstrip(".") or type(error).__name__
