"""Files of prepared TFDS datasets: the classes that they name are checked before TFDS imports them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import DataError

KINDS = "tensorflow_datasets.core.features."
NAMING = ("type", "pythonClassName", "python_class_name")
"""Keys with the Python class of a feature."""


def check_features(folder: Path) -> None:
    """Checks every `features.json` in a folder and below it.

    Raises:
        DataError: A file cannot be read, or names a feature outside of TFDS, whose module TFDS would import.
    """
    for file in sorted(folder.rglob("features.json")):
        try:
            named = list(_classes(json.loads(file.read_text(encoding="utf-8"))))
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(f"'{file}': cannot be read: {error}") from error
        foreign = next((name for name in named if not name.startswith(KINDS)), None)
        if foreign is not None:
            raise DataError(f"'{file}': the feature '{foreign}' is not part of TFDS, and its code is never imported")


def _classes(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _classes(item)
    if not isinstance(value, dict):
        return
    for name, item in value.items():
        if name in NAMING and isinstance(item, str):
            yield item
        # Some features store their content as JSON within the JSON.
        yield from _classes(json.loads(item) if name == "json" and isinstance(item, str) else item)
