"""Where the parts of a config write and send: into the run folder, or where the user rather than a file says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.security import databases, keras_arguments, own_arguments, trust
from pipeline.security.judgements import Argument, Kind, is_remote
from pipeline.security.path_templates import TEMPLATES, template_mistakes, within

VARIABLE = re.compile(r"\$\{oc\.env:\w+\}")


def destination_mistakes(resolved: Any, written: Any, run_folder: Path) -> list[str]:
    """Returns one line per place outside the run folder to which a config file would write or send.

    Args:
        resolved: The config that will be used, as plain dicts, lists and values.
        written: The same with its interpolations as they are written.
        run_folder: The run folder.
    """
    parts = [*_parts("", resolved), *own_arguments.sources_of_sets(resolved)]
    data = resolved.get("data")
    url = data.get("url") if isinstance(data, Mapping) else None
    found = [line for part in parts for line in _mistakes(*part, written, run_folder)]
    return [*found, *databases.query_mistakes(parts, url)]


def addresses(resolved: Any) -> set[str]:
    """Returns the places of a config that may hold an address to send to."""
    return {
        f"{key}.{name}"
        for key, node in _parts("", resolved)
        for name in node
        if _kind(str(node["_target_"]), name) is Kind.ADDRESS
    }


def _mistakes(key: str, node: Mapping[str, Any], written: Any, run_folder: Path) -> Iterator[str]:
    target = trust.as_keras(str(node["_target_"]))
    yield from keras_arguments.argument_mistakes(key, node)
    yield from own_arguments.argument_mistakes(key, node)
    for name in node:
        if not trust.typed(f"{key}.{name}"):
            yield from _argument_mistakes(f"{key}.{name}", node[name], target, name, written, run_folder)
    downloads = target == "pipeline.data.sources.tfds.Tfds" and node.get("download") and node.get("data_dir")
    if downloads and not trust.typed(f"{key}.data_dir"):
        yield f"{key}.data_dir: a config file says where to download to; give a folder on the command line instead"


def _argument_mistakes(place: str, value: Any, target: str, name: str, written: Any, run_folder: Path) -> Iterator[str]:
    kind = _kind(target, name)
    if kind is Kind.WRITES and value is not None and not _inside(value, run_folder, Path()):
        yield (
            f"{place}: '{value}' is outside of the run folder; use a path in ${{hydra:runtime.output_dir}}, "
            "or give this one on the command line"
        )
    if (target, name) in TEMPLATES and isinstance(value, str):
        yield from (f"{place}: {line}" for line in template_mistakes(within(value, run_folder)))
    if kind is Kind.RUN_FILES and not all(_inside(file, run_folder, run_folder) for file in value or ()):
        yield f"{place}: {value} are not all in the run folder; use paths within it"
    if kind is Kind.ADDRESS and value and not (_may_send(target, value) or _of_environment(_at(written, place))):
        yield (
            f"{place}: a config file says whom to send to; give an address on the command line, or use an "
            "environment variable such as ${oc.env:NOTIFY_URL}"
        )


def _kind(target: str, name: str) -> Kind | None:
    target = trust.as_keras(target)
    judged: Argument | None = own_arguments.judgement(target, name) or keras_arguments.judgement(target, name)
    return None if judged is None else judged.kind


def _inside(path: Any, run_folder: Path, base: Path) -> bool:
    """Whether a path is inside the run folder. The path may have any form; `gs://a/../b` is not on this disk."""
    if not isinstance(path, str | Path) or is_remote(path):
        return False
    return (base / Path(path).expanduser()).resolve().is_relative_to(run_folder.resolve())


def _may_send(target: str, address: Any) -> bool:
    """Whether the user allows config files to send there. Some database addresses are local files."""
    if trust.is_within(target, databases.SOURCE):
        return databases.may_connect(address)
    is_network = isinstance(address, list) or str(address).startswith(("http://", "https://"))
    return is_network and "network" in trust.current().words


def _of_environment(written: Any) -> bool:
    """Whether addresses are nothing but environment variables, to which a file cannot add anything."""
    addresses = written if isinstance(written, list) else [written]
    return all(isinstance(address, str) and VARIABLE.fullmatch(address) for address in addresses)


def _at(written: Any, place: str) -> Any:
    """Returns the contents of a place in a config; None if an interpolation is in the way."""
    for name in re.split(r"[.\[\]]+", place.rstrip("]")):
        if isinstance(written, list) and name.isdigit():
            written = written[int(name)]
        elif isinstance(written, Mapping):
            written = written.get(name)
        else:
            return None
    return written


def _parts(key: str, node: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(node, Mapping):
        if "_target_" in node:
            yield key, node
        for name, item in node.items():
            yield from _parts(f"{key}.{name}" if key else str(name), item)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from _parts(f"{key}[{index}]", item)
