"""The config flattened to text: keys joined by dots, interpolations as written."""

from pathlib import Path

import pytest

from pipeline.tracking.parameters import as_text, flattened, parameters_of


def test_keys_are_joined_and_lists_of_values_are_one_value(run_folder: Path) -> None:
    found = parameters_of(run_folder)
    assert found["model.units"] == "[8, 4]"
    assert found["metrics.0"] == "accuracy"
    assert found["metrics.1._target_"] == "keras.metrics.Recall"
    assert found["schedule"] == "null"
    assert found["seed"] == "3"


def test_secrets_are_not_resolved(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", "sesame")
    found = parameters_of(run_folder)
    assert found["data.password"] == "${oc.env:PASSWORD}"
    assert not any("sesame" in value or "secret" in value for value in found.values())
    assert not any(name.startswith("tracking") for name in found)


def test_folder_without_config_has_none(tmp_path: Path) -> None:
    assert parameters_of(tmp_path) == {}


def test_empty_mappings_and_lists_are_values() -> None:
    assert flattened({"a": {}, "b": {"c": []}}, "/") == {"a": {}, "b/c": []}
    assert [as_text(value) for value in ({}, [], True, 0.5, "été", ["x", 1])] == [
        "{}",
        "[]",
        "true",
        "0.5",
        "été",
        '["x", 1]',
    ]
