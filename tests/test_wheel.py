"""Wheel and sdist hold what they should, and what is installed of them works without a clone, typed as it says."""

import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
# Without the net: nothing but the distribution itself is installed.
PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
INSTALL = [*PIP, "--no-deps", "--no-index", "--no-build-isolation", "--no-compile"]
CONSUMER = """\
import pipeline
history = pipeline.fit(object(), x=[1.0], epochs=2)
pipeline.fit(object(), x=[1.0], epochs="2")
reveal_type(pipeline.predict)
"""
TYPES = [
    'consumer.py:3: error: Argument "epochs" to "fit" has incompatible type "str"; expected "int"  [arg-type]',
    'consumer.py:4: note: Revealed type is "def (model: Any, x: Any, batch_size: int | None =, verbose: int | str =, '
    'steps: int | None =, callbacks: Any =) -> Any"',
    "Found 1 error in 1 file (checked 1 source file)",
]


@dataclass
class Built:
    """What the project is given away as.

    Attributes:
        wheel: The wheel.
        sdist: The sources.
        site: The packages of an environment that has nothing but the wheel.
        python: The interpreter of that environment.
    """

    wheel: Path
    sdist: Path
    site: Path
    python: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(folder)], REPOSITORY)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    venv.create(folder / "environment", symlinks=True)
    (site,) = folder.glob("environment/lib/*/site-packages")
    run([*INSTALL, "--target", str(site), str(wheel)], folder)
    return Built(wheel, sdist, site, folder / "environment" / "bin" / "python")


def run(command: Sequence[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(folder: Path, prefix: str) -> set[str]:
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {f"{prefix}/{path.as_posix()}" for path in found if "__pycache__" not in path.parts}


def metadata(built: Built) -> Message:
    with zipfile.ZipFile(built.wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode())


@pytest.mark.slow
def test_wheel_holds_the_package_its_config_files_and_the_licence_only(built: Built) -> None:
    expected = files(REPOSITORY / "pipeline", "pipeline") | files(REPOSITORY / "conf", "pipeline/conf")
    info = f"pipeline-{metadata(built)['Version']}.dist-info"
    expected |= {f"{info}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")}
    with zipfile.ZipFile(built.wheel) as archive:
        assert set(archive.namelist()) == expected
        assert archive.read(f"{info}/licenses/LICENSE") == (REPOSITORY / "LICENSE").read_bytes()


@pytest.mark.slow
def test_metadata_says_the_licence_and_no_python_that_tests_do_not_run_on(built: Built) -> None:
    found = metadata(built)
    assert (found["License-Expression"], found["Author"]) == ("Apache-2.0", "The pipeline authors")
    prefix = "Programming Language :: Python :: 3."
    claimed = [name.removeprefix(prefix) for name in found.get_all("Classifier", []) if name.startswith(prefix)]
    assert str(sys.version_info.minor) in claimed
    assert found["Requires-Python"] == f"<3.{int(claimed[-1]) + 1},>=3.{claimed[0]}"


@pytest.mark.slow
def test_sdist_installs_what_the_wheel_does(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml", "conf/config.yaml", ".docs/differences.md"} <= names
    assert not {name for name in names if "__pycache__" in name or name.startswith(("outputs", ".git/"))}
    run(
        [*INSTALL, "--no-build-isolation", "--no-compile", "--target", str(tmp_path / "site"), str(built.sdist)],
        tmp_path,
    )
    assert files(tmp_path / "site" / "pipeline", "") == files(built.site / "pipeline", "")


@pytest.mark.slow
def test_types_of_what_is_installed_count_for_those_who_use_it(built: Built, tmp_path: Path) -> None:
    (tmp_path / "consumer.py").write_text(CONSUMER)
    # No package that ours imports is in the environment, so that nothing but ours is read.
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "/dev/null", "--python-executable"]
    done = subprocess.run(
        [*command, str(built.python), "consumer.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == TYPES, done.stderr


@pytest.mark.slow
def test_wheel_works_without_a_clone_with_config_files_of_a_user(built: Built, tmp_path: Path) -> None:
    (tmp_path / "my_conf" / "experiment").mkdir(parents=True)
    (tmp_path / "my_conf" / "experiment" / "mine.yaml").write_text("# @package _global_\nmodel: {units: 7}\n")
    code = (
        f"import sys; sys.path.insert(0, {str(built.site)!r});"
        "sys.argv = ['pipeline', '--config-dir', 'my_conf', '+experiment=mine', 'data=mnist', '--cfg', 'job'];"
        f"import pipeline, pipeline.cli; assert pipeline.__file__.startswith({str(built.site)!r});"
        "sys.exit(pipeline.cli.main())"
    )
    out = run([sys.executable, "-c", code], tmp_path)
    assert "units: 7" in out
    assert "pipeline.data.sources.mnist.Mnist" in out
