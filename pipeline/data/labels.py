"""Labels of classes: their names as text, their order, and whether numbers are labels at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

NUMBER, WHOLE = re.compile(r"-?[0-9]{1,18}(\.[0-9]+)?"), re.compile(r"-?[0-9]+")
CODE = r"^[-+]?0[0-9]"
"""Digits that are not a number, such as 007."""
TRUTHS = {"true": "True", "false": "False"}
FEW, SOME, SEVERAL = 10, 20, 200
"""Limits on the number of different whole numbers that are classes, may be classes, or may be equally frequent ids."""
PER_CLASS = 3
"""Least mean number of rows per class."""


@dataclass(frozen=True)
class Judgement:
    """What the numbers of a target are, judged from the values alone.

    Attributes:
        classes: Whether they are classes.
        certain: Whether that is beyond doubt.
    """

    classes: bool
    certain: bool


def judged(values: np.ndarray, counts: np.ndarray) -> Judgement:
    """Judges whether numbers are classes or numbers to predict.

    Two different whole numbers are classes. So are up to ten, and up to twenty if none is rare, but not beyond doubt:
    ratings or numbers of rooms could be either. Years, ages and prices have more values. Fractions are numbers.

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
    """Returns numbers of any type as class names, whole ones without a decimal point."""
    if values.dtype.kind == "b":
        return ["True" if value else "False" for value in values.tolist()]
    if values.dtype.kind in "iu":
        return [str(value) for value in values.tolist()]
    return [str(int(value)) if np.isfinite(value) and value == np.floor(value) else str(value) for value in values]


def text_numbers(texts: Sequence[str] | np.ndarray) -> np.ndarray | None:
    """Returns different texts, stripped, as float64, truth values as 0 and 1; None if some text is neither."""
    if 0 < len(texts) <= 2 * len(TRUTHS) and all(text.lower() in TRUTHS for text in texts):
        return np.array([text.lower() == "true" for text in texts], "float64")
    numbers = numbers_of(texts)
    return None if not len(texts) or np.isnan(numbers).any() or _has_codes(texts) else numbers


def text_labels(texts: Sequence[str] | np.ndarray, numbers: np.ndarray | None) -> list[str]:
    """Returns different texts as class names, the same that the values would have in files with types.

    Args:
        texts: The texts, stripped.
        numbers: Their values as numbers; None if they are not numbers, see `text_numbers`.
    """
    if numbers is None:
        return list(texts)
    labels = number_labels(numbers)
    return [
        TRUTHS.get(text.lower()) or (text if WHOLE.fullmatch(text) else label)
        for text, label in zip(texts, labels, strict=True)
    ]


def _has_codes(texts: Sequence[str] | np.ndarray) -> bool:
    """Whether there are digits that are not a number, such as 007."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return bool(pc.any(pc.match_substring_regex(pa.array(texts, pa.string()), CODE)).as_py())


def numbers_of(texts: Sequence[str] | np.ndarray) -> np.ndarray:
    """Returns text as float64, NaN for text that is not a number."""
    import pandas as pd

    return np.asarray(pd.to_numeric(pd.Series(list(texts), dtype=object), errors="coerce"), "float64")


def spellings(label: str) -> list[str]:
    """Returns a label, and its other possible spellings among class names."""
    number = numbers_of([label])
    others = number_labels(number) if not np.isnan(number[0]) and not _has_codes([label]) else []
    return [label, *others, TRUTHS.get(label.lower(), label)]


def class_names(found: Iterable[str]) -> tuple[str, ...]:
    """Returns class names in the order of their ids: numbers by value, other text alphabetically."""
    names = sorted(set(found))
    return tuple(sorted(names, key=float) if all(map(NUMBER.fullmatch, names)) else names)
