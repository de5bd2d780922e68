"""Synthetic images with time series: two inputs and two learnable targets, for models with several inputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.errors import ConfigError, nearest

FORMS = ("lists", "dicts")
CLASSES = 5


def image_timeseries(examples: int, seed: int, form: str, shortest: int, longest: int) -> tuple[Any, Any]:
    """Makes images (32, 32, 3), time series (length, 10), scores (1,) and classes.

    The class is the brightest colour of the image or, from class 3 on, the channel of the time series that peaks;
    the score is how high the peak is, so a model needs both inputs.

    Args:
        examples: Number of examples.
        seed: Seed of the examples.
        form: `lists` by position, or `dicts` by name.
        shortest: Shortest length of a time series.
        longest: Longest length of a time series.

    Returns:
        `(inputs, targets)`: image and timeseries, score and class.

    Raises:
        ConfigError: The form is unknown, or the lengths are out of order.
    """
    if form not in FORMS:
        raise ConfigError(f"data.train.form: no form '{form}'{nearest(form, FORMS)}")
    if not 1 <= shortest <= longest:
        raise ConfigError(f"data.train.shortest: expected 1 to data.train.longest ({longest}), got {shortest}")
    generator = np.random.default_rng(seed)
    classes = generator.integers(0, CLASSES, examples)
    images = generator.uniform(0, 0.5, (examples, 32, 32, 3)).astype("float32")
    lengths = generator.integers(shortest, longest + 1, examples)
    series = [generator.uniform(0, 0.5, (length, 10)).astype("float32") for length in lengths]
    peaks = generator.uniform(1, 2, examples).astype("float32")
    for row, (kind, peak) in enumerate(zip(classes, peaks, strict=True)):
        if kind < 3:
            images[row, 8:24, 8:24, kind] += peak
        else:
            series[row][:, kind] += peak
    scores = (peaks - 1.5)[:, np.newaxis]
    if form == "lists":
        return [images, series], [scores, classes]
    return {"image": images, "timeseries": series}, {"score": scores, "class": classes}
