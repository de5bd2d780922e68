"""Target columns of a table: the names of classes, and their ids."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from pipeline.config import REFUSE
from pipeline.data.missing_labels import REMEDY, Missing
from pipeline.data.tables.table import Table
from pipeline.data.tables.texts import distinct_texts
from pipeline.errors import DataError, nearest

WHOLE = re.compile(r"-?[0-9]{1,18}")


def labels(
    table: Table, name: str, missing: Sequence[str], missing_labels: Missing = REFUSE
) -> tuple[list[str], np.ndarray]:
    """Returns a target column as the names of classes, whole numbers without a decimal point, and which rows have one.

    Raises:
        DataError: A value is missing, and not masked.
    """
    column = table.usable(name, missing)
    present = column.present
    text = column.spread(np.array([*distinct_texts(column), ""], object))
    if not isinstance(missing_labels, str) and all(map(is_whole, text[present])):
        present = present & (text != str(missing_labels))
    absent = np.flatnonzero(~present)
    if len(absent) and missing_labels == REFUSE:
        raise DataError(
            f"{table.row(int(absent[0]))}: target '{name}' is missing ({len(absent)} rows lack it); {REMEDY}"
        )
    return list(text), present


def class_names(found: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of classes in the order of their ids: whole numbers by value, other text by the alphabet."""
    names = sorted(set(found))
    return tuple(sorted(names, key=int) if all(map(is_whole, names)) else names)


def is_whole(name: str) -> bool:
    """Whether the name of a class is a whole number, as digits with perhaps a minus before them."""
    return WHOLE.fullmatch(name) is not None


def class_ids(table: Table, name: str, found: Sequence[str], present: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """Returns names of classes as ids, int64 of shape (rows,), 0 where there is none.

    Raises:
        DataError: A class that is not among `classes`.
    """
    ids = {label: index for index, label in enumerate(classes)}
    for index, label in enumerate(found):
        if present[index] and label not in ids:
            raise DataError(f"{table.row(index)}: target '{name}' has class '{label}'{nearest(label, classes)}")
    return np.array([ids[label] if there else 0 for label, there in zip(found, present, strict=True)], "int64")
