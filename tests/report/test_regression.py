"""Numbers of regressions against scikit-learn's, their intervals, their figures."""

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from pipeline.report.figures import POINTS
from pipeline.report.regression import regression_figures, regressions


def values(examples: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    truth = random.normal(5, 2, (examples, columns))
    return truth, truth + random.normal(0.3, 0.5, (examples, columns))


def test_numbers_of_each_column_are_those_of_scikit_learn() -> None:
    truth, predicted = values(700, 2)
    columns = regressions("size", truth, predicted)
    assert [column.name for column in columns] == ["size[0]", "size[1]"]
    for index, column in enumerate(columns):
        pair = (truth[:, index], predicted[:, index])
        assert column.mae.value == pytest.approx(mean_absolute_error(*pair))
        assert column.rmse.value == pytest.approx(np.sqrt(mean_squared_error(*pair)))
        assert column.r2 is not None
        assert column.r2.value == pytest.approx(r2_score(*pair))
        for estimate in (column.mae, column.rmse, column.r2):
            assert estimate.low < estimate.value < estimate.high


def test_interval_is_about_that_of_the_normal_distribution() -> None:
    truth, predicted = values(2000, 1)
    (column,) = regressions("size", truth, predicted)
    errors = np.abs(predicted - truth)
    half = 1.96 * errors.std() / np.sqrt(len(errors))
    assert column.mae.high - column.mae.value == pytest.approx(half, rel=0.15)
    assert column.mae.value - column.mae.low == pytest.approx(half, rel=0.15)


def test_many_values_are_taken_together() -> None:
    truth, predicted = values(50, 20)
    (column,) = regressions("picture", truth, predicted)
    assert column.name == "picture, all 20 values"
    assert column.mae.value == pytest.approx(mean_absolute_error(truth, predicted))
    assert column.r2 is not None
    assert column.r2.value == pytest.approx(r2_score(truth.ravel(), predicted.ravel()))


def test_equal_true_values_have_no_share_of_explained_variance() -> None:
    (column,) = regressions("size", np.full((30, 1), 7.0), np.full((30, 1), 8.0))
    assert column.r2 is None
    assert column.mae.value == column.mae.high == 1


def test_figures_draw_a_part_and_count_all() -> None:
    truth, predicted = values(3 * POINTS, 1)
    (column,) = regressions("<size>", truth, predicted)
    against, residuals, distribution = regression_figures(column)
    assert len(against.traces[1]["x"]) == POINTS
    assert "2,000 of 6,000 points drawn" in residuals.title
    assert distribution.traces[0]["y"].sum() == 3 * POINTS
    assert "&lt;size&gt;" in against.layout["xaxis"]["title"]["text"]
