"""Labels of classes: their names as text, their order, and whether numbers are labels at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

NUMBER, WHOLE = re.compile(r"-?[0-9]{1,18}(\.[0-9]+)?"), re.compile(r"-?[0-9]+")
CODE = r"^[-+]?0[0-9]"
"""Digits that are no number, such as 007."""
TRUTHS = {"true": "True", "false": "False"}
FEW, SOME, SEVERAL = 10, 20, 200
"""So many different whole numbers are classes, may be, or may be if they are ids that all occur as often."""
PER_CLASS = 3
"""Rows that a class has at least, on the mean."""


@dataclass(frozen=True)
class Judgement:
    """What numbers of a target are, told from the values alone.

    Attributes:
        classes: Whether they are classes.
        certain: Whether nobody would doubt that.
    """

    classes: bool
    certain: bool


def judged(values: np.ndarray, counts: np.ndarray) -> Judgement:
    """Tells whether numbers are classes, or numbers to predict.

    Two different whole numbers are classes. So are up to ten, and up to twenty where none is rare, but for doubt:
    ratings and numbers of rooms are both. Years, ages and prices have more. Fractions are numbers.

    Args:
        values: The different numbers, in any order.
        counts: How often each occurs.
    """
    number = len(values)
    if not number or not np.isfinite(values).all() or (values != np.floor(values)).any():
        return Judgement(classes=False, certain=number > SOME)
    if number <= 2:
        return Judgement(classes=True, certain=True)
    lowest, highest = values.min(), values.max()
    are_ids = lowest in (0, 1) and highest - lowest == number - 1
    equal = counts.sum() / number
    if number <= FEW:
        return Judgement(classes=are_ids or equal >= PER_CLASS, certain=False)
    rarest = counts.min()
    if number <= SOME:
        return Judgement(classes=equal >= PER_CLASS and rarest >= equal / 10, certain=False)
    balanced = are_ids and number <= SEVERAL and equal >= PER_CLASS and rarest >= equal / 2
    return Judgement(classes=bool(balanced), certain=False)


def number_labels(values: np.ndarray) -> list[str]:
    """Returns numbers as names of classes, whole ones without a decimal point, in whatever type they are stored."""
    if values.dtype.kind == "b":
        return ["True" if value else "False" for value in values.tolist()]
    if values.dtype.kind in "iu":
        return [str(value) for value in values.tolist()]
    return [str(int(value)) if np.isfinite(value) and value == np.floor(value) else str(value) for value in values]


def text_numbers(texts: Sequence[str] | np.ndarray) -> np.ndarray | None:
    """Returns different texts, stripped, as float64, truth values as 0 and 1; None where some text is neither."""
    if 0 < len(texts) <= 2 * len(TRUTHS) and all(text.lower() in TRUTHS for text in texts):
        return np.array([text.lower() == "true" for text in texts], "float64")
    numbers = numbers_of(texts)
    return None if not len(texts) or np.isnan(numbers).any() or _has_codes(texts) else numbers


def text_labels(texts: Sequence[str] | np.ndarray, numbers: np.ndarray | None) -> list[str]:
    """Returns different texts as names of classes, those that the same values have in files that keep types.

    Args:
        texts: The texts, stripped.
        numbers: What they are as numbers; None for none, see `text_numbers`.
    """
    if numbers is None:
        return list(texts)
    labels = number_labels(numbers)
    return [
        TRUTHS.get(text.lower()) or (text if WHOLE.fullmatch(text) else label)
        for text, label in zip(texts, labels, strict=True)
    ]


def _has_codes(texts: Sequence[str] | np.ndarray) -> bool:
    """Whether there are digits that are no number, such as 007."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(pa.array(texts, pa.string()), CODE)).as_py())


def numbers_of(texts: Sequence[str] | np.ndarray) -> np.ndarray:
    """Returns text as float64, NaN for what is no number."""
    import pandas as pd

    return np.asarray(pd.to_numeric(pd.Series(list(texts), dtype=object), errors="coerce"), "float64")


def spellings(label: str) -> list[str]:
    """Returns a label, and what else it may be called among the names of classes."""
    number = numbers_of([label])
    others = number_labels(number) if not np.isnan(number[0]) and not _has_codes([label]) else []
    return [label, *others, TRUTHS.get(label.lower(), label)]


def class_names(found: Iterable[str]) -> tuple[str, ...]:
    """Returns the names of classes in the order of their ids: numbers by value, other text by the alphabet."""
    names = sorted(set(found))
    return tuple(sorted(names, key=float) if all(map(NUMBER.fullmatch, names)) else names)
