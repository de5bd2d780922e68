"""Curves: which values belong together, the best epoch, the learning rate, validations within epochs."""

from pipeline.report.curves import best_epoch, by_metric, curve_figures

HISTORY = {
    "epoch": [0.0, 1.0, 2.0],
    "accuracy": [0.5, 0.75, 0.8],
    "loss": [3.0, 2.0, 1.0],
    "val_accuracy": [0.4, 0.7, 0.6],
    "val_loss": [2.5, 1.5, 1.75],
    "val_winter_loss": [2.6, None, 1.9],
    "learning_rate": [0.1, 0.1, 0.05],
}


def test_values_of_a_metric_belong_together_and_the_loss_comes_first() -> None:
    assert by_metric(HISTORY) == {
        "loss": {"training": "loss", "validation": "val_loss", "winter": "val_winter_loss"},
        "accuracy": {"training": "accuracy", "validation": "val_accuracy"},
    }
    several = {name: [] for name in ("loss", "kind_loss", "val_kind_loss", "val_winter_kind_loss", "val_loss")}
    assert by_metric(several)["kind_loss"] == {
        "training": "kind_loss",
        "validation": "val_kind_loss",
        "winter": "val_winter_kind_loss",
    }
    assert by_metric({"epoch": [0.0], "val_extra": [1.0]}) == {"extra": {"validation": "val_extra"}}


def test_best_epoch_has_the_lowest_validation_loss() -> None:
    best = best_epoch(HISTORY)
    assert best is not None
    assert (best.number, best.value, best.of) == (2, 1.5, "val_loss")
    without = best_epoch({"epoch": [0.0, 1.0], "loss": [None, 2.0]})
    assert without is not None
    assert (without.number, without.of) == (2, "loss")
    assert best_epoch({"epoch": [0.0], "loss": [None]}) is None


def test_loss_has_the_learning_rate_under_it_and_every_figure_the_mark() -> None:
    loss, accuracy = curve_figures(HISTORY, [], None)
    assert [trace["name"] for trace in loss.traces] == ["training", "validation", "winter", "learning rate"]
    assert loss.traces[-1]["yaxis"] == "y2"
    assert loss.traces[-1]["y"] == [0.1, 0.1, 0.05]
    assert loss.layout["yaxis"]["domain"][0] > loss.layout["yaxis2"]["domain"][1]
    for figure in (loss, accuracy):
        assert figure.layout["shapes"][0]["x0"] == 2
        assert figure.layout["annotations"][0]["text"] == "best epoch 2"
    assert accuracy.traces[0]["x"] == [1, 2, 3]
    assert "validation from 0.4 to 0.6" in accuracy.description


def test_training_and_validation_have_the_same_colours_everywhere() -> None:
    history = {"epoch": [0.0], "val_extra": [1.0], "loss": [1.0], "val_loss": [1.0]}
    loss, extra = curve_figures(history, [], None)
    assert extra.traces[0]["line"] == loss.traces[1]["line"] != loss.traces[0]["line"]


def test_validations_within_epochs_are_points_between() -> None:
    validations = [{"epoch": 0, "step": 5, "val_loss": 2.7}, {"epoch": 1, "step": 5, "val_loss": 2.0}]
    loss = curve_figures(HISTORY, validations, 10)[0]
    points = next(trace for trace in loss.traces if trace["mode"] == "markers")
    assert points["x"] == [0.5, 1.5]
    assert points["y"] == [2.7, 2.0]


def test_run_without_epochs_has_no_curves() -> None:
    assert curve_figures({}, [], None) == []
    assert curve_figures({"epoch": []}, [], None) == []
