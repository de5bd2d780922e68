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
from pipeline.report.comparison import comparison_rows, labels, overlaid_curves, told_apart
from pipeline.report.run_files import RunFiles, read_run


@pytest.fixture
def sweep(run_folder: Path, tmp_path: Path) -> Path:
    """A sweep of two jobs, 2 and 10, of which the second is better and has other units."""
    for name in ("2", "10"):
        shutil.copytree(run_folder, tmp_path / "sweep" / name)
    better = tmp_path / "sweep" / "10"
    metrics = json.loads((better / "metrics.json").read_text())
    metrics["test"]["outputs"]["kind"]["accuracy"] = 1.0
    (better / "metrics.json").write_text(json.dumps(metrics))
    config = yaml.safe_load((better / ".hydra" / "config.yaml").read_text())
    (better / ".hydra" / "config.yaml").write_text(yaml.safe_dump({**config, "model": {"units": "<i>10</i>"}}))
    return tmp_path / "sweep"


def test_jobs_of_a_sweep_are_compared_in_order(sweep: Path, tmp_path: Path) -> None:
    path = write_comparison([sweep], tmp_path)
    page = path.read_text()
    assert path == tmp_path / "report.html"
    assert page.index('<th scope="row">2: ') < page.index('<th scope="row">10: ')
    assert "&lt;i&gt;10&lt;/i&gt;" in page
    assert "<i>10</i>" not in page
    assert page.count("plotly.js v") == 1
    assert page.count('class="n best"') == 1


def test_best_values_are_marked_where_they_differ(sweep: Path) -> None:
    runs = {name: read_run(sweep / name) for name in ("2", "10")}
    columns, rows = comparison_rows(runs)
    marked = {(row[0], column) for row in rows for column, best in zip(columns, row[2], strict=True) if best}
    assert marked == {("10", "test kind accuracy")}
    assert columns[0] == "test all loss"


def test_curves_of_runs_lie_over_each_other(sweep: Path) -> None:
    runs = {name: read_run(sweep / name) for name in ("2", "10")}
    figures = {figure.title: figure for figure in overlaid_curves(runs)}
    validation = figures["loss, validation"]
    assert [trace["name"] for trace in validation.traces] == ["2", "10"]
    assert validation.traces[0]["line"] != validation.traces[1]["line"]
    assert list(figures)[:2] == ["loss, validation", "loss, training"]
    assert overlaid_curves({"none": RunFiles(sweep)}) == []


def test_labels_are_the_shortest_ends_that_differ() -> None:
    assert labels([Path("/a/x/1"), Path("/a/y/1")]) == ["x/1", "y/1"]
    assert labels([Path("/a/x/1"), Path("/a/x/2")]) == ["1", "2"]


def test_few_differences_are_told_with_the_name() -> None:
    assert told_apart(["0", "1"], [["units", "8", "16"]]) == ["0: units=8", "1: units=16"]
    assert told_apart(["0", "1"], []) == ["0", "1"]
    assert told_apart(["0", "1"], [["a", "1", "2"], ["b", "1", "2"], ["c", "1", "2"]]) == ["0", "1"]


def test_too_few_runs_are_told(run_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="runs: 1 run to compare"):
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
    assert "run: missing; run=DIR" in neither.errors[0]
    assert "is not a run's" in command("task=report", f"runs=[{tmp_path},{done[1].folder}]").errors[0]
