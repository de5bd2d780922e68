"""Finds text columns of new data in which a saved model knows no value, perhaps because a file names them otherwise."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import keras

from pipeline.data.examples import Examples
from pipeline.data.spec import CATEGORY
from pipeline.data.streams import Data
from pipeline.data.tables.texts import MISSING_TEXT
from pipeline.errors import escaped

log = logging.getLogger(__name__)


def warn_of_unknown_texts(model: keras.Model, data: Data) -> None:
    """Warns of each column in which the model knows none of the texts.

    Known texts are those in any vocabulary inside the model, including those of other columns, so that a warning is
    never wrong.

    Args:
        model: The model.
        data: The data to predict or evaluate.
    """
    if not isinstance(data, Examples):
        return
    known = {text for layer in _lookups(model) for text in layer.get_vocabulary(include_special_tokens=False)}
    if not known:
        return
    for name, spec in data.spec.inputs.items():
        if spec.kind != CATEGORY:
            continue
        found = set(data.inputs[name].tolist()) - {MISSING_TEXT}
        if found and known.isdisjoint(found):
            log.warning(
                "input '%s': the model knows none of its %d values, such as '%s', and treats them all the same",
                name,
                len(found),
                escaped(min(found)),
            )


def _lookups(model: keras.Model) -> Iterator[keras.layers.StringLookup]:
    for layer in model.layers:
        if isinstance(layer, keras.layers.StringLookup):
            yield layer
        elif isinstance(layer, keras.Model):
            yield from _lookups(layer)
