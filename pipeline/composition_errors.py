"""Hydra's and OmegaConf's own errors, told as one line each with the key and the nearest valid name."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from pipeline.errors import nearest, one_line


def told(error: Exception, arguments: list[str]) -> list[str] | None:
    """Returns a line for each mistake on the command line, or None if the error is none of Hydra's or OmegaConf's.

    Args:
        error: What composing or reading the config raised.
        arguments: The command line, from which unknown keys are looked for one after the other.
    """
    from hydra.errors import ConfigCompositionException, HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    if isinstance(error, YAMLError):
        return [yaml_error(error)]
    if isinstance(error, (TypeError, ValueError)) and (lines := no_choices(arguments)):
        return lines
    if not isinstance(error, (HydraException, OmegaConfBaseException)):
        return None
    # What composing raised from an error of OmegaConf's may have no text of its own.
    text = str(error) or str(error.__cause__ or "")
    ours = re.match(r"\w+ raised while resolving interpolation: (?P<told>(resume|hydra|hydra\.run\.dir|run): .*)", text)
    if ours:
        return [ours["told"]]
    if isinstance(error, ConfigCompositionException) and "Could not override" in text:
        return _unknown_keys(error, arguments)
    missing = re.search(r"[Cc]ould not find '(?P<name>[^']+)'", text)
    if missing:
        return [_unknown_choice(missing["name"], text)]
    primary = re.search(r"[Cc]annot find primary config '(?P<name>[^']+)'", text)
    if primary:
        return [f"--config-name: no config '{primary['name']}'; without the option the pipeline's own is taken"]
    if text.startswith("Error merging override") and error.__cause__ is not None:
        text = str(error.__cause__)
    full_key = re.search(r"full_key: (?P<key>\S+)", text)
    place = f"{full_key['key']}: " if full_key else ""
    return [place + _reason(text)]


def yaml_error(error: Exception) -> str:
    """Says in one line what is wrong with a file that is no YAML, or is more than plain values."""
    mark = getattr(error, "problem_mark", None)
    place = "" if mark is None else f"'{mark.name}': line {mark.line + 1}: "
    return place + one_line(getattr(error, "problem", None) or error)


def _reason(text: str) -> str:
    """Returns what Hydra says beside where it was: its first lines often only announce the reason."""
    variable = re.search(r"Environment variable '([^']+)' not found", text)
    if variable:
        return f"the environment variable {variable[1]} is not set"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reasons = [line for line in lines if not line.startswith(("full_key", "object_type", "reference_type"))]
    return " ".join(reasons[:2]) or text


def _unknown_choice(name: str, text: str) -> str:
    group, _, choice = name.rpartition("/")
    available = re.findall(r"^\t(\S+)$", text, re.MULTILINE)
    if not available:
        available = _choices(group)
    if group.startswith("experiment"):
        prefix = group.removeprefix("experiment").lstrip("/")
        wanted = f"{prefix}/{choice}" if prefix else choice
        return f"experiment: there is no '{wanted}'{nearest(wanted, _choices('experiment') or available)}"
    return f"{group or name}: there is no '{choice}'{nearest(choice, available)}"


def no_choices(arguments: list[str]) -> list[str]:
    """Tells of all groups to which something is given that is no name of a choice, such as null."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    from pipeline.folders import conf_folder

    lines = []
    for argument in (a for a in arguments if "=" in a and not a.startswith(("-", "~"))):
        with suppress(HydraException):
            override = OverridesParser.create().parse_override(argument)
            group, value = override.key_or_group, override.value()
            wrong = [v for v in (value if isinstance(value, list) else [value]) if not isinstance(v, str)]
            if wrong and not override.is_sweep_override() and (conf_folder() / group).is_dir():
                found = "null" if wrong[0] is None else wrong[0]
                lines.append(f"{group}: {found} is no choice{nearest(str(found), _choices(group))}")
    return lines


def _choices(group: str) -> list[str]:
    from pipeline.folders import conf_folder

    folder = conf_folder() / group
    return [str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.yaml")]


def _unknown_keys(error: Exception, arguments: list[str]) -> list[str]:
    """Tells of all unknown keys: each is left out in turn, and the config composed again without it."""
    left, lines = list(arguments), []
    for _ in arguments:
        key = _key_of(error)
        culprit = next((a for a in left if a.split("=")[0].lstrip("~") == key), None)
        if key is None or culprit is None:
            break
        left.remove(culprit)
        config, problem = _composed(left)
        lines.append((key, culprit))
        if problem is None:
            return [_unknown_key(k, c, config) for k, c in lines]
        error = problem
    found = _key_of(error)
    rest = [] if found is None else [f"{found}: {one_line(error)}"]
    return [*(f"{k}: no such key" for k, _ in lines), *(rest or [one_line(error)])]


def _key_of(error: Exception) -> str | None:
    found = re.search(r"Could not override '([^']+)'", str(error))
    return found[1] if found else None


def _composed(arguments: list[str]) -> tuple[Any, Exception | None]:
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from pipeline.folders import conf_folder

    overrides = [a for a in arguments if "=" in a and not a.startswith("-") and not a.startswith("hydra")]
    GlobalHydra.instance().clear()
    try:
        for override in OverridesParser.create().parse_overrides(overrides):
            if override.is_sweep_override():
                overrides.remove(override.input_line or "")
        with initialize_config_dir(str(conf_folder()), version_base="1.3"):
            return compose("config", overrides), None
    except Exception as problem:  # noqa: BLE001
        return None, problem


def _unknown_key(key: str, override: str, config: Any) -> str:
    from omegaconf import OmegaConf

    parent, _, name = key.rpartition(".")
    node = OmegaConf.select(config, parent) if parent else config
    while node is None and parent:
        parent, _, name = parent.rpartition(".")
        node = OmegaConf.select(config, parent) if parent else config
    valid = [str(k) for k in node] if OmegaConf.is_dict(node) else []
    hint = nearest(name, valid)
    if key == "experiment":
        return f"experiment: an experiment is added to the defaults; +{override} is right"
    if "did you mean" in hint:
        return f"{key}: {parent or 'the config'} has no '{name}'{hint}"
    return f"{key}: {parent or 'the config'} has no '{name}'{hint}; +{override} adds it"
