"""Several named validation sets, each the source of `data` with other values or a source of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def points(tmp_path: Path) -> list[str]:
    generator = np.random.default_rng(0)
    for name, size in (("points", 80), ("winter", 30)):
        x = generator.normal(size=(size, 2)).astype("float32")
        np.savez(tmp_path / f"{name}.npz", x=x, y=(x[:, 0] > 0).astype("int64"))
    return [
        "data=npz",
        "data.path=points.npz",
        "data.inputs=[x]",
        "data.targets=[y]",
        "split.validation=0.2",
        "trainer.epochs=2",
    ]


def test_values_of_each_set_are_told_by_its_name(points: list[str], command: Callable[..., Any]) -> None:
    done = command(*points, "validation_sets={winter: {path: winter.npz}, same: {path: points.npz}}")
    assert done.code == 0, done.errors
    history = done.history()
    assert {"val_loss", "val_winter_loss", "val_winter_accuracy", "val_same_loss"} <= set(history)
    assert history["val_winter_loss"] != history["val_same_loss"]


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        ("{winter: {path: nowhere.npz}}", "validation_sets.winter: "),
        ("{winter: {pth: winter.npz}}", "validation_sets.winter.pth: pipeline.data.sources.archive.Npz has no"),
        ("{winter: winter.npz}", "validation_sets.winter: expected a mapping such as {path: winter.csv}, got"),
        ("[winter]", "validation_sets: expected a mapping such as {winter: {path: winter.csv}}, got ['winter']"),
    ],
)  # fmt: skip
def test_mistakes_name_the_set(sets: str, expected: str, points: list[str], command: Callable[..., Any]) -> None:
    done = command(*points, f"validation_sets={sets}")
    assert done.code == 2
    assert expected in done.errors[0]
