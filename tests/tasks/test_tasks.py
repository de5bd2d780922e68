"""Tasks: what they leave in their folders, and a run addressed by its folder alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

QUICK = ("+experiment=quickstart", "trainer.epochs=2", "report=false")


def test_run_is_evaluated_and_predicted_from_another_folder(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = command(*QUICK, "model.units=16")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    command("task=evaluate", f"run={done.folder}", "loader.batch_size=7")
    (folder,) = Path().glob("outputs/*/*")
    test = json.loads((folder / "metrics.json").read_text())["test"]
    expected = done.json("metrics.json")["test"]
    assert test["outputs"]["digit"]["accuracy"] == pytest.approx(expected["outputs"]["digit"]["accuracy"])
    assert test["loss"] == pytest.approx(expected["loss"], rel=1e-5)


def test_other_split_and_other_data_are_evaluated(command: Callable[..., Any]) -> None:
    done = command(*QUICK)
    metrics = done.json("metrics.json")
    assert command("task=evaluate", "task.split=validation", f"run={done.folder}").json("metrics.json") == {
        "validation": metrics["validation"]
    }
    other = command("task=evaluate", f"run={done.folder}", "data=digits")
    assert other.json("run.json")["data"]["data"]["examples"] == 1797
    assert set(other.json("metrics.json")) == {"data"}
    assert 0.09 < other.json("metrics.json")["data"]["baseline"]["digit"]["majority_class"]["accuracy"] < 0.11
    missing = command("task=evaluate", f"run={done.folder}", "task.split=tests")
    assert missing.errors == ["task.split: no split 'tests'; did you mean 'test'?"]


def test_predictions_are_in_the_order_of_the_data(command: Callable[..., Any], tmp_path: Path) -> None:
    done = command(*QUICK)
    from sklearn.datasets import load_digits

    digits = load_digits()
    np.savez(tmp_path / "new.npz", image=digits.images.astype("uint8")[:40, ..., None])
    predicted = command("task=predict", f"run={done.folder}", "data=npz", "data.path=new.npz",
                        "data.inputs=[image]", "data.targets=[]", "loader.batch_size=16")  # fmt: skip
    assert predicted.code == 0, predicted.errors
    table = pd.read_parquet(predicted.folder / "predictions.parquet")
    import keras

    model = keras.saving.load_model(done.folder / "model.keras")
    expected = model.predict(digits.images[:40, ..., None].astype("uint8"), verbose=0)
    assert table["label"].astype(int).tolist() == expected.argmax(axis=1).tolist()
    np.testing.assert_allclose(table["probability_3"], expected[:, 3], rtol=1e-5)
    wrong = command("task=predict", f"run={done.folder}", "task.form=cvs")
    assert wrong.code == 2
    assert "task.form: 'cvs' does not exist" in wrong.errors[0]


def test_predictions_keep_columns_and_take_any_kind_of_file(command: Callable[..., Any], tmp_path: Path) -> None:
    rows = 60
    old = pd.DataFrame({"a": np.arange(rows) % 7, "kind": ["red", "blue", "red"] * 20, "id": np.arange(rows)})
    old.assign(y=[1, 0] * 30).to_csv(tmp_path / "old.csv", index=False)
    done = command(
        "+experiment=table/csv", "data.path=old.csv", "data.targets=[y]", "data.columns=[id]", "trainer.epochs=1",
        "report=false",
    )  # fmt: skip
    assert done.code == 0, done.errors
    run = ("task=predict", f"run={done.folder}")
    own = pd.read_csv(command(*run, "data.columns=[id,y]", "task.form=csv").folder / "predictions.csv")
    assert list(own) == ["row", "id", "y", "label", "probability_0", "probability_1"]
    assert own["row"].tolist() == own["id"].tolist() != sorted(own["id"])
    assert len(own) == done.json("run.json")["data"]["test"]["examples"]
    new = pd.DataFrame({"kind": ["blue", None], "label": ["007", "=x"], "a": [1.5, 2.0]})
    new.to_parquet(tmp_path / "new.parquet")
    (tmp_path / "frames.py").write_text(
        "import pandas as pd\n\n\ndef new():\n    return pd.read_parquet('new.parquet')\n"
    )
    for place in (("data=parquet", "data.path=new.parquet"), ("data=frame", "data.train._target_=frames.new")):
        predicted = command(
            *run, *place, "data.columns=[label,id]" if place[0] == "data=parquet" else "data.columns=[label]"
        )
        assert predicted.code == 0, predicted.errors
        table = pd.read_parquet(predicted.folder / "predictions.parquet")
        assert list(table) == ["row", "data_label", "label", "probability_0", "probability_1"]
        assert table["data_label"].tolist() == ["007", "=x"]
        assert table["label"].dtype == "int64"
    assert (
        "has no column 'id', so the predictions have none either"
        in command(*run, "data=parquet", "data.path=new.parquet").out
    )
    lacking = command(*run, "data=parquet", "data.path=new.parquet", "data.columns=[labels]")
    assert (lacking.code, lacking.errors) == (
        2, ["'new.parquet': has no column 'labels' (data.columns); did you mean 'label'?"]
    )  # fmt: skip


def test_changes_of_the_runs_config_are_checked(command: Callable[..., Any]) -> None:
    done = command(*QUICK)
    assert command("task=evaluate", f"run={done.folder}", "loader.batchsize=7", "data.pth=x", "data.path=x").errors == [
        "loader.batchsize: the run's config has no 'batchsize'; did you mean 'batch_size'?",
        "data.pth: the run's config has no 'pth'; valid: _target_",
        "data.path: the run's data is not in a file; add data=csv, or another choice of data",
    ]
    assert command("task=evaluate", f"run={done.folder}", "+experiment=quickstart").code == 2
    assert command(*QUICK, f"run={done.folder}").code == 2


def test_model_that_cannot_be_loaded_is_told(command: Callable[..., Any]) -> None:
    done = command(*QUICK)
    (done.folder / "model.keras").write_bytes(b"no model")
    broken = command("task=evaluate", f"run={done.folder}")
    assert broken.code == 2
    assert "cannot be loaded" in broken.errors[0]
    (done.folder / "run.json").write_text("{}")
    assert "run.json': spec: is missing" in command("task=evaluate", f"run={done.folder}").errors[0]


def test_callbacks_are_chosen_as_a_list(command: Callable[..., Any]) -> None:
    done = command(
        "+experiment=quickstart",
        "report=false",
        "callbacks=[early_stopping,checkpoint,plateau,tensorboard,terminate_on_nan]",
        "callbacks.early_stopping.patience=0",
        "optimizer.learning_rate=0.1",
    )
    assert done.code == 0, done.errors
    assert len(done.history()["loss"]) < 30
    assert (done.folder / "checkpoint.keras").exists()
    assert list((done.folder / "tensorboard").rglob("events*"))


def test_schedules_and_optimizers_by_config(command: Callable[..., Any]) -> None:
    for arguments in (["schedule=cosine"], ["schedule=exponential", "optimizer=sgd"], ["schedule=piecewise"],
                      ["optimizer=adamw"], ["optimizer.name=Lion", "+optimizer.beta_1=0.8"]):  # fmt: skip
        done = command("+experiment=quickstart", "trainer.epochs=1", "report=false", *arguments)
        assert done.code == 0, done.errors


def test_validation_weights_steps_and_eager_steps_by_config(command: Callable[..., Any]) -> None:
    done = command(*QUICK, "trainer.run_eagerly=true", "trainer.steps_per_epoch=3", "trainer.validation_steps=1",
                   "weighting=balanced", "trainer.epochs=1", "optimized_metric=val_accuracy")  # fmt: skip
    assert done.code == 0, done.errors


def test_sweep_gives_a_folder_a_job_each_as_if_it_were_alone(command: Callable[..., Any], tmp_path: Path) -> None:
    done = command("-m", *QUICK, "model.units=16,32")
    assert done.code == 0, done.err
    jobs = sorted(tmp_path.glob("multirun/*/*/[0-9]*"))
    assert [job.name for job in jobs] == ["0", "1"]
    alone = command(*QUICK, "model.units=32")
    assert (jobs[1] / "history.csv").read_text() == (alone.folder / "history.csv").read_text()
    assert (jobs[0] / "history.csv").read_text() != (jobs[1] / "history.csv").read_text()


def test_failing_job_of_a_sweep_is_told_and_the_others_are_done(command: Callable[..., Any], tmp_path: Path) -> None:
    done = command("-m", *QUICK, "model.units=0,16")
    assert done.code == 2
    assert "at least 1 unit" in done.errors[-1]
    codes = [json.loads(path.read_text())["exit_code"] for path in sorted(tmp_path.glob("multirun/*/*/*/run.json"))]
    assert codes == [2, 0]


def test_job_of_a_sweep_returns_the_metric_that_it_optimises(command: Callable[..., Any], tmp_path: Path) -> None:
    from pipeline.config.schema import PipelineConfig, TrainerConfig
    from pipeline.run.folder import start_run
    from pipeline.tasks.train import train

    done = command(*QUICK)
    import yaml

    saved = yaml.safe_load((done.folder / ".hydra" / "config.yaml").read_text())
    nodes = {n: saved[n] for n in ("data", "loader", "weighting", "model", "optimizer", "schedule", "loss", "metrics")}
    config = PipelineConfig(**nodes, trainer=TrainerConfig(epochs=1), optimized_metric="accuracy")
    (tmp_path / "run").mkdir()
    value = train(config, start_run(tmp_path / "run", ["test"]))
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert value == pytest.approx(metrics["train"]["outputs"]["digit"]["accuracy"])
