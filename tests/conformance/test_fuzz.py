"""Random models, data and arguments give with ours what they give with Keras' own methods.

The cases of a model are run in one test, one after another. Cases that nobody has tried are run by hand:
`python -m tests.conformance.fuzz --seed 3000 --count 300`.
"""

from typing import Any

import keras
import pytest

from tests.conformance.fuzz import running
from tests.conformance.fuzz.cases import CASES_OF_A_MODEL
from tests.conformance.fuzz.checking import assert_same


@pytest.mark.exhaustive
@pytest.mark.parametrize("first", range(0, 300, CASES_OF_A_MODEL))
def test_what_comes_of_a_model_is_the_same(first: int) -> None:
    assert_same(first, CASES_OF_A_MODEL)


def test_what_differs_is_told_with_the_command_that_repeats_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def another_epoch(model: Any, **arguments: Any) -> Any:
        return model.fit(**arguments | {"epochs": arguments["epochs"] + 1})

    monkeypatch.setitem(running.OURS, "fit", another_epoch)
    with pytest.raises(AssertionError, match=r"python -m tests.conformance.fuzz --seed 195\b"):
        assert_same(195, 1)
    assert keras.config.floatx() == "float32"
