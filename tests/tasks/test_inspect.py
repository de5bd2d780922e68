"""A look at the data: without TensorFlow, no training, what matters first, in any width; as values and as a page."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len

from tests.report.test_browser import browser, opened
from tests.security.test_markup import IMAGE, SCRIPT, Tags
from tests.security.test_terminal import CONTROL
from tests.test_cli import WITHOUT_TENSORFLOW

__all__ = ["browser"]
TABLE = ("+experiment=table/csv", "data.path=people.csv", "data.targets=[y]", "task=inspect")
TITLE = "\x1b]0;pwned\x07"


def write_table(path: Path, columns: dict[str, Any]) -> None:
    names = ",".join(f'"{name}"' for name in columns)
    rows = [",".join(f'"{value}"' for value in row) for row in zip(*columns.values(), strict=True)]
    path.write_text("\n".join([names, *rows]))


def people(count: int = 300) -> dict[str, Any]:
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 2, count)
    age = draw.normal(40, 10, count).round(1).astype(str)
    age[:60] = ""
    return {
        "patient": [f"P{i:04d}" for i in draw.integers(0, 50, count)],
        "age": age,
        "town": draw.choice(["東京都東京都東京都", "Rome", "Oslo"], count),
        "income": draw.random(count).round(6),
        "alive": np.where(truth, "dead", "alive"),
        "y": np.where(truth, "yes", "no"),
    }


def test_look_is_taken_without_tensorflow_and_left_as_values(tmp_path: Path) -> None:
    write_table(tmp_path / "people.csv", people())
    code = WITHOUT_TENSORFLOW.format(arguments=list(TABLE))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[1].startswith("found: 1 serious, 1 warning")
    assert said[2].startswith("!! leak: 'alive' gives target 'y' away: ")
    [folder] = tmp_path.glob("outputs/*/*")
    assert {path.name for path in folder.iterdir()} >= {"inspect.html", "inspect.json", "run.json", "pipeline.log"}
    assert not {"history.csv", "metrics.json"} & {path.name for path in folder.iterdir()}
    values = json.loads((folder / "inspect.json").read_text())
    assert [finding["kind"] for finding in values["findings"][:2]] == ["leak", "groups"]
    assert [(split["name"], split["examples"]) for split in values["splits"]] == [
        ("train", 210), ("validation", 45), ("test", 45),
    ]  # fmt: skip
    age = next(one for one in values["inputs"] if one["name"] == "age")
    assert age["kind"] == "number"
    assert 0.1 < age["missing"] < 0.3
    assert age["quantiles"]["0.0"] < age["quantiles"]["0.5"] < age["quantiles"]["1.0"]
    assert sum(count for _, count in values["targets"]["y"]["test"]["top"]) == 45


@pytest.mark.parametrize("width", [50, 80])
def test_lines_are_no_wider_than_the_terminal(
    width: int, tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    long = {f"a {'very ' * 12}long name {i}": people()["age"] for i in range(3)}
    write_table(tmp_path / "people.csv", {f"{TITLE}x": people()["town"], **long, **people()})
    monkeypatch.setenv("COLUMNS", str(width))
    done = command(*TABLE)
    assert done.code == 0, done.errors
    lines = done.out.splitlines()
    look = lines[1 : next(i for i, line in enumerate(lines) if line.startswith("run folder"))]
    assert max(map(cell_len, look)) <= width
    assert len(look) <= 44
    assert not CONTROL.search(done.out.replace("\n", ""))
    assert any(r"\x1b]0;pwned" in line for line in look)


def test_page_opens_offline_in_every_width_and_runs_nothing_of_names(
    tmp_path: Path, command: Callable[..., Any], browser: Any
) -> None:
    table = people()
    table["town"] = np.where(np.arange(300) % 2, IMAGE.replace('"', ""), SCRIPT)
    table["y"] = np.where(table["y"] == "yes", SCRIPT, "no")
    write_table(tmp_path / "people.csv", {SCRIPT: people()["age"], **table})
    done = command(*TABLE)
    assert done.code == 0, done.errors
    page = done.folder / "inspect.html"
    assert Tags(page.read_text()).running == []
    for width in (400, 1600):
        said, requested = opened(browser, page, width)
        assert said == []
        assert [url for url in requested if not url.startswith("data:")] == [page.as_uri()]
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.title == "Inspection of people.csv"
    heads = [cell.text for cell in browser.find_elements("css selector", "#inputs tbody th")]
    assert heads == [SCRIPT, "patient", "age", "town", "income", "alive"]
    assert browser.find_element("css selector", ".findings .serious").text.startswith("serious: leak")
    assert len(browser.find_elements("css selector", "#targets .chart .trace")) >= 3


def test_copies_are_named_by_their_rows_in_the_file_and_missing_labels_are_no_error(
    tmp_path: Path, command: Callable[..., Any]
) -> None:
    table = {name: list(values) for name, values in people().items() if name != "alive"}
    table["y"][7] = ""
    for values in table.values():
        values[299] = values[3]
    write_table(tmp_path / "people.csv", table)
    split = ("split.method=last", "split.validation=0", "split.test=30")
    left_out = command(*TABLE, *split).json("inspect.json")
    assert [left_out["splits"][0]["examples"], "missing labels" in str(left_out["findings"])] == [269, False]
    assert "1 of 300 rows have no target 'y' and are left out" in left_out["said"][0]
    done = command(*TABLE, *split, "data.missing_target=error")
    assert done.code == 0, done.errors
    values = done.json("inspect.json")
    assert values["copies"][1]["in_train"] == 1
    assert values["copies"][1]["pairs"] == [[299, "train", 3]]
    [missing] = [finding for finding in values["findings"] if finding["kind"] == "missing labels"]
    assert missing["text"] == "target 'y' is missing in 1 of 300 rows (0.3 %)"
    assert values["splits"][1]["how"] == "split.test=30 split.method=last"


def test_streams_and_arrays_are_looked_at_too(tmp_path: Path, command: Callable[..., Any]) -> None:
    (tmp_path / "drawn.py").write_text(
        "import numpy as np\n\ndef batches():\n    draw = np.random.default_rng(0)\n    while True:\n"
        "        x = draw.normal(size=(32, 5)).astype('float32')\n        yield x, (x[:, 2] > 0).astype('int64')\n"
    )
    drawn = ("data=batches", "data.train._target_=drawn.batches", "data.train._partial_=true", "data.endless=true")
    done = command(*drawn, "data.inputs=[x]", "data.targets=[y]", "task=inspect")
    assert done.code == 0, done.errors
    assert "splits: train first 10,000 (from a stream; only these were inspected)" in done.out
    assert "'x[2]' gives target 'y' away" in done.json("inspect.json")["findings"][0]["text"]
    done = command("+experiment=multi_io/dict_losses", "data.train.examples=80", "task=inspect")
    assert done.code == 0, done.errors
    kinds = {one["name"]: one["kind"] for one in done.json("inspect.json")["inputs"]}
    assert kinds == {"image": "image", "timeseries": "sequence"}
    assert Tags((done.folder / "inspect.html").read_text()).tags["img"] >= 12


def test_keys_of_training_are_told_and_not_ignored(command: Callable[..., Any]) -> None:
    assert command(*TABLE, "trainer.epochs=3").errors == ["trainer.epochs: task=inspect ignores this key; remove it"]
