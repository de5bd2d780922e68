"""Components are found, their arguments checked against the signature, and built."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pipeline.config import components
from pipeline.errors import ConfigError, DataError

HERE = "components_under_test"


@dataclass(frozen=True)
class Part:
    size: int
    name: str = "part"
    inner: object = None


class Base:
    def __init__(self, depth: int = 1) -> None:
        self.depth = depth


class Derived(Base):
    def __init__(self, width: int, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self.width = width


class Needy:
    def __init__(self, rank: int, **options: object) -> None:
        self.rank = rank


class Giving(Needy):
    def __init__(self, width: int, **options: object) -> None:
        super().__init__(rank=2, **options)


def refuse(size: int) -> None:
    raise DataError("file.csv: is empty")


def fail(size: int) -> None:
    raise ValueError("size is odd\nand more")


@pytest.fixture(autouse=True)
def _module(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, HERE, sys.modules[__name__])
    monkeypatch.setenv("PIPELINE_TRUST", f"{HERE},{__name__},no_such_module")


def test_unknown_argument_is_told_with_the_nearest_one() -> None:
    found = components.mistakes("model", {"_target_": f"{HERE}.Part", "sise": 3, "size": 1})
    assert found == [f"model.sise: {HERE}.Part has no argument 'sise'; did you mean 'size'?"]


def test_missing_argument_is_told_unless_the_pipeline_provides_it() -> None:
    node = {"_target_": f"{HERE}.Part"}
    assert components.mistakes("model", node) == [f"model.size: missing; {HERE}.Part requires it"]
    assert components.mistakes("model", node, frozenset({"size"})) == []
    assert components.mistakes("model", {**node, "_partial_": True}) == []


@pytest.mark.parametrize("value", ["many", True, 1.5, None])
def test_value_of_another_type_is_told(value: object) -> None:
    (line,) = components.mistakes("model", {"_target_": f"{HERE}.Part", "size": value})
    assert line == f"model.size: expected a whole number, got {value!r}"


def test_mistakes_at_any_depth_are_told_together() -> None:
    inner = [{"_target_": f"{HERE}.Part", "siz": 1, "size": 2}]
    found = components.mistakes("data", {"_target_": f"{HERE}.Part", "size": "x", "inner": inner})
    assert found == [
        f"data.inner[0].siz: {HERE}.Part has no argument 'siz'; did you mean 'size'?",
        "data.size: expected a whole number, got 'x'",
    ]


def test_arguments_passed_on_to_a_base_class_are_known() -> None:
    assert components.mistakes("m", {"_target_": f"{HERE}.Derived", "width": 1, "depth": 2}) == []
    (line,) = components.mistakes("m", {"_target_": f"{HERE}.Derived", "width": 1, "dept": 2})
    assert "did you mean 'depth'?" in line


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("no_such_module.thing", "no module 'no_such_module'"),
        (f"{HERE}.Prat", "did you mean 'Part'?"),
        ("plain", "'plain' is not part of pipeline or Keras"),
    ],
)
def test_unknown_target_is_told(target: str, expected: str) -> None:
    (line,) = components.mistakes("model", {"_target_": target})
    assert line.startswith("model._target_: ")
    assert expected in line


def test_built_component_has_built_parts_and_what_the_pipeline_adds_as_it_is() -> None:
    extra = Part(7)
    node = {"_target_": f"{HERE}.Part", "size": 1, "name": {"_target_": f"{HERE}.Part", "size": 2}}
    built = components.build("model", node, inner=extra)
    assert built == Part(1, Part(2), extra)  # type: ignore[arg-type]
    assert built.inner is extra


def test_partial_component_is_built_when_it_is_called() -> None:
    made = components.build("data", {"_target_": f"{HERE}.Part", "_partial_": True, "name": "x"})
    assert made(3) == Part(3, "x")


def test_errors_of_a_component_name_its_key() -> None:
    with pytest.raises(DataError, match=r"^data: file.csv: is empty$"):
        components.build("data", {"_target_": f"{HERE}.refuse", "size": 1})
    with pytest.raises(ConfigError, match=rf"^model: {HERE}.fail refused its arguments: size is odd$"):
        components.build("model", {"_target_": f"{HERE}.fail", "size": 1})


def test_what_a_base_needs_is_not_missing_where_the_class_gives_it() -> None:
    assert components.mistakes("model", {"_target_": f"{HERE}.Giving", "width": 1}) == []
    assert components.mistakes("model", {"_target_": f"{HERE}.Giving"}) == [
        f"model.width: missing; {HERE}.Giving requires it"
    ]


@pytest.mark.parametrize(
    ("layer", "arguments"),
    [("Conv2D", {"filters": 2, "kernel_size": 3}), ("LSTM", {"units": 2}), ("StringLookup", {})],
)
def test_layer_of_keras_needs_only_its_own_arguments(layer: str, arguments: dict[str, int]) -> None:
    node = {"_target_": f"keras.layers.{layer}", **arguments}
    assert components.mistakes("model", node) == []
    assert components.build("model", node).name


@pytest.mark.parametrize("name", ["Csv", "Parquet", "Frame"])
def test_a_field_of_a_base_in_another_module_is_checked_by_its_type(name: str) -> None:
    found = components.mistakes("data", {"_target_": f"pipeline.data.sources.table.{name}", "targets": "status"})
    assert "data.targets: expected a list of texts, got 'status'; use [status]" in found
