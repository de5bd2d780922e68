"""Files of run folders that are damaged or mean harm: a command that reads them works, or ends with a line a mistake.

Never a traceback, never a hang, never a machine without memory; and what is repeated of a file is short and plain. With
`FUZZ_EXAMPLES=1000` so many values of real files are replaced, others in each run.
"""

import copy
import io
import json
import os
import random
import resource
import shutil
import signal
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
import yaml

SECONDS, GIGABYTES = 120, 6
"""What a command may take, on a slow machine that does other work too."""
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "24"))
MANY = "FUZZ_EXAMPLES" in os.environ
ESCAPES = "\x1b[2Jgone\nerror: another line\r\u202e"
RUN, METRICS, DATA, ARRAYS, HISTORY = "run.json", "metrics.json", "report_data.json", "report_data.npz", "history.csv"
CONFIG, OVERRIDES = ".hydra/config.yaml", ".hydra/overrides.yaml"
JSON, YAML = (RUN, METRICS, DATA), (CONFIG, OVERRIDES)
EACH = (*JSON, *YAML, HISTORY, ARRAYS)
TASKS = {RUN: "evaluate", CONFIG: "predict"}
"""What reads a file for its work; the report reads the others, and these two as well."""
ARGUMENTS = {
    "report": ["task=report", "run=given"],
    "compare": ["task=report", "runs=[given,other]"],
    "evaluate": ["task=evaluate", "run=given"],
    "predict": ["task=predict", "run=given"],
    "resume": ["resume=given", "report=false"],
}


class Hung(BaseException):
    """A command that takes too long; not an `Exception`, as the command would catch that."""


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    """Ends what hangs, and takes memory away from what wants too much."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Hung

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = signal.signal(signal.SIGALRM, stop), resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + GIGABYTES * 2**30, before[1][1]))
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before[0])
        resource.setrlimit(resource.RLIMIT_AS, before[1])


@pytest.fixture
def given(trained: Path, tmp_path: Path) -> Path:
    """The folder of a run that a stranger gives away, and `other`, which is the same."""
    (tmp_path / "other").symlink_to(trained)
    return Path(shutil.copytree(trained, tmp_path / "given"))


def assert_judged(done: Any, case: object) -> None:
    """Checks what holds after any command on files of a stranger."""
    told = f"{case!r} ended with {done.code}\n{done.err[-3000:]}"
    assert done.code in (0, 2), told
    assert bool(done.errors) == (done.code == 2), told
    assert len(done.err.splitlines()) == len(done.errors), told
    assert "Traceback" not in done.out + done.err, told
    assert "memory ran out" not in done.err, told
    assert all(len(line) < 1500 and line.isprintable() for line in done.errors), told


def nested(levels: int) -> Any:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def levels(first: str, following: str, *more: str) -> str:
    """Returns YAML of ten lines, each of which has the one before ten times."""
    lines = [following.format(n=n, names=", ".join([f"*a{n - 1}"] * 10)) for n in range(1, 11)]
    return "\n".join([*more, first, *lines])


def interpolated(quote: str, between: str) -> str:
    """Returns a config of ten levels of ten interpolations each."""
    lines = [f"    a{n}: {quote.format(between.join([f'${{data.more.a{n - 1}}}'] * 10))}" for n in range(1, 11)]
    return "\n".join(
        [f"{TASK}data:", "  _target_: pipeline.data.sources.digits.Digits", "  more:", "    a0: x", *lines]
    )


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **arrays)
    return file.getvalue()


def zipped(shape: str, dtype: str, megabytes: int = 0) -> Callable[[], bytes]:
    """Returns what makes an archive of an array whose header says what it likes, and of zeros."""

    def archive() -> bytes:
        file = io.BytesIO()
        header = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as whole, whole.open("predicted_0.npy", "w") as member:
            member.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode())
            for _ in range(megabytes):
                member.write(bytes(2**20))
        return file.getvalue()

    return archive


def small_archive_of_gigabytes() -> bytes:
    """Returns an archive that says of a megabyte that it is 3 GiB, which its array is too by its header."""
    content = zipped("(805306368, 1)", "'<f4'", 1)()
    size = (2**20 + 128).to_bytes(4, "little")
    assert content.count(size) >= 1
    return content.replace(size, (3 * 2**30 + 128).to_bytes(4, "little"))


TASK = "task: {_target_: pipeline.tasks.train.train}\n"
DEEP, MANY, LONG = "is nested deeper than 100 levels", "says more than", "an interpolation is too long"
LARGE, NO_SHAPE = "at most 64 bits", "its files do not fit together: ValueError: "
MAPPING = "expected a "
FILES: dict[str, tuple[tuple[str, ...], Any, str | None]] = {
    "100,000 brackets": ((*JSON, *YAML), "[" * 100_000 + "]" * 100_000, DEEP),
    "500 brackets": ((RUN, CONFIG), "[" * 500 + "]" * 500, DEEP),
    "100,000 braces": ((DATA, OVERRIDES), '{"a":' * 100_000, DEEP),
    "nothing": ((*JSON, *YAML, ARRAYS), b"", ""),
    "no history": ((HISTORY,), b"", None),
    "null": ((*JSON, *YAML), "null", MAPPING),
    "a list": ((*JSON, *YAML), "[null]", MAPPING),
    "a text": ((RUN, DATA, CONFIG), '"x"', MAPPING),
    "a number": ((METRICS, OVERRIDES), "3", MAPPING),
    "half of a file": ((RUN, CONFIG), '{"status": "fin', ""),
    "bytes that are no text": ((*JSON, *YAML, HISTORY), b"\xff\xfe\x00\x81", "byte 0 is no UTF-8 text"),
    "zeros": (EACH, bytes(1000), ""),
    "NaN": ((METRICS,), '{"seed": NaN}', "NaN is not a JSON number"),
    "1e400": ((RUN, DATA), '{"seed": 1e400}', LARGE),
    "10**400": (JSON, f'{{"seed": {10**400}}}', "a whole number has 401 digits"),
    "5000 digits": (YAML, f'{{"seed": {"9" * 5000}}}', "a whole number has more than 64 bits"),
    "a folder": (EACH, "folder", "is not a regular file"),
    "a pipe": (EACH, "pipe", "is no file but a pipe"),
    "a link to nowhere": ((DATA, CONFIG, ARRAYS), "link", "is a symbolic link"),
    "an endless file by a link": (EACH, "/dev/zero", "is a symbolic link"),
    "gigabytes": (EACH, "sparse", "has 5,368,709,120 bytes; expected at most "),
    "3 million lists": ((RUN, METRICS), "[" + "[]," * 3_000_000 + "[]]", MANY),
    "100,000 wrong values": (
        (METRICS,),
        lambda: json.dumps({"test": {"outputs": {"y": {str(n): [] for n in range(100_000)}}}}).encode(),
        "100,000 values are of another kind than a run writes",
    ),
    "half a surrogate": ((METRICS,), '{"\\ud800": {"outputs": {"y": {"loss": 1}}}}', "together: UnicodeEncodeError"),
    "escapes as keys": ((METRICS,), json.dumps({ESCAPES: {"loss": ESCAPES}}), r"\x1b[2Jgone\nerror: another line\r"),
    "aliases of aliases": (YAML, levels("a0: &a0 [x]", "a{n}: &a{n} [{names}]"), MANY),
    "aliases in a group": ((CONFIG,), levels("  - &a0 [x]", "  - &a{n} [{names}]", TASK + "data:"), MANY),
    "merges of merges": (YAML, levels("a0: &a0 {x: 1}", "a{n}: &a{n}\n  <<: [{names}]\n  x{n}: 1"), MANY),
    "a chain of aliases": (YAML, "- &a0 []\n" + "\n".join(f"- &a{n} [*a{n - 1}]" for n in range(1, 3000)), DEEP),
    "an alias of itself": (YAML, "&a [*a]", "the alias 'a' is in what it stands for"),
    "an alias of itself in a group": ((CONFIG,), TASK + "data: &a {x: *a}", "the alias 'a' is in what"),
    "a tag": (YAML, "!!python/object/apply:os.mkdir [pwned]", "could not determine a constructor for the tag"),
    "bytes by a tag": ((CONFIG,), TASK + "model: !!binary aGFsbG8=", "could not determine a constructor"),
    "a tag that does not fit": ((CONFIG,), TASK + "model: !!int 'x'", "a value is not what its tag says"),
    "numbers to the base of 60": ((CONFIG,), TASK + "seed: " + ":".join(["1"] * 100_000), "more than 64 bits"),
    "a long hexadecimal number": ((CONFIG,), TASK + "seed: 0x" + "f" * 100_000, "more than 64 bits"),
    "two documents": (YAML, "---\na: 1\n---\nb: 2\n", "another document"),
    "a list as a key": (YAML, "? [1]\n: 2\n", "found unhashable key"),
    "null as a key": ((CONFIG,), TASK + "null: 2\n", "expected a text"),
    "numbers as keys": ((CONFIG,), TASK + "1: 2\n2.5: {true: 3}\n", "expected a text"),
    "keys of a group that are none": ((CONFIG,), TASK + "data: {null: 1}\n", ""),
    "100,000 keys": ((CONFIG,), TASK + "\n".join(f"k{n}: 1" for n in range(100_000)), MANY),
    "interpolations of texts": ((CONFIG,), interpolated("{}", ""), "stand for more than"),
    "interpolations of lists": ((CONFIG,), interpolated("['{}']", "', '"), "stand for more than"),
    "an interpolation of itself": ((CONFIG,), TASK + "data: ${data}\n", "data: Recursive interpolation detected"),
    "interpolations in a circle": ((CONFIG,), TASK + "data: ${model}\nmodel: ${data}\n", "Recursive interpolation"),
    "interpolation in interpolation": ((CONFIG,), TASK + "data: " + "${" * 900 + "}" * 900 + "\n", LONG),
    "lists in an interpolation": ((CONFIG,), TASK + "data: '${oc.env:" + "[" * 900 + "]" * 900 + "}'\n", LONG),
    "a long interpolation": ((CONFIG,), TASK + "data: '" + "${seed}" * 100_000 + "'\n", LONG),
    "a key of trust": ((CONFIG,), TASK + "trust[0]: os\ntrust.x: os\n", ""),
    "a key of Hydra": ((CONFIG,), TASK + "hydra: {run: {dir: pwned}}\n", ""),
    "null for every group": (
        (CONFIG,),
        TASK + "".join(f"{name}: null\n" for name in ("data", "model", "loader", "optimizer", "loss")),
        "data: expected a choice such as data=NAME, or a mapping with a _target_, got None",
    ),
    "a text for a group": ((CONFIG,), TASK + "data: x\n", "data: expected a choice such as data=NAME, or a mapping"),
    "null for a typed group": ((CONFIG,), TASK + "trainer: null\n", "trainer: "),
    "a text for a typed group": ((CONFIG,), TASK + "split: x\n", "split: "),
    "a list for a typed group": ((CONFIG,), TASK + "snapshots: [1]\n", "snapshots: "),
    "a short row": ((HISTORY,), "epoch,loss\n0\n", "row 1: expected 2 values, got 1"),
    "a long row": ((HISTORY,), "epoch,loss\n0,1,2,3\n", "row 1: expected 2 values, got 4"),
    "a row of text": ((HISTORY,), f'epoch,loss\n0,"{ESCAPES}"\n', r"expected a number, got '\x1b[2Jgone\nerror: "),
    "no epoch": ((HISTORY,), "loss,val_loss\n1,2\n", "its columns are not epoch and others, each once"),
    "the same columns": ((HISTORY,), "epoch,loss,loss\n0,2,3\n", "its columns are not epoch and others, each once"),
    "huge epochs": ((HISTORY,), "epoch,loss\n1e308,1\n-1e308,1e308\n", None),
    "endless values": ((HISTORY,), "epoch,loss\ninf,-inf\nnan,nan\n1e400,1\n", None),
    "a long cell": ((HISTORY,), "epoch,loss\n0," + "9" * 200_000 + "\n", "field larger than field limit"),
    "an open quote": ((HISTORY,), 'epoch,"loss\n0,1\n', "unexpected end of data"),
    "100,000 columns": (
        (HISTORY,), ",".join(["epoch", *map(str, range(100_000))]), "expected up to 1,000 columns, got 100,001",
    ),
    "a million rows": ((HISTORY,), "epoch,loss\n" + "0,1\n" * 1_000_001, "more than 2,000,000 values"),
    "escapes as columns": ((HISTORY,), f'epoch,"{ESCAPES}"\n0,1\n', None),
    "3 GiB of zeros": ((ARRAYS,), small_archive_of_gigabytes, "bytes; expected at most 2,147,483,648"),
    "an array of 10**12 rows": ((ARRAYS,), zipped("(1000000000000, 10)", "'<f4'"), "has 0 bytes, and others by its"),
    "an array of less than nothing": ((ARRAYS,), zipped("(-1, 0)", "'<f4'"), "is no table of numbers"),
    "an array of objects": ((ARRAYS,), zipped("(0,)", "'|O'"), "is no table of numbers"),
    "an array of texts": ((ARRAYS,), npz(predicted_0=np.array(["a"])), "is no table of numbers"),
    "an array of 64 dimensions": ((ARRAYS,), zipped("(" + "0," * 40 + ")", "'<f4'"), "is no table of numbers"),
    "other arrays": ((ARRAYS,), npz(x=np.zeros(3)), None),
    "fewer rows": ((ARRAYS,), npz(predicted_0=np.zeros((3, 10)), true_0=np.zeros(2, int)), NO_SHAPE),
    "fewer classes": ((ARRAYS,), npz(predicted_0=np.zeros((3, 4)), true_0=np.zeros(3, int)), NO_SHAPE),
    "no rows": ((ARRAYS,), npz(predicted_0=np.zeros((0, 10)), true_0=np.zeros(0, int)), NO_SHAPE),
    "no true classes": ((ARRAYS,), npz(predicted_0=np.zeros((3, 10))), "do not fit together: KeyError: 'true_0'"),
    "unknown classes": ((ARRAYS,), npz(predicted_0=np.zeros((2, 10)), true_0=np.array([0, 10**12])), NO_SHAPE),
    "endless numbers": ((ARRAYS,), npz(predicted_0=np.full((3, 10), np.inf), true_0=np.arange(3)), ""),
    "20,000 arrays": ((ARRAYS,), lambda: npz(**{f"predicted_{n}": np.zeros(0) for n in range(20_000)}), "too many"),
    "one class for ten": (
        (DATA,),
        '{"outputs": [{"name": "x", "kind": "classes", "classes": ["a"], "worst": []}]}',
        NO_SHAPE,
    ),
    "a picture elsewhere": (
        (DATA,),
        '{"shown": {"test": [{"inputs": {"x": {"picture": "http://127.0.0.1/x.png"}}, "targets": {}}]}}',
        "shown.test.0.inputs.x.picture: ",
    ),
    "10**12 classes": (
        (RUN,),
        '{"spec": {"inputs": {}, "targets": {"y": {"shape": [1000000000000], "dtype": "int64", "classes": null}}}}',
        "spec.targets.y.shape.0: input should be less than or equal to 2147483647, got 1000000000000",
    ),
}  # fmt: skip
"""Which files, what is in them, and what is told; None where the command works, and nothing where only that."""


def write(path: Path, content: Any) -> None:
    path.unlink(missing_ok=True)
    match content:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "link":
            path.symlink_to(path.with_name("nowhere"))
        case "/dev/zero":
            path.symlink_to(content)
        case "sparse":
            with path.open("wb") as file:
                file.truncate(5 * 2**30)
        case str():
            path.write_text(content, encoding="utf-8")
        case bytes():
            path.write_bytes(content)
        case _:
            path.write_bytes(content())


@pytest.mark.parametrize(
    ("name", "file"),
    [
        pytest.param(name, file, marks=[pytest.mark.exhaustive] if number else [])
        for name, (files, *_) in FILES.items()
        for number, file in enumerate(files)
    ],
)
def test_hostile_file_is_told_in_a_line(name: str, file: str, given: Path, command: Callable[..., Any]) -> None:
    _, content, reason = FILES[name]
    write(given / file, content)
    done = command(*ARGUMENTS[TASKS.get(file, "report")])
    assert_judged(done, name)
    assert done.code == (0 if reason is None else 2), done.err
    assert any((reason or "") in line for line in done.errors or [""]), done.err
    assert not list(given.parent.rglob("pwned*"))


@pytest.mark.parametrize("name", ["100,000 brackets", "aliases of aliases", "a tag", "a list", "null"])
@pytest.mark.parametrize("task", ["report", "compare", "resume"])
def test_every_command_tells_of_a_hostile_config(
    name: str, task: str, given: Path, command: Callable[..., Any]
) -> None:
    write(given / CONFIG, FILES[name][1])
    done = command(*ARGUMENTS[task])
    assert_judged(done, (name, task))
    assert done.code == 2
    assert done.errors[0].startswith(f"{'resume' if task == 'resume' else 'run'}: 'given")


@pytest.mark.parametrize("name", ["100,000 brackets", "a list", "5000 digits", "gigabytes"])
def test_training_goes_on_whatever_its_run_json_says(name: str, given: Path, command: Callable[..., Any]) -> None:
    write(given / RUN, FILES[name][1])
    done = command(*ARGUMENTS["resume"])
    assert done.code == 0, done.err
    assert json.loads((given / RUN).read_text())["status"] == "finished"


def test_resume_auto_passes_over_what_cannot_be_read(
    trained: Path, tmp_path: Path, command: Callable[..., Any]
) -> None:
    names = [name for name, (files, *_) in FILES.items() if CONFIG in files]
    for number, name in enumerate(names):
        folder = tmp_path / "outputs" / "2020-01-01" / f"{number:08}"
        (folder / ".hydra").mkdir(parents=True)
        write(folder / CONFIG, FILES[name][1])
    done = command("+experiment=quickstart", "trainer.epochs=1", "report=false", "resume=auto")
    assert done.code == 0, done.err
    assert done.folder is not None
    assert done.folder.parent.name != "2020-01-01"


def test_folders_of_a_sweep_may_have_any_names(trained: Path, tmp_path: Path, command: Callable[..., Any]) -> None:
    for name in ("²", "1", "x"):
        shutil.copytree(trained, tmp_path / "sweep" / name)
    done = command("task=report", "runs=[sweep]")
    assert done.code == 0, done.err


def test_debugging_shows_where_files_do_not_fit_together(given: Path, command: Callable[..., Any]) -> None:
    write(given / ARRAYS, FILES["no true classes"][1])
    done = command(*ARGUMENTS["report"], "debug=true")
    assert done.code == 2
    assert "KeyError: 'true_0'" in done.err.split("Traceback", 1)[1]
    assert done.errors == ["run: 'given': its files do not fit together: KeyError: 'true_0'"]


def test_config_of_thousands_of_wrong_keys_is_told_in_few_lines(given: Path, command: Callable[..., Any]) -> None:
    write(given / CONFIG, TASK + "data:\n" + "\n".join(f"  k{n}: ${{x}}" for n in range(2000)))
    for task in ("evaluate", "resume"):
        done = command(*ARGUMENTS[task])
        assert_judged(done, task)
        assert done.code == 2
        assert len(done.errors) <= 51


@pytest.mark.parametrize("task", ARGUMENTS)
def test_files_as_they_were_written_are_read(task: str, given: Path, command: Callable[..., Any]) -> None:
    done = command(*ARGUMENTS[task])
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["+experiment=multi_io/dict_losses", "data.train.examples=300", "trainer.validation_interval=2"],
        ["+experiment=table/csv", "data.path=people.csv", "data.targets=[churn]", "weighting=balanced"],
    ],
)
def test_files_of_every_kind_of_run_are_read(arguments: list[str], tmp_path: Path, command: Callable[..., Any]) -> None:
    rows = [f"{n % 7},{('red', 'ü', '')[n % 3]},{('no', 'yes')[n % 2]}" for n in range(200)]
    (tmp_path / "people.csv").write_text("\n".join(["age,colour,churn", *rows]))
    folder = command(*arguments, "trainer.epochs=1").folder
    before = (folder / "report.html").read_text()
    assert command("task=report", f"run={folder}").code == 0
    # The time that the report took is known only now.
    assert (folder / "report.html").read_text().count("<tr>") == before.count("<tr>") + 1
    assert command("task=evaluate", f"run={folder}").code == 0
    assert command("task=predict", f"run={folder}").code == 0
    assert command(f"resume={folder}", "trainer.epochs=2").code == 0


HOSTILE = [None, [], {}, "x", "", -1, 0, 10**30, 2**62, 1e308, 0.5, True, nested(200), [None], {"x": None}, ESCAPES]


def places(value: Any, *place: Any) -> Iterator[tuple[Any, ...]]:
    """Gives the place of a value and of all in it; of a list, those of the first two."""
    yield place
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, *place, key)
    elif isinstance(value, list):
        for index, item in enumerate(value[:2]):
            yield from places(item, *place, index)


def with_replaced(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    changed = copy.copy(value)
    changed[place[0]] = with_replaced(value[place[0]], place[1:], new)
    return changed


@pytest.mark.parametrize(
    ("file", "task"),
    [(METRICS, "report"), (OVERRIDES, "report"), (DATA, "report"), (RUN, "report"), (CONFIG, "report"),
     (RUN, "evaluate"), (CONFIG, "evaluate"), (CONFIG, "resume")],
)  # fmt: skip
def test_any_value_of_a_file_may_be_another(
    file: str, task: str, trained: Path, command: Callable[..., Any], drawn: random.Random
) -> None:
    text = (trained / file).read_text()
    value = yaml.safe_load(text) if file in YAML else json.loads(text)
    cases = [(place, new) for place in places(value) for new in HOSTILE]
    some = (drawn if MANY else random.Random(0)).sample(cases, min(EXAMPLES // 8, len(cases)))
    # The first is refused whatever is drawn.
    for number, (place, new) in enumerate([((), [None]), *some]):
        signal.alarm(SECONDS)
        shutil.rmtree("given", ignore_errors=True)
        shutil.copytree(trained, "given")
        changed = with_replaced(value, place, new)
        write(Path("given", file), yaml.safe_dump(changed) if file in YAML else json.dumps(changed))
        done = command(*ARGUMENTS[task])
        assert_judged(done, (file, task, place, new))
        assert done.code == 2 or number


@pytest.mark.parametrize("form", ["parquet", "npz"])
def test_class_whose_name_is_no_text_is_told(form: str, given: Path, command: Callable[..., Any]) -> None:
    facts = json.loads((given / RUN).read_text())
    facts["spec"]["targets"]["digit"]["classes"][3] = "\udcff"
    write(given / RUN, json.dumps(facts))
    done = command(*ARGUMENTS["predict"], f"task.form={form}")
    assert_judged(done, form)
    assert done.errors[0].endswith("the name of a class is not valid text; rename it")
