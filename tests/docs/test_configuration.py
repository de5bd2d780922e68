"""The page of the config is that of the schema and of `conf/`, and every key of either says what it means."""

from dataclasses import fields
from pathlib import Path

import pytest

from pipeline.config.conf_folder import conf_folder
from pipeline.config.schema import PipelineConfig, SnapshotsConfig, SplitConfig, TrainerConfig
from tests.docs.config_comments import keys_of
from tests.docs.configuration import OF_A_PART, keys_of_choice, meanings, page

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_page_is_that_of_the_sources() -> None:
    path = REPOSITORY / ".docs" / "configuration.md"
    hint = f"python -m tests.docs.configuration > {path.relative_to(REPOSITORY)}"
    assert path.read_text() == page(), f"to write it anew: {hint}"


@pytest.mark.parametrize("schema", [PipelineConfig, SplitConfig, TrainerConfig, SnapshotsConfig])
def test_every_key_of_the_schema_has_a_meaning(schema: type) -> None:
    assert {field.name for field in fields(schema)} == {name for name, meaning in meanings(schema).items() if meaning}


def test_every_key_of_a_choice_has_a_meaning() -> None:
    found = []
    for path in conf_folder().rglob("*.yaml"):
        group, *names = path.relative_to(conf_folder()).parts
        if names and group not in ("hydra", "experiment"):
            found += [(path.name, key) for key in keys_of_choice(group, path) if not key.name.endswith(OF_A_PART)]
    assert len(found) > 100
    assert [(name, key.name) for name, key in found if not key.meaning] == []


def test_a_comment_is_found_beside_a_key_or_above_it(tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(
        "# What the file is.\nfirst: 1\nsecond: [a,\n  b]  # beside it\n# above it,\n# in two lines\nthird: '#'\n"
        "nested:  # of all\n  inner: {x: null}  # of one\n  last:\n"
    )
    assert [(key.name, key.default, key.meaning) for key in keys_of(path)] == [
        ("first", "1", ""),
        ("second", "[a, b]", "beside it"),
        ("third", "'#'", "above it, in two lines"),
        ("nested", "", "of all"),
        ("nested.inner", "{x: null}", "of one"),
        ("nested.last", "null", ""),
    ]
