"""Files that may be a stranger's are read whole or not at all: what kind of file, how large, how deep, which values."""

import json
import os
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from omegaconf import OmegaConf
from omegaconf._utils import get_yaml_loader
from omegaconf.errors import InterpolationResolutionError

from pipeline.config.conf_folder import conf_folder
from pipeline.errors import ConfigError
from pipeline.security.interpolations import limited_interpolations
from pipeline.security.numpy_archives import read_arrays
from pipeline.security.plain_yaml import parse_yaml
from pipeline.security.reading import ABSENT, MOST_BYTES_OF_YAML, read_json, read_yaml


def refused(text: str) -> str:
    """Returns why a text is refused, which takes no time."""
    start = time.perf_counter()
    with pytest.raises(ConfigError) as error:
        parse_yaml(text, "given.yaml")
    assert time.perf_counter() - start < 5
    (line,) = str(error.value).splitlines()
    assert line.startswith("'given.yaml': ")
    return line


def bomb(levels: int) -> str:
    """Returns lists each of which is the one before ten times."""
    lists = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels + 1)]
    return "\n".join(["a0: &a0 [x]", *lists])


DEEP = "is nested deeper than 100 levels"
MANY = "says more than 100,000 values"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 100_000, DEEP),
        ("{a: " * 100_000, DEEP),
        ("- " * 1000 + "x", DEEP),
        ("a0: &a0 []\n" + "\n".join(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200)), DEEP),
        (bomb(10), MANY),
        ("[" + "a," * 200_000 + "]", MANY),
        ("a: &a {b: *a}", "line 1: the alias 'a' is in what it stands for"),
        ("&a [&b [*a]]", "the alias 'a' is in what it stands for"),
        ("a: *b", "undefined alias"),
        ("x: 1\ny: !!python/name:os.system", "line 2: could not determine a constructor for the tag"),
        ("!!binary aGFsbG8=", "could not determine a constructor for the tag 'tag:yaml.org,2002:binary'"),
        ("!!timestamp 2024-01-01", "could not determine a constructor"),
        ("!!int x", "a value is not what its tag says"),
        ("!!bool x", "a value is not what its tag says"),
        (f"a: {2**64}", "line 1: a whole number has more than 64 bits"),
        (f"a: 0x{'f' * 5000}", "more than 64 bits"),
        ("a: " + "1:" * 5000 + "1", "more than 64 bits"),
        ("a: " + "9" * 5000 + ".5", "a number has too many digits"),
        ("a: 1\nb: 2\na: 3", "line 3: found duplicate key 'a'"),
        ("? [a]\n: 1", "unhashable key"),
        ("--- a\n--- b", "another document"),
        ("a: [1", "line 2: "),
        ("a: \x1b", "unacceptable character"),
        ("a: '" + "${b}" * 1000 + "'", "an interpolation is too long"),
        ("a: '${" + "[" * 60 + "'", "an interpolation is too long"),
    ],
)
def test_yaml_of_more_than_plain_values_is_refused(text: str, reason: str) -> None:
    assert reason in refused(text)


def test_size_of_yaml_is_that_of_its_copies() -> None:
    assert len(parse_yaml(bomb(3), "x")["a3"]) == 10
    assert MANY in refused(bomb(5))
    parse_yaml("[" * 99 + "]" * 99, "x")
    assert DEEP in refused("[" * 102 + "]" * 102)


def test_yaml_is_read_as_hydra_reads_it() -> None:
    text = "a: 1e-3\nb: 2024-01-01\nc: .5\nd: [~, yes, 0x1f, 1_000, .inf]\ne: {<<: {f: 1}, 2: 3.5}\ng: '1'\n"
    files = [path.read_text() for path in conf_folder().rglob("*.yaml")]
    assert len(files) > 50
    for one in [text, *files]:
        assert parse_yaml(one, "x") == yaml.load(one, Loader=get_yaml_loader())


def test_parser_without_the_c_library_decides_the_same() -> None:
    code = (
        "import yaml; del yaml.CSafeLoader\n"
        "from pipeline.security.plain_yaml import parse_yaml\n"
        "assert parse_yaml('a: 1e-3', 'x') == {'a': 0.001}\n"
        f"for text in ('[' * 100_000, {bomb(10)!r}, 'a: &a [*a]', '!!python/name:os.x y'):\n"
        "    try: print(parse_yaml(text, 'x'))\n"
        "    except Exception as error: assert type(error).__name__ == 'ConfigError', error"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Expecting value"),
        (b'{"a": ', "Expecting value"),
        (b"\xff\xfe", "byte 0 is no UTF-8 text"),
        (b"[NaN]", "NaN is not a JSON number"),
        (b"[-Infinity]", "-Infinity is not a JSON number"),
        (b"[1e400]", "a number is too large"),
        (b"[-1" + b"0" * 30 + b"]", "a whole number has 32 digits"),
        (b"[" + b"9" * 5000 + b"]", "a whole number has 5000 digits"),
        (b"[" * 100_000, "nested deeper than 100 levels"),
        (b"[" * 102 + b"]" * 102, "nested deeper than 100 levels"),
        (b"[" + b"[]," * 3_000_000 + b"[]]", "it says more than 5,000,000 values"),
    ],
)
def test_json_that_is_none_or_says_too_much_is_refused(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "given.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        read_json(path, "run")
    assert str(error.value).startswith(f"run: '{path}' cannot be read: ")
    assert reason in str(error.value)


def test_json_of_plain_values_is_read(tmp_path: Path) -> None:
    value = {"a": [1, -2.5, None, True, "ü\x1b"], "b": {"c": 2**63, "[" * 500: []}}
    (tmp_path / "given.json").write_text(json.dumps(value))
    assert read_json(tmp_path / "given.json", "run") == value
    (tmp_path / "deep.json").write_text("[" * 100 + "]" * 100)
    read_json(tmp_path / "deep.json", "run")


@pytest.mark.parametrize("kind", ["a folder", "a pipe", "a link", "a large file", "no permission"])
def test_what_is_no_regular_file_is_refused_and_not_waited_for(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "given.yaml"
    match kind:
        case "a folder":
            path.mkdir()
        case "a pipe":
            os.mkfifo(path)
        case "a link":
            (tmp_path / "other.yaml").write_text("a: 1")
            path.symlink_to("other.yaml")
        case "a large file":
            with path.open("wb") as file:
                file.truncate(MOST_BYTES_OF_YAML + 1)
        case _:
            path.write_text("a: 1")
            path.chmod(0)
            if os.access(path, os.R_OK):
                pytest.skip("this user may read everything")
    with pytest.raises(ConfigError) as error:
        read_yaml(path, "resume")
    reasons = {
        "a folder": "is not a regular file",
        "a pipe": "is not a regular file",
        "a link": "is a symbolic link",
        "a large file": "has 10,000,001 bytes; expected at most 10,000,000",
        "no permission": "cannot be read: Permission denied",
    }
    assert str(error.value).startswith(f"resume: '{path}' {reasons[kind]}")


def test_file_that_is_not_there_is_for_the_caller_to_tell(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "none.json", tmp_path / "file" / "none.json"):
        with pytest.raises(ABSENT):
            read_json(path, "run")


def npy(shape: str, dtype: str = "'<f4'", size: int = 64) -> bytes:
    """Returns a .npy file whose header says what it likes."""
    header = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(size)


ARRAYS = {
    "more rows than bytes": (npy("(10, 10)"), "has 64 bytes, and others by its shape"),
    "fewer rows than bytes": (npy("(2,)"), "has 64 bytes, and others by its shape"),
    "10**12 rows": (npy("(1000000000000, 10)"), "and others by its shape"),
    "10**30 rows": (npy(f"({10**30},)"), "and others by its shape"),
    "less than nothing": (npy("(-4, -4)"), "is no table of numbers"),
    "three dimensions": (npy("(4, 2, 2)"), "is no table of numbers"),
    "no dimension": (npy("()", size=4), "is no table of numbers"),
    "objects": (npy("(8,)", "'|O'"), "is no table of numbers"),
    "texts": (npy("(4,)", "'<U4'"), "is no table of numbers"),
    "fields": (npy("(4,)", "[('a', '<f4')]"), "is no table of numbers"),
    "no header": (b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65535, "cannot be read"),
    "a header of gigabytes": (b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b"(" * 65535, "is no plain array"),
    "no array": (b"hello", "cannot be read"),
    "many numbers": (npy("(20000001,)", "'|b1'", 20_000_001), "has 20,000,001 numbers; expected at most 20,000,000"),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_array_is_what_its_header_says(name: str, tmp_path: Path) -> None:
    content, reason = ARRAYS[name]
    path = tmp_path / "given.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("\x1b.npy", content)
    with pytest.raises(ConfigError, match="cannot be read") as error:
        read_arrays(path, "run")
    assert reason in str(error.value)
    assert "\x1b" not in str(error.value)


def test_archive_of_numbers_is_read(tmp_path: Path) -> None:
    given = {"a": np.eye(3, dtype="float16"), "b": np.arange(4, dtype="uint8"), "c": np.zeros((0, 2), bool)}
    np.savez_compressed(tmp_path / "given.npz", allow_pickle=False, **given)
    found = read_arrays(tmp_path / "given.npz", "run")
    assert list(found) == ["a", "b", "c"]
    for name, array in given.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_archive_is_not_unpacked_to_gigabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.security.numpy_archives.MOST_BYTES", 2**20)
    path = tmp_path / "given.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"{number}.npy", npy(f"(1, {2**16})", size=2**18))
    assert path.stat().st_size < 2**14
    with pytest.raises(ConfigError, match=r"its arrays have 1,311,\d{3} bytes; expected at most 1,048,576"):
        read_arrays(path, "run")


def test_archive_that_lists_a_million_arrays_is_refused_before_the_list_is_read(tmp_path: Path) -> None:
    path = tmp_path / "given.npz"
    listed = 46_000_000
    with path.open("wb") as file:
        file.truncate(listed)
        file.seek(0, os.SEEK_END)
        file.write(struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, listed, 0, 0))
    with pytest.raises(ConfigError, match="it has too many arrays"):
        read_arrays(path, "run")
    with zipfile.ZipFile(tmp_path / "other.npz", "w") as archive:
        archive.comment = b"x"
    with pytest.raises(ConfigError, match="it is no archive of NumPy"):
        read_arrays(tmp_path / "other.npz", "run")


CONFIGS: dict[str, Callable[[int], Any]] = {
    "texts": lambda n: f"${{a{n - 1}}}" * 10,
    "lists": lambda n: [f"${{a{n - 1}}}"] * 10,
    "mappings": lambda n: {str(number): f"${{a{n - 1}}}" for number in range(10)},
    "lists in texts": lambda n: f"${{oc.create:[{', '.join([f'${{a{n - 1}}}'] * 10)}]}}",
}


@pytest.mark.parametrize("kind", CONFIGS)
def test_interpolations_stand_for_as_many_values_as_there_is_room_for(kind: str) -> None:
    config = OmegaConf.create({"a0": "x" * 10, **{f"a{n}": CONFIGS[kind](n) for n in range(1, 11)}})
    with limited_interpolations(), pytest.raises(InterpolationResolutionError, match="stand for more than 100,000"):
        OmegaConf.to_container(config, resolve=True)


def test_large_part_of_a_config_is_not_copied_a_thousand_times() -> None:
    large: dict[str, object] = {f"k{number}": number for number in range(10_000)}
    config = OmegaConf.create({"large": large, **{f"a{n}": "${large}" for n in range(1000)}})
    with limited_interpolations(), pytest.raises(InterpolationResolutionError, match="stand for more than 100,000"):
        OmegaConf.to_container(config, resolve=True)


def test_interpolations_as_people_write_them_are_far_from_any_limit() -> None:
    config = OmegaConf.create({"a": list(range(100)), **{f"b{n}": ["${a}", "x ${a.1} y"] for n in range(50)}})
    with limited_interpolations():
        for _ in range(5):
            OmegaConf.to_container(config, resolve=True)
