"""The page of the config is that of the schema and of `conf/`, and every key of either says what it means."""

from dataclasses import fields
from pathlib import Path

import pytest

from pipeline.config.conf_folder import conf_folder
from pipeline.config.schema import PipelineConfig, SnapshotsConfig, SplitConfig, TrainerConfig
from tests.docs.config_comments import keys_of
from tests.docs.configuration import OF_A_PART, as_markdown, keys_of_choice, meanings, page, set_by

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


@pytest.mark.parametrize(
    ("comment", "shown"),
    [
        ("needs trainer.use_ema=true.", "needs `trainer.use_ema=true`."),
        ("for batches (data=batches).", "for batches (`data=batches`)."),
        ("runs=[A,B,…] or runs=[DIR].", "`runs=[A,B,…]` or `runs=[DIR]`."),
        ("needs pipeline[notify].", "needs `pipeline[notify]`."),
        ("or '${oc.env:URL}' if", "or `'${oc.env:URL}'` if"),
        ("returns (inputs, targets[, sample weights]), each", "returns `(inputs, targets[, sample weights])`, each"),
        ("or else ./mlflow.db", "or else `./mlflow.db`"),
        ("names: [x], or {name: key}", "names: `[x]`, or `{name: key}`"),
        ("an option of pandas: +data.read.skiprows=3", "an option of pandas: `+data.read.skiprows=3`"),
    ],
)
def test_code_in_a_comment_is_marked_whole_and_without_punctuation(comment: str, shown: str) -> None:
    assert as_markdown(comment) == shown


def test_an_experiment_is_shown_with_what_it_sets() -> None:
    experiment = conf_folder() / "experiment" / "mnist"
    assert set_by(experiment / "class_weight.yaml") == (
        "all of `mnist/numpy`, `weighting=class_weight`, `weighting.weights={5: 2.0}`, `weighting.others=1.0`"
    )
    assert "`callbacks=[table]`" in set_by(experiment.parent / "table" / "csv.yaml")
