"""Every other experiment, on data that the tests write or that ships with the packages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from pipeline.config.conf_folder import conf_folder

FAST = ("trainer.epochs=2", "data.train.examples=300")


@pytest.fixture
def train(command: Callable[..., Any]) -> Callable[..., Any]:
    def run(name: str, *more: str) -> Any:
        done = command(f"+experiment={name}", *more, *([] if name == "quickstart" else ["report=false"]))
        assert done.code == 0, done.errors
        return done

    return run


def test_quickstart_reaches_its_accuracy_and_says_where_the_run_is(train: Callable[..., Any]) -> None:
    done = train("quickstart")
    assert done.json("metrics.json")["test"]["outputs"]["digit"]["accuracy"] >= 0.95
    assert set(done.json("metrics.json")) == {"train", "validation", "test"}
    for name in ("model.keras", "metrics.json", "history.csv", "run.json", "pipeline.log", ".hydra"):
        assert name in done.out
        assert (done.folder / name).exists()
    assert str(done.folder.relative_to(Path.cwd())) in done.out
    facts = done.json("run.json")
    assert facts["status"] == "finished"
    assert facts["exit_code"] == 0
    assert facts["xla"] == {"jit": False, "reason": "fewer than 3000 steps are left", "final": True}
    assert set(facts["durations_seconds"]) == {"data", "model", "weighting", "training", "evaluation", "report"}
    assert "epoch 30/30" in (done.folder / "pipeline.log").read_text()


def test_lists_by_position_and_dicts_by_name_are_the_same_training(train: Callable[..., Any]) -> None:
    by_position, by_name = train("multi_io/list_losses", *FAST), train("multi_io/dict_losses", *FAST)
    assert by_position.history() == by_name.history()
    outputs = by_name.json("metrics.json")["test"]["outputs"]
    assert set(outputs["score"]) == {"loss", "mean_absolute_percentage_error", "mean_absolute_error"}
    assert set(outputs["class"]) == {"loss", "accuracy"}


def test_loss_weights_make_the_total(train: Callable[..., Any]) -> None:
    test = train("multi_io/loss_weights", *FAST).json("metrics.json")["test"]
    score, kind = test["outputs"]["score"]["loss"], test["outputs"]["class"]["loss"]
    assert test["loss"] == pytest.approx(2 * score + kind, rel=1e-4)


def test_output_without_a_loss_by_position_and_by_name(train: Callable[..., Any]) -> None:
    by_position = train("multi_io/one_loss", *FAST)
    by_name = train("multi_io/one_loss_by_name", *FAST)
    assert by_position.history() == by_name.history()
    assert not any(name.startswith("score") for name in by_position.history())


def test_each_form_of_data_gives_the_same_losses_seed_for_seed(train: Callable[..., Any]) -> None:
    lists, *others = (
        train(f"multi_io/{name}", *FAST).history() for name in ("numpy_lists", "numpy_dicts", "tf_data", "generator")
    )
    for other in others:
        np.testing.assert_allclose(other["loss"], lists["loss"], rtol=1e-6)
        np.testing.assert_allclose(other["val_loss"], lists["val_loss"], rtol=1e-6)


def test_class_weights_of_one_output_are_those_computed_by_hand(
    train: Callable[..., Any], command: Callable[..., Any]
) -> None:
    done = train("multi_io/class_weight", *FAST, "evaluate_splits=[train]", "loader.batch_size=70")
    predicted = command("task=predict", f"run={done.folder}", "task.split=train", "task.form=npz")
    with np.load(predicted.folder / "predictions.npz") as table:
        probabilities = np.stack([table[f"class_probability_{i}"] for i in range(5)], axis=1)
    from pipeline.data.sources.image_timeseries import image_timeseries

    classes = image_timeseries(300, 0, "dicts", 10, 30)[1]["class"][: len(probabilities)]
    weights = np.array([1, 2, 1, 3, 1])[classes]
    by_hand = np.mean(-np.log(probabilities[np.arange(len(classes)), classes]) * weights)
    measured = done.json("metrics.json")["train"]["outputs"]["class"]["loss"]
    assert measured == pytest.approx(by_hand, rel=1e-4)


def make_table(path: Path) -> None:
    generator = np.random.default_rng(0)
    age, city = generator.uniform(20, 70, 400), generator.choice(["Oslo", "Rome", "Bern"], 400)
    frame = pd.DataFrame(
        {"age": age.round(1), "city": city, "churn": np.where((age > 45) ^ (city == "Rome"), "yes", "no")}
    )
    frame.loc[::17, "age"] = np.nan
    frame.loc[::23, "city"] = None
    frame["note"] = [f"Said by {row}" for row in range(len(frame))]
    # The file has the numbers of the rows too.
    frame.to_csv(path / "people.csv.gz", sep=";", decimal=",")
    frame.to_parquet(path / "people.parquet")


def test_tables_are_learnt_and_new_rows_predicted(
    train: Callable[..., Any], command: Callable[..., Any], tmp_path: Path
) -> None:
    make_table(tmp_path)
    csv = train("table/csv", "data.path=people.csv.gz", "data.targets=[churn]")
    parquet = train("table/parquet", "data.path=people.parquet", "data.targets=[churn]")
    assert csv.json("metrics.json")["test"]["outputs"]["churn"]["accuracy"] > 0.8
    assert csv.history() == parquet.history()
    assert list(csv.json("run.json")["spec"]["inputs"]) == ["age", "city"]
    (tmp_path / "new.csv").write_text("age,city\n25,Rome\n,Paris\n60,\n")
    done = command("task=predict", f"run={csv.folder}", "data.path=new.csv")
    assert done.code == 0, done.errors
    table = pd.read_parquet(done.folder / "predictions.parquet")
    assert list(table.columns) == ["row", "label", "probability_no", "probability_yes"]
    assert table["label"][0] == "yes"
    assert len(table) == 3
    (tmp_path / "more.csv").write_text("age,city,churn\n25,Rome,yes\n60,Oslo,yes\n30,Oslo,no\n")
    evaluated = command("task=evaluate", f"run={csv.folder}", "data.path=more.csv")
    assert evaluated.json("metrics.json")["data"]["outputs"]["churn"]["accuracy"] > 0.5
    (tmp_path / "one.csv").write_text("id,age,city,churn\n7,25,Rome,yes\n")
    of_one_class = command("task=evaluate", f"run={csv.folder}", "data.path=one.csv")
    assert of_one_class.json("metrics.json")["data"]["outputs"]["churn"]["accuracy"] == 1


def test_folder_of_images(train: Callable[..., Any], command: Callable[..., Any], tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for channel, colour in enumerate(("red", "green")):
        (tmp_path / "images" / colour).mkdir(parents=True)
        for index in range(40):
            image = generator.uniform(0, 100, (20, 24, 3))
            image[..., channel] += 120
            keras.utils.save_img(tmp_path / "images" / colour / f"{index}.png", image, scale=False)
    small = ("data.path=images", "data.image_size=[16,16]", "trainer.epochs=4")
    done = train("images/folder", *small)
    assert done.json("metrics.json")["test"]["outputs"]["label"]["accuracy"] == 1
    predicted = command("task=predict", f"run={done.folder}", "data.path=images/green")
    assert predicted.code == 0, predicted.errors
    assert set(pd.read_parquet(predicted.folder / "predictions.parquet")["label"]) == {"green"}


def test_dataset_of_tfds_prepared_in_a_folder(train: Callable[..., Any], tmp_path: Path) -> None:
    import tensorflow_datasets as tfds
    from sklearn.datasets import load_digits

    digits = load_digits()

    class Digits(tfds.core.GeneratorBasedBuilder):  # type: ignore[misc]
        """Digits."""

        VERSION = tfds.core.Version("1.0.0")

        def _info(self) -> Any:
            features = {
                "image": tfds.features.Image(shape=(8, 8, 1)),
                "label": tfds.features.ClassLabel(num_classes=10),
            }
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(features), supervised_keys=("image", "label")
            )

        def _split_generators(self, manager: Any) -> Any:
            return {"train": self._generate_examples()}

        def _generate_examples(self) -> Any:
            for index in range(300):
                image = (digits.images[index] * 15).astype("uint8")[..., None]
                yield index, {"image": image, "label": int(digits.target[index])}

    builder = Digits(data_dir=str(tmp_path))
    builder.download_and_prepare()
    done = train("tfds/image_classification", f"data.name={builder.data_path}", "loader.batch_size=8")
    assert done.json("run.json")["data"]["train"]["examples"] == 240
    assert done.history()["accuracy"][-1] > 0.5


def test_experiments_are_all_run_by_a_test() -> None:
    folder = conf_folder() / "experiment"
    names = {str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml")}
    texts = "".join(path.read_text() for path in Path(__file__).parent.glob("test_experiments*.py"))
    for name in names:
        last = name.rpartition("/")[2]
        assert f'"{name}"' in texts or f'"{last}"' in texts, name
