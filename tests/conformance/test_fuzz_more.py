"""Random models, data and arguments give with ours what they give with Keras' own methods: the second half."""

import pytest

from tests.conformance.fuzz.cases import CASES_OF_A_MODEL
from tests.conformance.fuzz.checking import assert_same


@pytest.mark.parametrize("first", range(150, 300, CASES_OF_A_MODEL))
def test_what_comes_of_a_model_is_the_same(first: int) -> None:
    assert_same(first, CASES_OF_A_MODEL)
