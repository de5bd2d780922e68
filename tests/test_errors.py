"""Errors name the nearest valid name, in one line."""

from pipeline.errors import ConfigMistakes, nearest, one_line


def test_nearest_names_a_typo_whatever_its_case() -> None:
    assert nearest("RMSPorp", ["adam", "rmsprop"]) == "; did you mean 'rmsprop'?"


def test_nearest_lists_the_valid_names_if_none_is_close() -> None:
    assert nearest("xyz", ["b", "a"]) == "; valid: a, b"
    assert nearest("xyz", []) == ""
    assert nearest("xyz", [f"name{i:02}" for i in range(20)]).endswith("name11, …")


def test_one_line_takes_the_first_that_says_something() -> None:
    assert one_line("\n  a   b \n c") == "a b"
    assert one_line(ValueError()) == "ValueError"


def test_mistakes_are_a_line_each() -> None:
    assert str(ConfigMistakes(["a: x", "b: y"])) == "a: x\nb: y"
