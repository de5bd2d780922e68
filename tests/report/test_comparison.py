"""Runs compared: their metrics, curves and configs; the jobs of a sweep."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.errors import ConfigError
from pipeline.report import write_comparison
from pipeline.report.comparison import overlaid_curves
from pipeline.report.comparison_table import comparison_table
from pipeline.report.run_files import RunFiles, read_run
from pipeline.report.run_names import folder_ends, relative_link, run_names, set_differently


@pytest.fixture
def sweep(run_folder: Path, tmp_path: Path) -> Path:
    """A sweep of two jobs, 2 and 10, of which the second is better and has other units."""
    for name, units in (("2", "2"), ("10", "<i>10</i>")):
        shutil.copytree(run_folder, tmp_path / "sweep" / name, ignore=shutil.ignore_patterns("report.html"))
        said = yaml.safe_dump(["+experiment=mine", f"model.units={units}"])
        (tmp_path / "sweep" / name / ".hydra" / "overrides.yaml").write_text(said)
    better = tmp_path / "sweep" / "10"
    metrics = json.loads((better / "metrics.json").read_text())
    metrics["test"]["outputs"]["kind"]["accuracy"] = 1.0
    (better / "metrics.json").write_text(json.dumps(metrics))
    config = yaml.safe_load((better / ".hydra" / "config.yaml").read_text())
    (better / ".hydra" / "config.yaml").write_text(yaml.safe_dump({**config, "model": {"units": "<i>10</i>"}}))
    return tmp_path / "sweep"


def test_jobs_of_a_sweep_are_sorted_by_what_counts_and_linked_to_their_reports(sweep: Path, tmp_path: Path) -> None:
    for name, value in (("2", 0.5), ("10", 0.25)):
        metrics = json.loads((sweep / name / "metrics.json").read_text())
        metrics["test"]["loss"] = value
        (sweep / name / "metrics.json").write_text(json.dumps(metrics))
    (sweep / "10" / "report.html").write_text("")
    path = write_comparison([sweep], tmp_path)
    page = path.read_text()
    assert path == tmp_path / "report.html"
    assert page.index('data-value="model.units=&lt;i&gt;10') < page.index('data-value="model.units=2"')
    assert 'href="sweep/10/report.html"' in page
    assert 'href="sweep/2/report.html"' not in page
    assert "Sorted by test loss" in page
    assert "<i>10</i>" not in page
    assert page.count("plotly.js v") == 1
    assert page.count('class="n best"') == 2


def table_of(**values: dict[str, float]) -> Any:
    """Returns the table of runs of one output with these metrics on the test split."""
    return comparison_table(
        {
            name: RunFiles(Path(name), metrics={"test": {"loss": found["loss"], "outputs": {"y": found}}})
            for name, found in values.items()
        }
    )


def test_the_best_run_is_first_whichever_direction_is_better() -> None:
    found = table_of(a={"accuracy": 0.5, "loss": 1.0}, b={"accuracy": 0.75, "loss": 2.0})
    assert list(found.rows) == ["b", "a"]
    assert [(c.name, c.mode, c.best) for c in found.columns[:2]] == [
        ("test accuracy", "max", 0.75),
        ("test loss", "min", 1.0),
    ]
    errors = table_of(a={"mean_absolute_error": 3.0, "loss": 1.0}, b={"mean_absolute_error": 2.0, "loss": 2.0})
    assert errors.sorted_by.name == "test mean_absolute_error"
    assert list(errors.rows) == ["b", "a"]
    unknown = table_of(a={"loss": 2.0, "wonder": 1.0}, b={"loss": 1.0, "wonder": 5.0})
    assert list(unknown.rows) == ["b", "a"]


def test_the_metric_that_a_sweep_optimises_counts() -> None:
    runs = {
        name: RunFiles(
            Path(name),
            config={"optimized_metric": "val_kind_accuracy"},
            metrics={"validation": {"loss": loss, "outputs": {"kind": {"accuracy": accuracy}, "size": {"loss": 1.0}}}},
        )
        for name, loss, accuracy in (("a", 1.0, 0.5), ("b", 2.0, 0.75))
    }
    found = comparison_table(runs)
    assert found.sorted_by is not None
    assert found.sorted_by.name == "validation kind accuracy"
    assert list(found.rows) == ["b", "a"]


def test_curves_of_runs_lie_over_each_other(sweep: Path) -> None:
    runs = {name: read_run(sweep / name) for name in ("2", "10")}
    figures = {figure.title: figure for figure in overlaid_curves(runs)}
    validation = figures["loss, validation"]
    assert [trace["name"] for trace in validation.traces] == ["2", "10"]
    assert validation.traces[0]["line"] != validation.traces[1]["line"]
    assert list(figures)[:2] == ["loss, validation", "loss, training"]
    assert overlaid_curves({"none": RunFiles(sweep)}) == []


def test_runs_are_named_by_the_overrides_that_differ() -> None:
    def named(*overrides: list[str]) -> list[str]:
        return run_names([RunFiles(Path(f"/a/x/{i}"), overrides=said) for i, said in enumerate(overrides)])

    common = ["+experiment=quickstart", "trainer.epochs=5"]
    assert named([*common, "model.units=8"], [*common, "model.units=16", "hydra.run.dir=b"], common) == [
        "model.units=8", "model.units=16", "2",
    ]  # fmt: skip
    assert named([*common, "seed=1"], [*common, "seed=1"], [*common, "seed=2"]) == ["0: seed=1", "1: seed=1", "seed=2"]
    assert named(["+experiment=a"], ["+experiment=b"]) == ["experiment=a", "experiment=b"]
    assert folder_ends([Path("/a/x/1"), Path("/a/y/1")]) == ["x/1", "y/1"]
    assert folder_ends([Path("/a/x/1"), Path("/a/x/2")]) == ["1", "2"]


def test_only_what_somebody_set_is_compared() -> None:
    first = RunFiles(Path("a"), config={"model": {"units": 64}}, collected={"config_differences": []})
    second = RunFiles(
        Path("b"),
        config={"model": {"units": 8}, "weighting": {"_target_": "x"}},
        collected={"config_differences": [["weighting", "balanced", "none"], ["model.units", "8", "64"]]},
    )
    assert set_differently([first, second]) == [["weighting", "none", "balanced"], ["model.units", "64", "8"]]


def test_link_is_relative_and_no_name_is_taken_for_more(tmp_path: Path) -> None:
    folder = tmp_path / "javascript:1 #?"
    folder.mkdir()
    assert relative_link(folder / "report.html", tmp_path) is None
    (folder / "report.html").touch()
    assert relative_link(folder / "report.html", tmp_path) == "javascript%3A1%20%23%3F/report.html"
    assert relative_link(folder / "report.html", tmp_path / "deep" / "er") == (
        "../../javascript%3A1%20%23%3F/report.html"
    )


def test_too_few_runs_are_told(run_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="runs: expected two or more runs to compare, or a sweep, got 1"):
        write_comparison([run_folder, run_folder], tmp_path)
    with pytest.raises(ConfigError, match=r"runs: '.*nowhere' is not a folder"):
        write_comparison([tmp_path / "nowhere"], tmp_path)


def test_commands_report_on_one_run_and_on_several(
    command: Callable[..., Any], run_folder: Path, sweep: Path, tmp_path: Path
) -> None:
    done = [command("+experiment=quickstart", "trainer.epochs=1", f"model.units={units}") for units in (8, 16)]
    (done[0].folder / "report.html").unlink(missing_ok=True)
    alone = command("task=report", f"run={done[0].folder}")
    assert alone.code == 0, alone.err
    assert (done[0].folder / "report.html").is_file()
    compared = command("task=report", f"runs=[{done[0].folder},{done[1].folder}]")
    assert compared.code == 0, compared.err
    page = (compared.folder / "report.html").read_text()
    assert "model.units" in page
    assert "2 runs compared" in page
    neither = command("task=report")
    assert neither.code == 2
    assert "run: missing; use run=DIR" in neither.errors[0]
    assert "is not a run's" in command("task=report", f"runs=[{tmp_path},{done[1].folder}]").errors[0]
