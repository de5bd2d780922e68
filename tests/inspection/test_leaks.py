"""A column that gives the target away is suspected, whatever form it has; a column that only helps is not."""

import numpy as np
import pytest

from tests.inspection.tables import looked, part, texts

DRAW = np.random.default_rng(0)
TRUTH = DRAW.integers(0, 2, 600)
NUMBERS = DRAW.normal(size=600)
PRICE = np.exp(8 + DRAW.normal(size=600))
NOISE = DRAW.normal(size=600)


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (
            np.where(TRUTH, "alive", "dead").tolist(),
            "each of its values corresponds to exactly one value of the target",
        ),
        (np.where(TRUTH, "yes", "no").tolist(), "the two are the same in all rows"),
        (TRUTH * 0.5 + NOISE * 0.05, "ROC area 1.000 on held-out rows, against 0.500 by chance"),
        (np.where(TRUTH, NOISE, np.nan), "ROC area 1.000"),
        ([f"{'a' if t else 'b'}{i % 40}" for i, t in enumerate(TRUTH)], "ROC area"),
    ],
    ids=["recoded", "same", "number", "missing where the class is", "category"],
)
def test_column_that_gives_classes_away_is_suspected(column: list[object], said: str) -> None:
    found = looked(part("train", {"age": NOISE, "leak": column}, TRUTH, ["no", "yes"]))
    [text] = texts(found, "leak")
    assert text.startswith("'leak' gives target 'y' away: ")
    assert said in text
    assert found.findings[0].level == "serious"
    assert found.findings[0].remedy == "set data.inputs=[age] to leave it out"


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (PRICE, "the two are the same in all rows"),
        (PRICE * 1.1 + 3, "a constant times it, plus a constant"),
        (np.log(PRICE), "R²"),
        (np.round(PRICE, -1), "R²"),
    ],
    ids=["same", "multiple", "logarithm", "rounded"],
)
def test_column_that_gives_numbers_away_is_suspected(column: np.ndarray, said: str) -> None:
    [text] = texts(looked(part("train", {"age": NOISE, "leak": column}, PRICE)), "leak")
    assert "'leak' gives target 'y' away" in text
    assert said in text


def test_helpful_columns_are_not_suspected() -> None:
    helpful = {"classes": TRUTH + DRAW.normal(size=600) * 0.6, "noise": NOISE}
    assert texts(looked(part("train", helpful, TRUTH, ["no", "yes"])), "leak") == []
    numbers = {"numbers": NUMBERS + DRAW.normal(size=600) * 0.3, "unique": NOISE}
    assert texts(looked(part("train", numbers, NUMBERS)), "leak") == []
    # That nearly all are of one class is no merit of a column.
    rare = (np.arange(600) % 100 == 0).astype(int)
    assert texts(looked(part("train", {"noise": NOISE}, rare, ["no", "yes"])), "leak") == []


def test_class_that_is_brighter_gives_images_away() -> None:
    from pipeline.data.examples import Examples
    from pipeline.data.spec import DataSpec, InputSpec, TargetSpec
    from pipeline.inspection import Part

    images = DRAW.integers(0, 100, (200, 8, 8, 3)).astype("uint8")
    images[TRUTH[:200] == 1] += 50
    images[3] = 7
    spec = DataSpec({"image": InputSpec((8, 8, 3), "uint8", scale=1 / 255)}, {"y": TargetSpec((), "int64", ("a", "b"))})
    found = looked(Part("train", Examples(spec, {"image": images}, {"y": TRUTH[:200]}), np.arange(200), "train", True))
    assert any("'mean of image' gives target 'y' away" in text for text in texts(found, "leak"))
    assert texts(found, "blank") == ["1 training examples of 'image' have a single value throughout, such as row 3"]
    [image] = found.inputs
    assert (image.kind, image.shape, image.examples) == ("image", (8, 8, 3), 200)
