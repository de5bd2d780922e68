"""Hydra's composition of a config, with the rule for replaced components and with all mistakes reported at once."""

from __future__ import annotations

import copy
from dataclasses import is_dataclass
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.types import Override
from hydra.errors import MissingConfigException
from hydra.plugins.config_source import ConfigResult
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from pipeline.config.composition import files
from pipeline.config.composition.by_column import open_settings
from pipeline.config.composition.choices import EXPERIMENT, unknown_choice
from pipeline.config.composition.keys import Keys
from pipeline.config.composition.own_targets import make_room, without, without_replaced
from pipeline.config.composition.typed import choice_mistakes, key_mistake, sweep_mistake, value_mistake
from pipeline.errors import ConfigMistakes


class Loader(ConfigLoaderImpl):
    """Hydra's config loader, with mistakes in files and overrides found before Hydra fails on them.

    Args:
        config_search_path: Where to find the files.
    """

    def __init__(self, config_search_path: Any) -> None:
        super().__init__(config_search_path)
        self._typed: list[Override] = []
        self._mistakes: list[str] = []
        self._unchosen: set[str] = set()
        self._loaded: dict[int, ConfigResult] = {}
        self._read: dict[str, ConfigResult | None] = {}

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
            ConfigMistakes: A choice or key is unknown, or several values are given for one key; one line each.
        """
        self._mistakes = []
        arguments = (run_mode, from_shell, validate_sweep_overrides)
        try:
            config = super().load_configuration(config_name, overrides, *arguments)
        except MissingConfigException as error:
            if error.missing_cfg_file is None or error.missing_cfg_file == config_name:
                raise
            self._mistakes.append(self._missing(error))
            raise ConfigMistakes(self._mistakes) from error
        except Exception as error:
            # Hydra failed on a mistake that has already been found.
            if self._mistakes:
                raise ConfigMistakes(self._mistakes) from error
            raise
        if self._mistakes:
            raise ConfigMistakes(self._mistakes)
        return config

    def validate_sweep_overrides_legal(self, overrides: list[Override], run_mode: RunMode, from_shell: bool) -> None:  # type: ignore[override]
        """Finds overrides with several values in a command for a single run."""
        if run_mode == RunMode.MULTIRUN:
            super().validate_sweep_overrides_legal(overrides, run_mode, from_shell)
            return
        self._mistakes += [sweep_mistake(override) for override in overrides if override.is_sweep_override()]

    def _parse_overrides_and_create_caching_repo(self, config_name: str | None, overrides: list[str]) -> Any:
        """Parses overrides, and leaves out those that choose something unknown."""
        parsed, repository = super()._parse_overrides_and_create_caching_repo(config_name, overrides)
        self._typed, self._read, self._unchosen = [], repository.cache, set()
        for override in parsed:
            mistakes = choice_mistakes(override, repository)
            self._mistakes += mistakes
            self._unchosen |= {override.key_or_group} if mistakes else set()
            self._typed += [] if mistakes else [override]
        return self._typed, repository

    def _compose_config_from_defaults_list(self, defaults: list[ResultDefault], repo: Any) -> DictConfig:
        """Merges the files, then prepares for the command line, which Hydra applies next."""
        results = [self._load_single_config(default=default, repo=repo) for default in defaults]
        names = [str(default.config_path) for default in defaults]
        sources = [files.file_of(result, name) for result, name in zip(results, names, strict=True)]
        unknown = [files.unknown_keys(result.config) for result in results]
        layers = []
        for result, places in zip(results, unknown, strict=True):
            layer = result.config
            for place in places:
                layer = without(layer, place)
            layers.append(layer)
        chosen = {o.key_or_group for o in self._typed if o.package is None and repo.group_exists(o.key_or_group)}
        layers = without_replaced(list(zip(names, layers, strict=True)), chosen)
        files.remember(list(zip(sources, layers, strict=True)))
        for default, result, layer in zip(defaults, results, layers, strict=True):
            self._loaded[id(default)] = copy.copy(result)
            self._loaded[id(default)].config = layer
        try:
            config = super()._compose_config_from_defaults_list(defaults, repo)
        finally:
            self._loaded.clear()
        OmegaConf.set_struct(config, True)
        make_room(config, self._typed)
        open_settings(config, self._typed)
        keys, texts = Keys(config, repo), self._texts(results)
        self._mistakes += [
            f"{keys.unknown_of_file('.'.join(place))} (in '{source}')"
            for source, places in zip(sources, unknown, strict=True)
            for place in places
        ]
        for override in self._typed:
            if not repo.group_exists(override.key_or_group) or isinstance(override.value(), dict):
                of_unchosen = self._is_of_unchosen(override.key_or_group, config)
                line = None if of_unchosen else key_mistake(override, keys, texts)
                self._mistakes += filter(None, [line, value_mistake(override, config)])
            files.forget(override.key_or_group)
        return config

    def _is_of_unchosen(self, key: str, config: DictConfig) -> bool:
        """Whether a key may be one of a choice that was mistyped, and so only seem unknown."""
        group, _, name = key.partition(".")
        if not name or is_dataclass(OmegaConf.get_type(config, group) if group in config else None):
            return False
        return bool(self._unchosen & {EXPERIMENT, group})

    def _texts(self, results: list[ConfigResult]) -> str:
        """Returns all texts with interpolations, from files and the command line."""
        plain = [OmegaConf.to_container(result.config, resolve=False) for result in results]
        return "\n".join([*files.references(plain), *files.references([o.input_line for o in self._typed])])

    def _missing(self, error: MissingConfigException) -> str:
        """Returns the line for an unknown choice in a file."""
        name = str(error.missing_cfg_file)
        line = unknown_choice(self.repository, name)
        for key, loaded in self._read.items():
            file = files.file_of(loaded, key.partition("=")[2]) if loaded is not None else None
            chosen = [getattr(default, "value", None) for default in (loaded.defaults_list if loaded else None) or ()]
            if file is not None and any(c is not None and name.endswith(f"/{c}") for c in chosen):
                return f"{line} (in '{file}')"
        return line

    def _load_single_config(self, default: ResultDefault, repo: Any) -> ConfigResult:
        loaded = self._loaded.get(id(default))
        return loaded if loaded is not None else super()._load_single_config(default=default, repo=repo)
