"""The target columns of a table: the labels of rows, whether they are classes or numbers, and missing ones."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pipeline.data.labels import class_names, judged, number_labels, numbers_of, spellings, text_labels, text_numbers
from pipeline.data.spec import NUMBER
from pipeline.data.tables import numerals
from pipeline.data.tables.kinds import CLASS, MOSTLY
from pipeline.data.tables.table import Table
from pipeline.data.target import TargetSpec
from pipeline.errors import ConfigError, DataError, did_you_mean, escaped, nearest

log = logging.getLogger(__name__)
MOST_SHOWN = 5
"""Most classes that a message lists."""


@dataclass(frozen=True)
class TargetColumn:
    """A target column of a table.

    Attributes:
        name: The column.
        codes: The index of each row's value among the different ones, int64 of shape (rows,), -1 if it is missing.
        numbers: The different values as numbers, float64; None if some are not numbers.
        values: The different stored values, text stripped.
        absent: Texts that mark a missing value, with the number of rows that have them.
        categorical: Whether the type of the column shows that it holds classes.
    """

    name: str
    codes: np.ndarray
    numbers: np.ndarray | None
    values: np.ndarray
    absent: Mapping[str, int]
    categorical: bool = False

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The different values as class names, equal for values that mean the same."""
        if self.values.dtype == object:
            return tuple(text_labels(self.values.tolist(), self.numbers))
        return tuple(number_labels(self.values))

    @property
    def truths(self) -> bool:
        """Whether it holds truth values, whose numbers are 0 and 1."""
        return len(self.values) <= 2 and set(self.labels) <= {"True", "False"}

    @property
    def counts(self) -> np.ndarray:
        """The number of rows with each of the different values."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    @property
    def present(self) -> np.ndarray:
        """Which rows have a value."""
        return np.asarray(self.codes >= 0)

    def rows(self, keep: np.ndarray) -> TargetColumn:
        """Returns the column for some rows."""
        return replace(self, codes=self.codes[keep])


def target_column(table: Table, name: str, missing: Sequence[str], label: int | None = None) -> TargetColumn:
    """Reads a target column.

    Args:
        table: The table.
        name: The column.
        missing: Texts that mark a missing value.
        label: A whole number that marks one among whole numbers; None if there is none.

    Raises:
        DataError: There is no such column, or its values are neither classes nor numbers.
    """
    import pandas as pd

    column = table.column(name)
    if column.dtype.kind in "mM":
        raise DataError(f"{table.name}: target '{name}': expected numbers or classes, got dates or times")
    try:
        codes, found = pd.factorize(column)
    except TypeError as error:
        raise DataError(f"{table.name}: target '{name}': expected one number or class per row, got lists") from error
    if column.dtype.kind in "iufb":
        values = np.asarray(found)
        return _without(label, TargetColumn(name, codes.astype("int64"), values.astype("float64"), values, {}))
    texts, stand = [_text(value) for value in np.asarray(found, object)], frozenset(missing)
    gone = np.fromiter((text in stand for text in texts), bool, len(texts))
    counts = np.bincount(codes[codes >= 0], minlength=len(texts))
    absent: dict[str, int] = {}
    for index in np.flatnonzero(gone):
        absent[texts[index]] = absent.get(texts[index], 0) + int(counts[index])
    # The last index stands for -1, which is already missing.
    places = np.append(np.where(gone, -1, np.cumsum(~gone) - 1), -1)
    values = np.array(texts, object)[~gone]
    of_classes = isinstance(column.dtype, pd.CategoricalDtype)
    read = TargetColumn(name, places[codes], text_numbers(values), values, absent, of_classes)
    return _without(label, read if of_classes else _written_numbers(read))


def _written_numbers(column: TargetColumn) -> TargetColumn:
    """Returns a text column as numbers if it has many numbers as people write them, such as `$1,200`."""
    import pyarrow as pa

    if column.numbers is not None or not len(column.values):
        return column
    numbers, there = numerals.written(pa.array(column.values, pa.large_string())), column.counts > 0
    if np.isnan(numbers).any() or judged(numbers[there], column.counts[there]).classes:
        return column
    log.info("target '%s': read as numbers from texts such as '%s'", column.name, column.values[0])
    return replace(column, numbers=numbers)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace").strip()
    return str(value).strip()


def _without(label: int | None, column: TargetColumn) -> TargetColumn:
    """Returns a column of whole numbers without the one that marks a missing label."""
    numbers = column.numbers
    if label is None or numbers is None or (numbers != np.floor(numbers)).any():
        return column
    return replace(column, codes=np.where(np.append(numbers, np.nan)[column.codes] == label, -1, column.codes))


def target_spec(
    table: Table, column: TargetColumn, *, kind: str | None = None, count: int | None = None, of_loss: bool = False
) -> TargetSpec:
    """Decides whether a target holds classes or numbers, and which classes.

    Args:
        table: The table, for messages.
        column: The target.
        kind: `number` or `class` if the user or the loss says so.
        count: Number of classes set by the user; 0 for numbers.
        of_loss: Whether it is the loss that says the kind.

    Raises:
        ConfigError: The two settings contradict each other, or the number of classes differs.
        DataError: Numbers are required or likely, and a row has text.
    """
    wanted = _said(column.name, kind, count) or (CLASS if column.categorical else None)
    there = column.counts > 0
    if wanted is None and column.numbers is None:
        _refuse_slips(table, column)
    if wanted == NUMBER:
        if of_loss:
            _refuse_classes(column)
        _refuse_text(table, column)
        _warn_of_rounding(column)
        return TargetSpec((), "float32")
    if wanted is None and column.numbers is not None:
        found = judged(column.numbers[there], column.counts[there])
        if not found.classes:
            _warn_of_rounding(column)
            return TargetSpec((), "float32", certain=found.certain)
    certain = wanted is not None or column.numbers is None or column.truths
    return TargetSpec((), "int64", _classes(column, there, count), certain=certain)


def _classes(column: TargetColumn, there: np.ndarray, count: int | None) -> tuple[str, ...]:
    """Returns the class names: all ids if the classes are ids and their number is given, else those that occur."""
    if count and column.numbers is not None and not column.truths:
        ids = column.numbers[there]
        if len(ids) and ids.min() >= 0 and ids.max() < count and (ids == np.floor(ids)).all():
            return tuple(str(index) for index in range(count))
    names = class_names(label for label, is_there in zip(column.labels, there, strict=True) if is_there)
    if count and count != len(names):
        shown = ", ".join(names[:MOST_SHOWN]) + (", …" if len(names) > MOST_SHOWN else "")
        raise ConfigError(f"data.classes: {count} for target '{column.name}', which has {len(names)}: {shown}")
    return names


def target_values(table: Table, column: TargetColumn, spec: TargetSpec) -> np.ndarray:
    """Returns a target in the form of its spec: class ids as int64, or float32; 0 if it is missing.

    Raises:
        DataError: A row has a class that the spec does not have, or text where numbers are expected.
    """
    if spec.classes is None:
        _refuse_text(table, column)
        numbers = np.zeros(0) if column.numbers is None else column.numbers
        return np.where(column.present, np.append(numbers, 0.0)[column.codes], 0.0).astype("float32")
    ids = {label: index for index, label in enumerate(spec.classes)}
    by_value = np.array([_id_of(label, ids) for label in column.labels], "int64")
    found = np.append(by_value, 0)[column.codes]
    wrong = np.flatnonzero(found < 0)
    if len(wrong):
        label = column.labels[column.codes[wrong[0]]]
        raise DataError(
            f"{table.row(int(wrong[0]))}: target '{column.name}' has class '{label}'{nearest(label, spec.classes)}"
        )
    return np.asarray(found)


def _id_of(label: str, ids: Mapping[str, int]) -> int:
    """Returns the id of a class; -1 if there is none of that name."""
    if label in ids:
        return ids[label]
    return next((ids[other] for other in spellings(label) if other in ids), -1)


def _said(name: str, kind: str | None, count: int | None) -> str | None:
    """Returns the kind of a target set by the user."""
    if kind not in (None, NUMBER, CLASS):
        raise ConfigError(
            f"data.kinds.{name}: expected {NUMBER} or {CLASS} for a target, got {kind!r}"
            f"{did_you_mean(str(kind), (NUMBER, CLASS))}"
        )
    by_count = None if count is None else CLASS if count else NUMBER
    if kind and by_count and kind != by_count:
        raise ConfigError(f"data.kinds.{name}: {kind}, but data.classes={count} means {by_count}; set only one of them")
    return kind or by_count


def _warn_of_rounding(column: TargetColumn) -> None:
    """Warns if different numbers are equal in float32, which models compute in."""
    numbers = np.unique(np.zeros(0) if column.numbers is None else column.numbers[column.counts > 0])
    with np.errstate(over="ignore", under="ignore"):
        rounded = numbers.astype("float32")
    if len(np.unique(rounded)) < len(numbers):
        log.warning(
            "target '%s': its %d different numbers become %d in float32, which models compute in; rescale them to "
            "about "
            "-1 to 1",
            column.name,
            len(numbers),
            len(np.unique(rounded)),
        )


def _refuse_classes(column: TargetColumn) -> None:
    """Refuses a loss for numbers if none of the values is one; if only some are not, the file is to blame."""
    there = column.counts > 0
    if column.numbers is not None or not there.any() or not np.isnan(numbers_of(column.values)[there]).all():
        return
    names = class_names(label for label, is_there in zip(column.labels, there, strict=True) if is_there)
    shown = ", ".join(f"'{escaped(name)}'" for name in names[:MOST_SHOWN]) + (", …" if len(names) > MOST_SHOWN else "")
    raise ConfigError(
        f"loss: it is for numbers, but the target '{column.name}' has the classes {shown}; use loss=auto for classes"
    )


def _refuse_text(table: Table, column: TargetColumn) -> None:
    """Refuses values that are not numbers in a column of numbers."""
    if column.numbers is not None or not len(column.values):
        return
    wrong = np.append(np.isnan(numbers_of(column.values)), False)[column.codes]
    row = int(np.flatnonzero(wrong)[0]) if wrong.any() else 0
    text = column.values[column.codes[row]]
    raise DataError(f"{table.row(row)}: target '{column.name}': expected a number, got '{text}'")


def _refuse_slips(table: Table, column: TargetColumn) -> None:
    """Refuses text in a few rows if all others are numbers to predict."""
    numbers, counts = numbers_of(column.values), column.counts
    known = ~np.isnan(numbers) & (counts > 0)
    if counts[known].sum() <= MOSTLY * counts.sum() or judged(numbers[known], counts[known]).classes:
        return
    row = int(np.flatnonzero(np.append(~known, False)[column.codes])[0])
    text = column.values[column.codes[row]]
    raise DataError(
        f"{table.row(row)}: target '{column.name}': expected a number as in the other rows, got '{text}'; if the "
        "text means "
        f"a missing value, add it to data.missing; if each value is a class, set data.kinds.{column.name}={CLASS}"
    )
