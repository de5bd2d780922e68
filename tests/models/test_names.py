"""Names of layers: such as TensorFlow takes, and no two names made one."""

import re

from pipeline.models.names import layer_name


def test_a_name_that_a_layer_may_have_is_kept():
    assert [layer_name(name) for name in ("x", "sepal.length", "a-b_2")] == ["x", "sepal.length", "a-b_2"]


def test_odd_names_become_names_of_scopes_and_stay_different():
    odd = ["a/b", "a_b", "a b", "price ($)", "price (€)", "é", "😀", "😎", "", "_x", '"', "'"]
    names = [layer_name(name) for name in odd]
    assert len(set(names)) == len(odd)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name) for name in names)
