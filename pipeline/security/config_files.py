"""Hydra's config files: checked before they are loaded, and only loaded from their own folder."""

from __future__ import annotations

import os
from pathlib import Path

from hydra._internal.config_repository import ConfigRepository
from hydra.core.object_type import ObjectType
from hydra.plugins.config_source import ConfigResult

from pipeline.errors import ConfigError
from pipeline.security.plain_yaml import parse_yaml
from pipeline.security.reading import MOST_BYTES_OF_YAML, read_text


class CheckedRepository(ConfigRepository):
    """Hydra's access to config files, which refuses those that would load forever or are outside of the folder."""

    def load_config(self, config_path: str) -> ConfigResult | None:
        """Loads a file.

        Raises:
            ConfigError: The file is outside of its folder, or its contents must not be loaded.
        """
        source = self._find_object_source(config_path, ObjectType.CONFIG)
        if source is not None and source.scheme() == "file":
            folder = Path(os.path.realpath(source.path))
            # Hydra builds the path of the file the same way.
            file = Path(os.path.realpath(folder / source._normalize_file_name(config_path)))
            if not file.is_relative_to(folder):
                raise ConfigError(
                    f"'{config_path}' is outside of the folder of config files '{source.path}'; use a file in it, or "
                    "trust=[hydra] on the command line"
                )
            parse_yaml(read_text(file, "--config-dir", MOST_BYTES_OF_YAML), str(file))
        return super().load_config(config_path)
