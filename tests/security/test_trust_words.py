"""Words of `trust` that name no package, and what counts as typed."""

import pytest

from pipeline.security import trust
from pipeline.security.trust import Trust, trust_of, trusting


def test_words_are_no_packages() -> None:
    found = trust_of(["trust=[network,my_parts,files]"])
    assert found.words == {"network", "files"}
    assert found.names == found.named == {"my_parts"}
    assert not found.covers("network.part")


def test_word_in_front_of_a_target_is_a_package_like_others() -> None:
    with trusting(trust_of(["trust=[network]"])):
        assert "trust=[network.part]" in (trust.target_mistake("network.part") or "")
    with trusting(trust_of(["trust=[network.part]"])):
        assert trust.target_mistake("network.part") is None


@pytest.mark.parametrize("within", [True, False])
def test_words_may_be_in_the_environment(within: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_TRUST", "files, my_parts")
    found = trust_of(["trust=[network]"]) if within else trust.current()
    assert found.words == ({"files", "network"} if within else {"files"})
    assert found.names == {"my_parts"}


def test_typed_target_is_named_by_nobody() -> None:
    found = trust_of(["model._target_=keras.applications.VGG16", "trust=[keras.layers]"])
    assert found.names == {"keras.applications.VGG16", "keras.layers"}
    assert found.named == {"keras.layers"}


@pytest.mark.parametrize(
    ("argument", "place", "is_typed"),
    [
        ("model.weights=imagenet", "model.weights", True),
        ("model={weights: imagenet}", "model.weights", True),
        ("model={weights: imagenet}", "model.alpha", False),
        ("metrics=[accuracy,{_target_: a.B, name: x}]", "metrics[1].name", True),
        ("model.layers=[{_target_: a.B}]", "model.layers[0].weights", True),
        ("model.layers.0.weights=x", "model.layers[0].weights", True),
        ("model.layers.0.weights=x", "model.layers[1].weights", False),
        ("+callbacks.mine.root=http://host", "callbacks.mine.root", True),
        ("model=mine", "model.weights", False),
        ("callbacks=[mine]", "callbacks.mine.root", False),
        ("callbacks=[mine]", "callbacks[0].root", False),
        ("callbacks.mine.keep=3", "callbacks.mine.keep.filename", False),
        ("trust=[network]", "trust", True),
        ("model.weight=x", "model.weights", False),
    ],
)
def test_typed_is_a_value_with_all_that_is_in_it(argument: str, place: str, is_typed: bool) -> None:
    with trusting(trust_of([argument])):
        assert trust.typed(place) is is_typed


def test_nothing_is_typed_where_nothing_is() -> None:
    with trusting(Trust()):
        assert not trust.typed("model.weights")
