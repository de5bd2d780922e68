"""The report of a run: made from its files alone, everything escaped, numbers as in the files."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.report import write_report
from pipeline.report.numbers import number, seconds, size
from pipeline.report.run_files import RunFiles, read_run
from pipeline.report.run_page import OutputSection, in_order, metric_rows, output_sections, title

HARMFUL = "<script>document.title='harmed'</script>"


def cells(page: str) -> dict[tuple[str, str, str], str]:
    found = re.findall(r'data-metric="(.*?)" data-split="(.*?)" data-output="(.*?)">(.*?)<', page)
    return {(split, output, metric): text for metric, split, output, text in found}


def test_page_is_made_from_the_folder_alone_wherever_that_is(run_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    shutil.copytree(run_folder, folder)
    path = write_report(folder)
    assert path == folder / "report.html"
    page = path.read_text()
    assert page.count("plotly.js v") == 1
    assert len(page.encode()) < 6_000_000
    metrics = json.loads((folder / "metrics.json").read_text())
    shown = cells(page)
    for split, values in metrics.items():
        assert shown[split, "all", "loss"] == f"{values['loss']:.4f}"
        assert shown[split, "kind", "accuracy"] == f"{values['outputs']['kind']['accuracy']:.4f}"
    assert f'<b class="accuracy">{metrics["test"]["outputs"]["kind"]["accuracy"]:.4f}</b>' in page
    for word in ("of the test", "Best epoch", "SHA-256", "Differences from the defaults", "most memory", "samples/s"):
        assert word in page


def test_names_from_data_and_config_are_escaped_everywhere(run_folder: Path) -> None:
    page = write_report(run_folder).read_text()
    assert HARMFUL not in page
    assert "&lt;script&gt;document.title=" in page
    assert "document.title=" not in "".join(re.findall(r"<script>(.*?)</script>", page, re.DOTALL)[1:])
    assert len(re.findall(r"<script", page)) == len(re.findall(r"</script>", page))


def test_command_is_quoted_and_a_job_of_a_sweep_repeated_by_its_overrides(run_folder: Path, tmp_path: Path) -> None:
    run = read_run(run_folder)
    assert run.command.startswith("python -m pipeline +experiment=mine 'data.note=<script>")
    shutil.copytree(run_folder, tmp_path / "3")
    facts = json.loads((run_folder / "run.json").read_text())
    (tmp_path / "3" / "run.json").write_text(json.dumps({**facts, "command": ["pipeline", "-m", "model.units=8,16"]}))
    assert read_run(tmp_path / "3").command == "python -m pipeline +experiment=mine"


def test_run_that_did_not_finish_shows_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("epoch,loss,val_loss\n0,1.5,\n1,nan,0.5\n")
    (tmp_path / "run.json").write_text(json.dumps({"status": "failed", "error": "it <broke>", "exit_code": 1}))
    page = write_report(tmp_path).read_text()
    assert "it &lt;broke&gt;" in page
    assert "its training did not finish" in page
    assert read_run(tmp_path).history == {"epoch": [0, 1], "loss": [1.5, None], "val_loss": [None, 0.5]}


def test_report_within_the_training_uses_the_facts_that_were_known(run_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run_folder, tmp_path / "now", ignore=shutil.ignore_patterns("run.json"))
    run = read_run(tmp_path / "now")
    assert run.facts["parameters"] == json.loads((run_folder / "run.json").read_text())["parameters"]
    assert run.durations["training"] > 0
    assert run.samples_per_second == round(2 * 300 / run.durations["training"])
    assert write_report(tmp_path / "now").is_file()


def test_report_that_a_training_writes_says_that_it_ends_well(command: Callable[..., Any]) -> None:
    done = command("+experiment=quickstart", "trainer.epochs=1")
    page = (done.folder / "report.html").read_text()
    assert "· finished</p>" in page
    started, ended = (done.json("run.json")[name].partition("T")[0] for name in ("started", "ended"))
    assert re.search(f"ended\\W[^0-9]*({started}|{ended})T", page)


def test_what_is_no_run_or_broken_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not a folder"):
        write_report(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=r"has neither run\.json nor history\.csv"):
        write_report(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ConfigError, match=r"run\.json' cannot be read"):
        write_report(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "report_data.npz").write_bytes(b"no archive")
    with pytest.raises(ConfigError, match=r"report_data\.npz' cannot be read"):
        write_report(tmp_path)


def test_sections_have_the_numbers_of_all_examples(run_folder: Path) -> None:
    kind, size_of = output_sections(read_run(run_folder))
    assert kind.classification is not None
    assert kind.classification.examples == 97
    assert kind.classification.support.sum() == 97
    assert [column.name for column in size_of.regressions] == ["size"]


def test_of_many_outputs_the_worst_are_shown_and_the_others_folded(run_folder: Path) -> None:
    sections = output_sections(read_run(run_folder))
    assert in_order(sections) == sections
    many = in_order(sections * 4)
    assert [section.score for section in many] == sorted(section.score or 0 for section in sections * 4)
    assert [section.folded for section in many] == [False] * 3 + [True] * 5
    assert in_order([*sections * 4, OutputSection("y", "numbers", None, [], [], [], [])])[-1].name == "y"


def test_title_is_the_data_file_or_the_experiment_or_what_was_chosen() -> None:
    chosen = {"model": "mlp", "data": "digits"}
    table = {"data": {"path": "tables/people.csv"}}
    assert title(RunFiles(Path("x"), config=table, choices={**chosen, "experiment": "table/csv"})) == "people.csv"
    assert title(RunFiles(Path("x"), choices={**chosen, "experiment": "quickstart"})) == "quickstart"
    assert title(RunFiles(Path("x"), choices=chosen)) == "mlp on digits"
    assert title(RunFiles(Path("x"))) == "x"


def test_report_says_which_epoch_the_evaluated_model_is_of(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("epoch,loss,val_loss\n0,1.5,0.75\n1,1.0,0.5\n2,0.5,0.625\n")
    final = {"restored_epoch": None, "monitor": None, "averaged": False, "roll_backs": 2}

    def said() -> str:
        (tmp_path / "run.json").write_text(json.dumps({"final_weights": final}))
        return re.sub(r"<.*?>|\s+", " ", write_report(tmp_path).read_text().split("</style>")[1]).replace("  ", " ")

    page = said()
    assert "has the weights after epoch 3 , the last; training went back to a snapshot 2 times" in page
    assert (
        "Best epoch: 2 of 3, with the lowest validation loss, 0.5000; the weights of the model are from epoch 3" in page
    )
    final |= {"restored_epoch": 2, "monitor": "val_loss", "roll_backs": 0}
    assert "weights of epoch 2 of 3, which early stopping restored because of the best val_loss" in said()
    (tmp_path / "run.json").write_text("{}")
    assert "evaluated model has" not in write_report(tmp_path).read_text()


def test_metrics_are_listed_by_output() -> None:
    one = {"test": {"loss": 1.0, "outputs": {"y": {"accuracy": 0.5, "loss": 1.0}}}}
    assert metric_rows(one) == (["test"], [["y", "accuracy", 0.5], ["y", "loss", 1.0]])
    two = {"train": {"loss": 3.0, "outputs": {"a": {"loss": 1.0}, "b": {"loss": 2.0}}}, "test": {"loss": 4.0}}
    assert metric_rows(two) == (
        ["train", "test"], [["all", "loss", 3.0, 4.0], ["a", "loss", 1.0, None], ["b", "loss", 2.0, None]],
    )  # fmt: skip


def test_numbers_are_written_as_people_read_them() -> None:
    assert [number(v) for v in (0.96649998, 12345, 0.00001234, 1234.5, None, 0.0)] == [
        "0.9665", "12,345", "1.23e-05", "1,234", "—", "0",
    ]  # fmt: skip
    assert [seconds(v) for v in (0.25, 12.34, 600, 36000, None)] == ["0.25 s", "12.3 s", "10.0 min", "10.0 h", "—"]
    assert [size(v) for v in (700 * 2**20, 3 * 2**30, None)] == ["700 MiB", "3.0 GiB", "—"]
