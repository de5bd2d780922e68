"""Errors name the nearest valid name, in one line."""

import pytest

from pipeline.errors import ConfigMistakes, did_you_mean, nearest, one_line


def test_nearest_names_a_typo_whatever_its_case() -> None:
    assert nearest("RMSPorp", ["adam", "rmsprop"]) == "; did you mean 'rmsprop'?"


@pytest.mark.parametrize(
    ("typed", "valid", "meant"),
    [
        ("adma", ["adam", "adamax", "adamw", "nadam"], "adam"),
        ("val_acc", ["accuracy", "loss", "val_accuracy", "val_loss"], "val_accuracy"),
        ("nombre", ["category", "class", "number", "time"], "number"),
        ("seperator", ["decimal", "separator"], "separator"),
    ],
)
def test_nearest_takes_the_name_with_the_fewest_edits(typed: str, valid: list[str], meant: str) -> None:
    assert nearest(typed, valid) == f"; did you mean '{meant}'?"


def test_nearest_takes_no_name_that_needs_many_edits_for_its_length() -> None:
    assert nearest("path", ["activation", "depth", "units"]) == "; valid: activation, depth, units"


def test_a_message_that_lists_the_valid_names_only_suggests_one() -> None:
    assert did_you_mean("numbr", ["number", "time"]) == "; did you mean 'number'?"
    assert did_you_mean("xyz", ["number", "time"]) == ""


def test_nearest_lists_the_valid_names_if_none_is_close() -> None:
    assert nearest("xyz", ["b", "a"]) == "; valid: a, b"
    assert nearest("xyz", []) == ""
    assert nearest("xyz", [f"name{i:02}" for i in range(20)]).endswith("name11, …")


def test_one_line_takes_the_first_that_says_something() -> None:
    assert one_line("\n  a   b \n c") == "a b"
    assert one_line(ValueError()) == "ValueError"


def test_mistakes_are_a_line_each() -> None:
    assert str(ConfigMistakes(["a: x", "b: y"])) == "a: x\nb: y"
