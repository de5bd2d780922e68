"""What config files may set for Hydra itself: nothing that runs code or decides where to write, unless it is ours.

Hydra calls what its own part of a config names (callbacks, launchers, log handlers) and sets environment variables
before any task of ours begins. That is why this is checked as soon as a config is composed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from hydra._internal import hydra as hydra_main
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from pipeline.config.composition.ignored_keys import ignored_mistakes
from pipeline.config.composition.loader import Loader
from pipeline.config.conf_folder import conf_folder
from pipeline.errors import ConfigError, ConfigMistakes, one_line
from pipeline.security.config_files import CheckedRepository
from pipeline.security.sweep_size import refuse_huge_sweep
from pipeline.security.trust import Trust
from pipeline.security.typed_secrets import refuse_secrets

INERT = (
    "overrides",
    "runtime",
    "searchpath",
    "sweeper.params",
    "job.id",
    "job.num",
    "job.override_dirname",
    "job.config_name",
)
"""Keys of `hydra` that Hydra fills in itself, and the values of a sweep, which are checked separately."""

THE_USERS = ("run", "runs", "resume")
"""Keys that choose the run to work on, which no file may set."""

OURS = {"hydra": "pkg://hydra.conf", "main": str(conf_folder()), "schema": "structured://"}
"""The locations of our own config files, by Hydra's names for them."""


@contextmanager
def checked_composition(trust: Trust) -> Iterator[None]:
    """Inside the context, Hydra refuses config files that set what they must not.

    Args:
        trust: What the user vouches for. With `hydra` among its names, files may set anything.
    """
    # Hydra has no hook between composing a config and acting on it.
    before = hydra_main.ConfigLoaderImpl
    hydra_main.ConfigLoaderImpl = partial(CheckedLoader, trust=trust)  # type: ignore[misc,assignment]
    try:
        yield
    finally:
        hydra_main.ConfigLoaderImpl = before  # type: ignore[misc]


class CheckedLoader(Loader):
    """Hydra's config loader, which checks each composed config.

    Args:
        config_search_path: The locations of the files.
        trust: What the user vouches for. With `hydra` among its names, files may set anything for Hydra.
    """

    def __init__(self, config_search_path: Any, trust: Trust) -> None:
        super().__init__(config_search_path)
        self._trust, self._trusted = trust, trust.covers("hydra")
        self._mistake: ConfigError | None = None
        self._refuses_mode = self._has_mode = False
        if not self._trusted:
            self.repository = CheckedRepository(config_search_path)

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        """Composes a config.

        Raises:
            ConfigError: A config file that is not ours sets what Hydra runs, where it writes, or which run to work on;
                a value is a secret; a sweep is too large.
        """
        # Hydra first asks only for the mode, and ignores an error then.
        if not validate_sweep_overrides and self._leaves_mode_to_options(overrides):
            self._refuses_mode = not self._trusted
            return OmegaConf.create({"hydra": {"mode": None}})
        if self._mistake is not None:
            raise self._mistake
        try:
            return self._checked(config_name, overrides, (run_mode, from_shell, validate_sweep_overrides))
        except ConfigError as error:
            self._mistake = error
            raise

    def _leaves_mode_to_options(self, overrides: list[str]) -> bool:
        """Whether nothing may set `hydra.mode`, so that no config is composed to tell.

        No file of ours sets it, and a file of others that does is refused when the config of the run is composed.
        """
        places = {str(place.path) for place in self.config_search_path.get_path()}
        is_of_ours = not self._trusted or places <= set(OURS.values())
        return is_of_ours and not any("hydra" in override for override in overrides)

    def _checked(self, config_name: str | None, overrides: list[str], arguments: tuple[Any, ...]) -> DictConfig:
        run_mode = arguments[0]
        if not self._trusted and not self._is_ours(config_name):
            raise ConfigError(
                f"--config-name: '{config_name}' is not a config of pipeline and could say what Hydra runs; "
                "--config-dir adds your own files, and trust=[hydra] on the command line trusts any"
            )
        if run_mode == RunMode.MULTIRUN:
            refuse_huge_sweep(overrides)
        config = self._composed(config_name, overrides, arguments)
        refuse_secrets(_without_hydra(config))
        self._refuse_runs(config)
        task = OmegaConf.select(config, "task", throw_on_missing=False)
        # The task of a sweep may differ between jobs.
        if run_mode == RunMode.RUN and (ignored := ignored_mistakes(_as_plain(task), self._trust.keys)):
            raise ConfigMistakes(ignored)
        if not self._trusted and self._has_other_files(config):
            plain: Any = OmegaConf.to_container(config.hydra, resolve=False)
            params = (plain["sweeper"] or {}).get("params") or {}
            key = "mode" if self._refuses_mode and self._has_mode else None
            key = key or _set_by_others(config, overrides, arguments) or _not_of_a_sweep(params)
            if key is not None:
                raise ConfigError(
                    f"hydra.{key}: a config file sets it, by which it could run code, write anywhere or start a sweep; "
                    "if you trust the file, trust=[hydra] on the command line"
                )
            if run_mode == RunMode.MULTIRUN:
                refuse_huge_sweep([*(f"{key}={value}" for key, value in params.items()), *overrides])
        return config

    def _compose_config_from_defaults_list(self, defaults: list[ResultDefault], repo: Any) -> DictConfig:
        """Merges what files say, and looks whether they set `hydra.mode`, which Hydra sets next by its options."""
        config = super()._compose_config_from_defaults_list(defaults, repo)
        node = config.hydra
        unknown = OmegaConf.is_interpolation(node, "mode") or OmegaConf.is_missing(node, "mode")
        self._has_mode = unknown or node.mode is not None
        return config

    def _composed(self, config_name: str | None, overrides: list[str], arguments: tuple[Any, ...]) -> DictConfig:
        """Composes a config. Hydra fails in many ways on files that are not its configs."""
        try:
            return super().load_configuration(config_name, overrides, *arguments)
        except (AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            places = {str(place.path) for place in self.config_search_path.get_path()}
            if places <= set(OURS.values()) or isinstance(error, HydraException | OmegaConfBaseException):
                raise
            raise ConfigError(
                f"--config-dir: its files make no config: {type(error).__name__}: {one_line(error)}"
            ) from error

    def _refuse_runs(self, config: DictConfig) -> None:
        written: Any = OmegaConf.to_container(config, resolve=False)
        for key in THE_USERS:
            if written.get(key) is not None and key not in self._trust.keys:
                raise ConfigError(
                    f"{key}: a config file chooses the run to work on; give {key}=… on the command line instead"
                )

    def _is_ours(self, config_name: str | None) -> bool:
        places = self.config_search_path.get_path()
        return config_name == "config" and any(p.provider == "main" and p.path == OURS["main"] for p in places)

    def _has_other_files(self, config: DictConfig) -> bool:
        places = {str(place.path) for place in self.config_search_path.get_path()}
        return not {*places, *config.hydra.searchpath} <= set(OURS.values())


def _set_by_others(config: DictConfig, overrides: list[str], arguments: tuple[Any, ...]) -> str | None:
    """Returns the first key of `hydra` that differs from what our files and the command line set."""
    try:
        ours = _set_by_ours(tuple(_of_ours(overrides)), *arguments)
    except HydraException:
        # It chooses something for Hydra that our files do not contain.
        return "defaults"
    return _difference(ours, _plain(config))


@lru_cache(maxsize=16)
def _set_by_ours(overrides: tuple[str, ...], *arguments: Any) -> dict[str, Any]:
    """Returns what our files set for Hydra, computed once for the jobs of a sweep."""
    places = ConfigSearchPathImpl()
    for provider, place in OURS.items():
        places.append(provider, place)
    return _plain(ConfigLoaderImpl(places).load_configuration("config", list(overrides), *arguments))


def _of_ours(overrides: list[str]) -> list[str]:
    """Returns the overrides that concern Hydra, and choices of groups whose files are ours."""
    parsed = OverridesParser.create().parse_overrides(overrides)
    return [override.input_line or "" for override in parsed if _is_of_ours(override)]


def _is_of_ours(override: Override) -> bool:
    key = override.key_or_group
    if key.split("/")[0].split(".")[0] == "hydra":
        return True
    if not (conf_folder() / key).is_dir() or override.is_sweep_override() or override.package is not None:
        return False
    value = override.value()
    choices = value if isinstance(value, list) else [value]
    return all(Path(conf_folder() / key / f"{choice}.yaml").is_file() for choice in choices)


def _plain(config: DictConfig) -> dict[str, Any]:
    plain: Any = OmegaConf.to_container(config.hydra, resolve=False)
    for key in INERT:
        parent, _, name = key.rpartition(".")
        ((plain.get(parent) or {}) if parent else plain).pop(name, None)
    return dict(plain)


def _difference(ours: Any, composed: Any, key: str = "") -> str | None:
    """Returns the first key at which two configs differ; None if they are equal."""
    if ours == composed:
        return None
    if not isinstance(ours, dict) or not isinstance(composed, dict):
        return key
    for name in [*composed, *ours]:
        place = f"{key}.{name}" if key else str(name)
        if (name in ours) != (name in composed):
            return place
        found = _difference(ours[name], composed[name], place)
        if found is not None:
            return found
    return key


def _not_of_a_sweep(params: Mapping[str, Any]) -> str | None:
    """Returns the key of a sweep's values that concerns Hydra or trust, or that Hydra would resolve."""
    for key, value in params.items():
        if "hydra" in str(key) or "trust" in str(key) or "${" in f"{key}{value}":
            return f"sweeper.params.{key}"
    return None


def _without_hydra(config: DictConfig) -> Any:
    plain: Any = OmegaConf.to_container(config, resolve=False)
    return {name: value for name, value in plain.items() if name != "hydra"}


def _as_plain(node: Any) -> Any:
    return OmegaConf.to_container(node, resolve=False) if OmegaConf.is_config(node) else node
